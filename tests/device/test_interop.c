/* test_interop.c - a device on the application's own context and queue (filigree_opencl.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "filigree_opencl.h"
#include "support/device_fixture.h"

#include <stdlib.h>

#include "device/buffer.h"

static cl_context context;
static cl_device_id id;

static cl_context new_context(void)
{
    cl_int code = CL_SUCCESS;
    const cl_context_properties properties[] = {
        CL_CONTEXT_PLATFORM, (cl_context_properties)fg_device_fixture()->platform, 0};
    cl_context made = clCreateContext(properties, 1, &id, NULL, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return made;
}

static cl_command_queue new_queue(cl_context of, cl_command_queue_properties properties)
{
    cl_int code = CL_SUCCESS;
    cl_command_queue made = clCreateCommandQueue(of, id, properties, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return made;
}

static void setup(void)
{
    fg_device_fixture_open();
    id = fg_device_fixture()->id;
    context = new_context();
}

static void teardown(void)
{
    clReleaseContext(context);
    fg_device_fixture_close();
}

START_TEST(works_after_the_application_released_its_own)
{
    cl_context own = new_context();
    cl_command_queue queue = new_queue(own, 0);
    fg_device *device = NULL;
    fg_buffer *buffer = NULL;
    float values[3] = {0};

    FG_EXPECT_OK(fg_device_create_opencl(&device, own, id, queue, NULL));
    clReleaseCommandQueue(queue);
    clReleaseContext(own);
    ck_assert_ptr_eq(device->queue, queue);
    ck_assert_str_eq(fg_device_information(device)->name, fg_device_fixture()->info.name);
    FG_EXPECT_OK(fg_buffer_create(&buffer, device, sizeof values));
    FG_EXPECT_OK(fg_buffer_fill(buffer, 0, 3, 2.5f));
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, values, sizeof values));
    ck_assert(values[0] == 2.5f && values[2] == 2.5f);
    fg_buffer_free(buffer);
    fg_device_free(device);
}
END_TEST

START_TEST(what_does_not_belong_together_is_refused)
{
    cl_context other = new_context();
    cl_command_queue queue = new_queue(other, 0);
    fg_device *device = (fg_device *)1;

    FG_EXPECT_FAILS(fg_device_create_opencl(&device, context, id, queue, NULL), FG_ERR_ARGUMENT,
                    "another context");
    ck_assert_ptr_null(device);
    clReleaseCommandQueue(queue);
    clReleaseContext(other);
}
END_TEST

START_TEST(queue_of_another_device_is_refused)
{
    cl_command_queue queue = new_queue(context, 0);
    fg_device *device = (fg_device *)1;

    FG_EXPECT_FAILS(
        fg_device_create_opencl(&device, context, (cl_device_id)&device, queue, NULL),
        FG_ERR_ARGUMENT, "another device");
    ck_assert_ptr_null(device);
    clReleaseCommandQueue(queue);
}
END_TEST

START_TEST(queue_out_of_order_is_refused)
{
    cl_int code = CL_SUCCESS;
    cl_command_queue queue =
        clCreateCommandQueue(context, id, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    fg_device *device = (fg_device *)1;

    if (code == CL_INVALID_QUEUE_PROPERTIES)
        return; /* this device has no such queues */
    ck_assert_int_eq(code, CL_SUCCESS);
    FG_EXPECT_FAILS(fg_device_create_opencl(&device, context, id, queue, NULL), FG_ERR_ARGUMENT,
                    "out of order");
    ck_assert_ptr_null(device);
    clReleaseCommandQueue(queue);
}
END_TEST

START_TEST(null_is_refused)
{
    cl_command_queue queue = new_queue(context, 0);
    fg_device *device = (fg_device *)1;

    FG_EXPECT_FAILS(fg_device_create_opencl(&device, NULL, id, queue, NULL), FG_ERR_ARGUMENT,
                    "NULL");
    FG_EXPECT_FAILS(fg_device_create_opencl(&device, context, NULL, queue, NULL),
                    FG_ERR_ARGUMENT, "NULL");
    FG_EXPECT_FAILS(fg_device_create_opencl(&device, context, id, NULL, NULL), FG_ERR_ARGUMENT,
                    "NULL");
    ck_assert_ptr_null(device);
    clReleaseCommandQueue(queue);
}
END_TEST

static int warnings;

static void count_warning(void *user, fg_log_level level, const char *line)
{
    (void)user;
    warnings += level == FG_LOG_WARN && strstr(line, "FG_TRACE") != NULL;
}

START_TEST(trace_needs_a_queue_that_records_times)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    cl_command_queue plain = new_queue(context, 0);
    cl_command_queue profiled = new_queue(context, CL_QUEUE_PROFILING_ENABLE);
    fg_device *device = NULL;

    setenv("FG_TRACE", "-", 1);
    config.log = count_warning;
    FG_EXPECT_OK(fg_device_create_opencl(&device, context, id, plain, &config));
    ck_assert_ptr_null(device->trace);
    ck_assert_int_eq(warnings, 1);
    fg_device_free(device);
    FG_EXPECT_OK(fg_device_create_opencl(&device, context, id, profiled, &config));
    ck_assert_ptr_nonnull(device->trace);
    ck_assert_int_eq(warnings, 1);
    fg_device_free(device);
    unsetenv("FG_TRACE");
    clReleaseCommandQueue(profiled);
    clReleaseCommandQueue(plain);
}
END_TEST

START_TEST(config_that_was_not_initialised_is_refused)
{
    const fg_device_config config = {0};
    cl_command_queue queue = new_queue(context, 0);
    fg_device *device = (fg_device *)1;

    FG_EXPECT_FAILS(fg_device_create_opencl(&device, context, id, queue, &config),
                    FG_ERR_ARGUMENT, "struct_size");
    ck_assert_ptr_null(device);
    clReleaseCommandQueue(queue);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/interop");
    TCase *tests = tcase_create("interop");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_test(tests, works_after_the_application_released_its_own);
    tcase_add_test(tests, what_does_not_belong_together_is_refused);
    tcase_add_test(tests, queue_of_another_device_is_refused);
    tcase_add_test(tests, queue_out_of_order_is_refused);
    tcase_add_test(tests, null_is_refused);
    tcase_add_test(tests, trace_needs_a_queue_that_records_times);
    tcase_add_test(tests, config_that_was_not_initialised_is_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
