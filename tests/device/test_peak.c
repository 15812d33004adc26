/* test_peak.c - the kernels of the peak benchmark do the work that is counted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <math.h>

#include "device/launch.h"
#include "support/compare.h"

#define ITEMS 3
#define VECTORS 5
#define LENGTH (ITEMS * VECTORS * 16)

START_TEST(fma_runs_all_rounds_of_all_accumulators)
{
    const int rounds = 10;
    fg_buffer *out = NULL;
    fg_kernel *kernel = NULL;
    fg_launch launch;
    float got[ITEMS * 16];
    double expected[ITEMS * 16];

    FG_EXPECT_OK(fg_buffer_create(&out, fg_device_fixture(), sizeof got));
    FG_EXPECT_OK(fg_kernel_create(&kernel, fg_device_fixture(), FG_KERNEL_peak_fma, ""));
    launch = fg_launch_of(kernel);
    fg_launch_buffer(&launch, out);
    fg_launch_value(&launch, &rounds, sizeof rounds);
    FG_EXPECT_OK(fg_launch_run(&launch, ITEMS, 1));
    FG_EXPECT_OK(fg_buffer_read(out, 0, got, sizeof got));

    for (int i = 0; i < ITEMS * 16; ++i) {
        expected[i] = 0.0;
        for (int sum = 0; sum < 12; ++sum) {
            double value = i / 16 + sum;
            for (int round = 0; round < rounds; ++round)
                value = value * (double)0.999f + (double)0.001f;
            expected[i] += value;
        }
    }
    /* A sum of 12 terms, each of ten roundings. */
    fg_compare_rounded("out", got, expected, ITEMS * 16, 24.0, 0.0);
    fg_kernel_free(kernel);
    fg_buffer_free(out);
}
END_TEST

START_TEST(copy_copies_every_element)
{
    const cl_uint vectors = VECTORS;
    fg_buffer *to = NULL, *from = NULL;
    fg_kernel *kernel = NULL;
    fg_launch launch;
    float in[LENGTH], out[LENGTH];

    for (int i = 0; i < LENGTH; ++i)
        in[i] = (float)i;
    FG_EXPECT_OK(fg_buffer_create(&to, fg_device_fixture(), sizeof out));
    FG_EXPECT_OK(fg_buffer_create(&from, fg_device_fixture(), sizeof in));
    FG_EXPECT_OK(fg_buffer_write(from, 0, in, sizeof in, NULL));
    FG_EXPECT_OK(fg_kernel_create(&kernel, fg_device_fixture(), FG_KERNEL_peak_copy, ""));
    launch = fg_launch_of(kernel);
    fg_launch_buffer(&launch, to);
    fg_launch_buffer(&launch, from);
    fg_launch_value(&launch, &vectors, sizeof vectors);
    FG_EXPECT_OK(fg_launch_run(&launch, ITEMS, 1));
    FG_EXPECT_OK(fg_buffer_read(to, 0, out, sizeof out));
    fg_compare_bits("to", out, in, LENGTH);
    fg_kernel_free(kernel);
    fg_buffer_free(from);
    fg_buffer_free(to);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/peak");
    TCase *tests = tcase_create("peak");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_test(tests, fma_runs_all_rounds_of_all_accumulators);
    tcase_add_test(tests, copy_copies_every_element);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
