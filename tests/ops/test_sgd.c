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

/* Three steps, by which an error would have grown. */
static void check(size_t count, const fg_sgd *sgd)
{
    const fg_ref_sgd ref = {(double)sgd->rate, (double)sgd->momentum, (double)sgd->weight_decay,
                            sgd->nesterov != 0};
    const size_t all = count + 16;
    float *p = fg_arrays_random(all, -1.0f, 1.0f), *m = fg_arrays_random(all, -1.0f, 1.0f);
    float *g = fg_arrays_random(all, -1.0f, 1.0f);
    double *expected_p = fg_arrays_widened(p, count), *expected_m = fg_arrays_widened(m, count);
    const double *gradients = fg_arrays_widened(g, count);
    const fg_buffer *parameters = fg_arrays_buffer(p, all * sizeof *p);
    const fg_buffer *momentum = fg_arrays_buffer(m, all * sizeof *m);
    const fg_buffer *buffer = fg_arrays_buffer(g, all * sizeof *g);

    for (int step = 0; step < 3; ++step) {
        FG_EXPECT_OK(fg_sgd_update(&op, parameters, momentum, buffer, count, sgd));
        fg_ref_sgd_update(expected_p, expected_m, gradients, count, &ref);
    }
    /* Four roundings a step, of numbers that stay below 5. */
    const float *got = fg_arrays_read(parameters);
    fg_compare_rounded("parameters", got, expected_p, count, 12.0, 5.0);
    fg_compare_bits("parameters behind", got + count, p + count, 16);
    got = fg_arrays_read(momentum);
    fg_compare_rounded("momentum", got, expected_m, count, 12.0, 5.0);
    fg_compare_bits("momentum behind", got + count, m + count, 16);
}

START_TEST(updates_are_the_reference)
{
    static const size_t counts[] = {16, 48, 16 * 257, 16 * 256 * 67 + 16};
    const float decay = _i & 1 ? 1e-4f : 0.0f, momentum = _i & 2 ? 0.9f : 0.0f;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; ++i)
        check(counts[i], &(fg_sgd){.rate = 0.1f,
                                   .momentum = momentum,
                                   .weight_decay = decay,
                                   .nesterov = (_i & 4) != 0});
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
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
