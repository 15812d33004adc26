/* test_opencl.c - a failed OpenCL call names itself and its code.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>

#include "device/opencl.h"

START_TEST(codes_have_their_names)
{
    ck_assert_str_eq(fg_opencl_name(CL_SUCCESS), "CL_SUCCESS");
    ck_assert_str_eq(fg_opencl_name(CL_OUT_OF_RESOURCES), "CL_OUT_OF_RESOURCES");
    ck_assert_str_eq(fg_opencl_name(CL_INVALID_DEVICE_PARTITION_COUNT),
                     "CL_INVALID_DEVICE_PARTITION_COUNT");
    ck_assert_str_eq(fg_opencl_name(-9999), "unknown OpenCL error");
}
END_TEST

static cl_int clReturn(cl_int code)
{
    return code;
}

static fg_status call(cl_int code)
{
    fg_status status = FG_OK;

    FG_TRY_CL(clReturn(code));

cleanup:
    return status;
}

START_TEST(failed_call_is_named_without_its_arguments)
{
    ck_assert_int_eq(call(CL_SUCCESS), FG_OK);
    ck_assert_int_eq(call(CL_INVALID_VALUE), FG_ERR_DEVICE);
    ck_assert_str_eq(fg_error_message(), "clReturn: CL_INVALID_VALUE (-30)");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/opencl");
    TCase *tests = tcase_create("opencl");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, codes_have_their_names);
    tcase_add_test(tests, failed_call_is_named_without_its_arguments);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
