/* test_no_platform.c - what a machine without any OpenCL driver is told. ctest sets
 * OCL_ICD_VENDORS to a folder that is not there, because the loader looks only once per
 * process.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

START_TEST(list_says_what_is_missing)
{
    fg_device_info *list = (fg_device_info *)1;
    int count = 1;

    FG_EXPECT_FAILS(fg_device_list(&list, &count), FG_ERR_DEVICE, "no OpenCL platform");
    ck_assert_ptr_null(list);
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(create_says_what_is_missing)
{
    fg_device *device = (fg_device *)1;

    FG_EXPECT_FAILS(fg_device_create(&device, NULL), FG_ERR_DEVICE, "no OpenCL platform");
    ck_assert_ptr_null(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/no_platform");
    TCase *tests = tcase_create("no_platform");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, list_says_what_is_missing);
    tcase_add_test(tests, create_says_what_is_missing);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
