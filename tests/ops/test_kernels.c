/* test_kernels.c - a net's kernels are created once each, by name and options.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels.h"

#include "support/device_fixture.h"

START_TEST(one_kernel_for_each_name_and_options)
{
    fg_kernels kernels = {.device = fg_device_fixture()};
    const fg_kernel *fill = NULL, *again = NULL, *other = NULL, *optimised = NULL;

    FG_EXPECT_OK(fg_kernels_get(&fill, &kernels, FG_KERNEL_fill, ""));
    FG_EXPECT_OK(fg_kernels_get(&other, &kernels, FG_KERNEL_sgd_update, ""));
    FG_EXPECT_OK(fg_kernels_get(&optimised, &kernels, FG_KERNEL_fill, "-D UNUSED=1"));
    FG_EXPECT_OK(fg_kernels_get(&again, &kernels, FG_KERNEL_fill, ""));
    ck_assert_ptr_eq(fill, again);
    ck_assert_ptr_ne(fill, other);
    ck_assert_ptr_ne(fill, optimised);
    ck_assert_int_eq(other->id, FG_KERNEL_sgd_update);
    fg_kernels_clear(&kernels);
    ck_assert_ptr_null(kernels.first);
}
END_TEST

START_TEST(kernel_that_does_not_build_is_not_kept)
{
    fg_kernels kernels = {.device = fg_device_fixture()};
    const fg_kernel *kernel = NULL;

    FG_EXPECT_FAILS(fg_kernels_get(&kernel, &kernels, FG_KERNEL_conv_forward, "-D SIDE=2"),
                    FG_ERR_DEVICE, "SIDE is 1 or 3");
    ck_assert_ptr_null(kernel);
    ck_assert_ptr_null(kernels.first);
}
END_TEST

START_TEST(beyond_the_most_there_is_what_was_there)
{
    fg_kernels kernels = {.device = fg_device_fixture(), .most = 1};
    const fg_kernel *first = NULL, *other = NULL;

    FG_EXPECT_OK(fg_kernels_get(&other, &kernels, FG_KERNEL_sgd_update, ""));
    FG_EXPECT_OK(fg_kernels_get(&first, &kernels, FG_KERNEL_fill, "-D UNUSED=1"));
    FG_EXPECT_FAILS(fg_kernels_get(&other, &kernels, FG_KERNEL_fill, "-D UNUSED=2"), FG_ERR_FIT,
                    "fill -D UNUSED=2: there are 1 kernels with options");
    ck_assert_ptr_null(other);
    FG_EXPECT_OK(fg_kernels_get(&other, &kernels, FG_KERNEL_fill, "-D UNUSED=1"));
    ck_assert_ptr_eq(other, first);
    FG_EXPECT_OK(fg_kernels_get(&other, &kernels, FG_KERNEL_fill, ""));
    kernels.most = 0;
    FG_EXPECT_OK(fg_kernels_get(&other, &kernels, FG_KERNEL_fill, "-D UNUSED=2"));
    fg_kernels_clear(&kernels);
    ck_assert_int_eq(kernels.special, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/kernels");
    TCase *tests = tcase_create("kernels");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_test(tests, one_kernel_for_each_name_and_options);
    tcase_add_test(tests, kernel_that_does_not_build_is_not_kept);
    tcase_add_test(tests, beyond_the_most_there_is_what_was_there);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
