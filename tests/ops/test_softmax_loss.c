/* test_softmax_loss.c - softmax, cross-entropy, its gradient and the counts, against the
 * reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/softmax_loss.h"

#include <math.h>

#include "ref/softmax_loss.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"

#define ENTRY 2
#define FIRST_IMAGE 4

static fg_kernels kernels;
static fg_softmax_loss_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_softmax_loss_prepare(&op, &kernels));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

/* One run over logits [classes][pitch]. */
typedef struct loss_case {
    int classes, images, pitch;
    float *logits;
    int *labels;
    const struct fg_result *results;
    const float *gradient;
} loss_case;

static void create(loss_case *out, int classes, int images, float size)
{
    *out = (loss_case){.classes = classes, .images = images, .pitch = images + 17};
    out->logits = fg_arrays_floats((size_t)(classes * out->pitch));
    out->labels = (int *)fg_arrays_floats((size_t)images);
    for (int k = 0; k < classes; ++k)
        fg_arrays_fill_random(out->logits + k * out->pitch, (size_t)images, -size, size);
    for (int n = 0; n < images; ++n)
        out->labels[n] = (int)fg_arrays_next(0.0, classes);
}

static void run(loss_case *c)
{
    const size_t floats = (size_t)(c->classes * c->pitch);
    const fg_features map = {fg_arrays_buffer(c->logits, floats * sizeof(float)),
                             fg_arrays_scratch(floats),
                             1,
                             1,
                             c->pitch,
                             -1};
    const fg_output logits = {&map, 0, c->classes};
    const size_t entries = (size_t)(FIRST_IMAGE + c->images + 1);
    const fg_buffer *results = fg_arrays_scratch(entries * 4);

    FG_EXPECT_OK(fg_softmax_loss_forward(
        &op, &logits, fg_arrays_buffer(c->labels, (size_t)c->images * sizeof *c->labels),
        results, ENTRY, FIRST_IMAGE, c->images));
    c->results = fg_arrays_read(results);
    c->gradient = fg_arrays_read(map.gradients);
    fg_compare_poisoned("entries before", &c->results[0].loss, ENTRY * 4);
    fg_compare_poisoned("entries between", &c->results[ENTRY + 1].loss, 4);
    fg_compare_poisoned("entries behind", &c->results[entries - 1].loss, 4);
}

/* loss_scale: the size of the logits, whose rounding is the loss's. */
static void check(const loss_case *c, double loss_scale)
{
    const int classes = c->classes, images = c->images;
    const double *logits =
        fg_arrays_packed(c->logits, (size_t)classes, (size_t)images, (size_t)c->pitch);
    double *loss = fg_arrays_doubles((size_t)images), mean = 0.0;
    double *grad = fg_arrays_doubles((size_t)(classes * images));
    int correct = 0, correct_top = 0;

    fg_ref_softmax_loss_forward(loss, logits, c->labels, classes, images);
    fg_ref_softmax_loss_backward(grad, logits, c->labels, classes, images);
    for (int n = 0; n < images; ++n) {
        const struct fg_result r = c->results[FIRST_IMAGE + n];
        const int rank = fg_ref_softmax_loss_rank(logits, c->labels[n], n, classes, images);
        /* exp and log of OpenCL C are within 3 units; a sum of exponentials has one more per
         * class, and most are independent. */
        fg_compare_rounded("loss", &r.loss, &loss[n], 1, 8.0 + 2.0 * sqrt(classes), loss_scale);
        ck_assert_int_eq(r.images, 1);
        ck_assert_int_eq(r.correct, rank == 0);
        ck_assert_int_eq(r.correct_top, rank < 5 && rank < classes);
        mean += loss[n] / images;
        correct += r.correct;
        correct_top += r.correct_top;
    }
    for (int k = 0; k < classes; ++k) {
        fg_compare_rounded("gradient", c->gradient + k * c->pitch, grad + k * images,
                           (size_t)images, 12.0 + 2.0 * sqrt(classes) + 2.0 * loss_scale,
                           1.0 / images);
        fg_compare_poisoned("slack", c->gradient + k * c->pitch + images,
                            (size_t)(c->pitch - images));
    }
    const struct fg_result step = c->results[ENTRY];
    fg_compare_rounded("mean loss", &step.loss, &mean, 1, 16.0 + 2.0 * sqrt(images),
                       loss_scale);
    ck_assert_int_eq(step.images, images);
    ck_assert_int_eq(step.correct, correct);
    ck_assert_int_eq(step.correct_top, correct_top);
}

START_TEST(loss_gradient_and_counts_are_the_reference)
{
    static const int classes[] = {2, 3, 10, 100}, batches[] = {1, 7, 65};
    loss_case c;
    create(&c, classes[_i % 4], batches[_i / 4], 3.0f);
    run(&c);
    check(&c, 3.0);
}
END_TEST

START_TEST(large_logits_do_not_overflow)
{
    loss_case c;
    create(&c, 10, 7, 1000.0f);
    run(&c);
    check(&c, 1000.0);
}
END_TEST

START_TEST(of_equal_scores_the_lower_class_wins)
{
    loss_case c;
    create(&c, 7, 7, 1.0f);
    for (int k = 0; k < 7; ++k)
        for (int n = 0; n < 7; ++n) {
            c.logits[k * c.pitch + n] = 0.5f;
            c.labels[n] = n;
        }
    run(&c);
    for (int n = 0; n < 7; ++n) {
        ck_assert_int_eq(c.results[FIRST_IMAGE + n].correct, n == 0);
        ck_assert_int_eq(c.results[FIRST_IMAGE + n].correct_top, n < 5);
    }
}
END_TEST

START_TEST(scores_that_are_not_numbers_are_not_right)
{
    loss_case c;
    create(&c, 3, 1, 1.0f);
    c.logits[0] = NAN;
    c.labels[0] = 0;
    run(&c);
    ck_assert(isnan(c.results[ENTRY].loss));
    ck_assert_int_eq(c.results[ENTRY].correct, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/softmax_loss");
    TCase *tests = tcase_create("softmax_loss");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, loss_gradient_and_counts_are_the_reference, 0, 12);
    tcase_add_test(tests, large_logits_do_not_overflow);
    tcase_add_test(tests, of_equal_scores_the_lower_class_wins);
    tcase_add_test(tests, scores_that_are_not_numbers_are_not_right);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
