/* test_launch.c - arguments in order, a grid of single work-items, and whose mistake it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <stdlib.h>

#include "device/launch.h"
#include "support/compare.h"
#include "support/scratch.h"

/* A stand-in for fill, which FG_CL_DIR puts in its place: shows the grid and the arguments. */
static const char source[] =
    "__kernel void fill(__global float *out, const int base, const float scale)\n"
    "{\n"
    "    const int i = (int)(get_global_id(1) * get_global_size(0) + get_global_id(0));\n"
    "    out[i] = scale * (float)(base + i) + (float)(get_local_size(0) * get_local_size(1) - "
    "1);\n"
    "}\n";

static fg_buffer *buffer;
static fg_kernel *kernel;

static void setup(void)
{
    scratch_setup();
    fg_device_fixture_open();
    FG_EXPECT_OK(fg_buffer_create(&buffer, fg_device_fixture(), 6 * sizeof(float)));
    scratch_text("fill.cl", source);
    setenv("FG_CL_DIR", scratch_path(""), 1);
    FG_EXPECT_OK(fg_kernel_create(&kernel, fg_device_fixture(), FG_KERNEL_fill, ""));
}

static void teardown(void)
{
    fg_kernel_free(kernel);
    fg_buffer_free(buffer);
    fg_device_fixture_close();
    unsetenv("FG_CL_DIR");
    scratch_teardown();
}

START_TEST(arguments_go_in_order_and_the_grid_is_x_times_y)
{
    const int base = 10;
    const float scale = 0.5f;
    float out[6];
    fg_launch launch = fg_launch_of(kernel);

    fg_launch_buffer(&launch, buffer);
    fg_launch_value(&launch, &base, sizeof base);
    fg_launch_value(&launch, &scale, sizeof scale);
    FG_EXPECT_OK(fg_launch_run(&launch, 3, 2));
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, out, sizeof out));
    fg_compare_bits("out", out, (const float[]){5, 5.5f, 6, 6.5f, 7, 7.5f}, 6);
}
END_TEST

START_TEST(first_wrong_argument_is_reported_by_run)
{
    const double wrong = 1.0;
    const int base = 10;
    fg_launch launch = fg_launch_of(kernel);

    fg_launch_buffer(&launch, buffer);
    fg_launch_value(&launch, &wrong, sizeof wrong);
    fg_launch_value(&launch, &base, sizeof base);
    FG_EXPECT_FAILS(fg_launch_run(&launch, 1, 1), FG_ERR_DEVICE,
                    "argument 1 of kernel fill: CL_INVALID_ARG_SIZE");
}
END_TEST

START_TEST(argument_too_many_is_reported)
{
    const int base = 10;
    const float scale = 0.5f;
    fg_launch launch = fg_launch_of(kernel);

    fg_launch_buffer(&launch, buffer);
    fg_launch_value(&launch, &base, sizeof base);
    fg_launch_value(&launch, &scale, sizeof scale);
    fg_launch_value(&launch, &scale, sizeof scale);
    FG_EXPECT_FAILS(fg_launch_run(&launch, 1, 1), FG_ERR_DEVICE, "argument 3 of kernel fill");
}
END_TEST

START_TEST(missing_argument_is_reported)
{
    fg_kernel *fresh = NULL;
    fg_launch launch;

    FG_EXPECT_OK(fg_kernel_create(&fresh, fg_device_fixture(), FG_KERNEL_fill, ""));
    launch = fg_launch_of(fresh);
    fg_launch_buffer(&launch, buffer);
    FG_EXPECT_FAILS(fg_launch_run(&launch, 1, 1), FG_ERR_DEVICE,
                    "kernel fill, 1 x 1 work-items: CL_INVALID_KERNEL_ARGS");
    fg_kernel_free(fresh);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/launch");
    TCase *tests = tcase_create("launch");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_test(tests, arguments_go_in_order_and_the_grid_is_x_times_y);
    tcase_add_test(tests, first_wrong_argument_is_reported_by_run);
    tcase_add_test(tests, argument_too_many_is_reported);
    tcase_add_test(tests, missing_argument_is_reported);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
