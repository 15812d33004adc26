/* test_sgd.c - descent with momentum and weight decay, against the reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/sgd.h"

#include "ref/sgd.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"

static fg_kernels kernels;
static fg_sgd_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_sgd_prepare(&op, &kernels));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

#define FIRST 32          /* of a slice, in the parameters and in the momentum */
#define FIRST_GRADIENT 16 /* ... in the gradients */
#define BEHIND 19         /* elements that belong to others */

static fg_buffer *upload(const float *values, size_t count)
{
    return fg_arrays_buffer(values, count * sizeof *values);
}

/* The slice is as expected after some steps, and around it nothing has changed. */
static void compare(const char *what, const fg_buffer *buffer, const float *before,
                    const double *expected, size_t count)
{
    const float *got = fg_arrays_read(buffer);

    fg_compare_bits(what, got, before, FIRST);
    /* Four roundings a step, of numbers that stay below 5. */
    fg_compare_rounded(what, got + FIRST, expected, count, 12.0, 5.0);
    fg_compare_bits(what, got + FIRST + count, before + FIRST + count, BEHIND);
}

/* Three steps, by which an error would have grown. */
static void check(size_t count, const fg_sgd *sgd)
{
    const fg_ref_sgd ref = {(double)sgd->rate, (double)sgd->momentum, (double)sgd->weight_decay,
                            sgd->nesterov != 0};
    const size_t all = FIRST + count + BEHIND, all_gradients = FIRST_GRADIENT + count;
    float *p = fg_arrays_random(all, -1.0f, 1.0f), *m = fg_arrays_random(all, -1.0f, 1.0f);
    float *g = fg_arrays_random(all_gradients, -1.0f, 1.0f);
    double *expected_p = fg_arrays_widened(p + FIRST, count);
    double *expected_m = fg_arrays_widened(m + FIRST, count);
    const double *gradients = fg_arrays_widened(g + FIRST_GRADIENT, count);
    const fg_buffer *parameters = upload(p, all), *momentum = upload(m, all);
    const fg_buffer *buffer = upload(g, all_gradients);

    for (int step = 0; step < 3; ++step) {
        FG_EXPECT_OK(fg_sgd_update(&op, parameters, momentum, buffer, FIRST, FIRST_GRADIENT,
                                   count, sgd));
        fg_ref_sgd_update(expected_p, expected_m, gradients, count, &ref);
    }
    compare("parameters", parameters, p, expected_p, count);
    compare("momentum", momentum, m, expected_m, count);
}

START_TEST(updates_are_the_reference)
{
    static const size_t counts[] = {1, 16, 31, 48, 16 * 257, 16 * 256 * 67 + 5};
    const float decay = _i & 1 ? 1e-4f : 0.0f, momentum = _i & 2 ? 0.9f : 0.0f;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; ++i)
        check(counts[i], &(fg_sgd){.rate = 0.1f,
                                   .momentum = momentum,
                                   .weight_decay = decay,
                                   .nesterov = (_i & 4) != 0});
}
END_TEST

/* The last slices first; their gradients lie in one place, which is used again and again. */
START_TEST(slices_have_the_bits_of_one_update)
{
    static const size_t cuts[] = {0, 16, 64, 64 + 16 * 300, 16 * 1000, 16 * 1000 + 7};
    const size_t slices = sizeof cuts / sizeof cuts[0] - 1, all = cuts[slices];
    const fg_sgd sgd = {.rate = 0.1f, .momentum = 0.9f, .weight_decay = 1e-4f, .nesterov = 1};
    float *p = fg_arrays_random(all, -1.0f, 1.0f), *m = fg_arrays_random(all, -1.0f, 1.0f);
    float *g = fg_arrays_random(all, -1.0f, 1.0f);
    const fg_buffer *p_once = upload(p, all), *m_once = upload(m, all);
    const fg_buffer *p_cut = upload(p, all), *m_cut = upload(m, all);

    FG_EXPECT_OK(fg_sgd_update(&op, p_once, m_once, upload(g, all), 0, 0, all, &sgd));
    for (size_t i = slices; i-- > 0;) {
        const size_t count = cuts[i + 1] - cuts[i];
        FG_EXPECT_OK(fg_sgd_update(&op, p_cut, m_cut, upload(g + cuts[i], count), cuts[i], 0,
                                   count, &sgd));
    }
    fg_compare_bits("parameters", fg_arrays_read(p_cut), fg_arrays_read(p_once), all);
    fg_compare_bits("momentum", fg_arrays_read(m_cut), fg_arrays_read(m_once), all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/sgd");
    TCase *tests = tcase_create("sgd");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, updates_are_the_reference, 0, 8);
    tcase_add_test(tests, slices_have_the_bits_of_one_update);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
