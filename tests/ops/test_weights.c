/* test_weights.c - initial values: each is the reference's, and all together are distributed
 * right.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/weights.h"

#include <math.h>
#include <string.h>

#include "ref/weights.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"

#define SEED UINT64_C(0x123456789abcdef0)
#define FIRST 3

static fg_kernels kernels;
static fg_weights_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_weights_prepare(&op, &kernels));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

typedef fg_status weights_function(const fg_weights_op *, const fg_buffer *, size_t, size_t,
                                   float, uint64_t, uint32_t);

/* count values, with something untouched on both sides. */
static const float *make(weights_function *function, size_t count, float size, uint64_t seed,
                         uint32_t stream)
{
    const fg_buffer *values = fg_arrays_scratch(FIRST + count + 5);
    FG_EXPECT_OK(function(&op, values, FIRST, count, size, seed, stream));
    const float *got = fg_arrays_read(values);
    fg_compare_poisoned("before", got, FIRST);
    fg_compare_poisoned("behind", got + FIRST + count, 5);
    return got + FIRST;
}

/* From one value up, and on both sides of where more than one work-item shares them. */
static const size_t counts[] = {1, 2, 3, 4, 5, 433, 4095, 4096, 4097, 20000};

START_TEST(values_are_the_reference_whatever_their_number)
{
    const size_t count = counts[_i];
    const float *normal = make(fg_weights_normal, count, 0.5f, SEED, 7);
    const float *uniform = make(fg_weights_uniform, count, 0.5f, SEED, 7);

    for (size_t i = 0; i < count; ++i) {
        const double n = 0.5 * fg_ref_weights_normal(SEED, 7, i);
        const double u = 0.5 * fg_ref_weights_uniform(SEED, 7, i);
        /* sin and cos of an angle up to 2 pi, which is rounded twice; at most 6 sigma away. log
         * near 1, sin and cos of OpenCL C are a few units off. */
        fg_compare_rounded("normal", &normal[i], &n, 1, 12.0, 6.0);
        fg_compare_rounded("uniform", &uniform[i], &u, 1, 2.0, 0.5);
    }
}
END_TEST

START_TEST(normal_values_have_their_mean_and_deviation)
{
    const size_t count = 400000;
    const float *values = make(fg_weights_normal, count, 0.25f, SEED, 1);
    double mean = 0.0, square = 0.0, fourth = 0.0;

    for (size_t i = 0; i < count; ++i) {
        const double v = (double)values[i] / 0.25;
        mean += v / (double)count;
        square += v * v / (double)count;
        fourth += v * v * v * v / (double)count;
    }
    /* Five standard errors: 1, sqrt(2) and sqrt(96) over sqrt(count). */
    ck_assert_double_eq_tol(mean, 0.0, 5.0 / sqrt((double)count));
    ck_assert_double_eq_tol(square, 1.0, 5.0 * sqrt(2.0 / (double)count));
    ck_assert_double_eq_tol(fourth, 3.0, 5.0 * sqrt(96.0 / (double)count));
}
END_TEST

START_TEST(uniform_values_fill_their_range_evenly)
{
    const size_t count = 400000;
    const float *values = make(fg_weights_uniform, count, 2.0f, SEED, 1);
    int in[8] = {0};

    for (size_t i = 0; i < count; ++i) {
        if (!(values[i] > -2.0f && values[i] < 2.0f))
            ck_abort_msg("value %zu is %g", i, (double)values[i]);
        ++in[(int)((values[i] + 2.0f) * 2.0f)];
    }
    for (int i = 0; i < 8; ++i) /* binomial, five deviations */
        ck_assert_double_eq_tol(in[i], (double)count / 8, 5.0 * sqrt((double)count * 7 / 64));
}
END_TEST

START_TEST(seeds_and_streams_differ)
{
    const size_t count = 1000;
    const float *all[] = {
        make(fg_weights_uniform, count, 1.0f, SEED, 1),
        make(fg_weights_uniform, count, 1.0f, SEED, 2),
        make(fg_weights_uniform, count, 1.0f, SEED + 1, 1),
        make(fg_weights_uniform, count, 1.0f, SEED ^ (UINT64_C(1) << 63), 1),
    };

    for (int i = 0; i < 4; ++i)
        for (int j = 0; j < i; ++j) {
            double product = 0.0;
            for (size_t k = 0; k < count; ++k)
                product += (double)all[i][k] * (double)all[j][k];
            /* Uncorrelated: the sum's deviation is sqrt(count) / 3. */
            ck_assert_double_eq_tol(product, 0.0, 5.0 * sqrt((double)count) / 3.0);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/weights");
    TCase *tests = tcase_create("weights");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, values_are_the_reference_whatever_their_number, 0,
                        sizeof counts / sizeof counts[0]);
    tcase_add_test(tests, normal_values_have_their_mean_and_deviation);
    tcase_add_test(tests, uniform_values_fill_their_range_evenly);
    tcase_add_test(tests, seeds_and_streams_differ);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
