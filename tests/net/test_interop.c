/* test_interop.c - a network on the application's own context and queue (filigree_opencl.h).
 *
 * What does not belong together is refused in tests/device/test_interop.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "filigree_opencl.h"
#include "nets.h"

#define IMAGES 4
#define STEPS 3

static cl_context context;
static cl_command_queue queue;
static cl_device_id id;
static nets_state expected; /* of a net on a device of the library's own */
static nets_batch batch;

static void setup(void)
{
    cl_int code = CL_SUCCESS;

    fg_device_fixture_open();
    id = fg_device_fixture()->id;
    fg_net *net = nets_create(fg_device_fixture(), NETS_MODEL, IMAGES, 1);
    batch = nets_batch_of(net, IMAGES, 0);
    for (int i = 0; i < STEPS; ++i)
        nets_step(net, &batch);
    expected = nets_state_of(net);
    fg_net_free(net);

    const cl_context_properties properties[] = {
        CL_CONTEXT_PLATFORM, (cl_context_properties)fg_device_fixture()->platform, 0};
    context = clCreateContext(properties, 1, &id, NULL, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    queue = clCreateCommandQueue(context, id, 0, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
}

static void teardown(void)
{
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
    fg_device_fixture_close();
    fg_arrays_clear();
}

static cl_uint queue_references(void)
{
    cl_uint count = 0;

    ck_assert_int_eq(
        clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof count, &count, NULL),
        CL_SUCCESS);
    return count;
}

/* The application's own commands go on between the steps, on the same queue. */
START_TEST(test_net_computes_the_same_bits_on_the_callers_queue)
{
    fg_device *device = NULL;
    cl_int code = CL_SUCCESS;
    const cl_uint references = queue_references();
    float values[1024] = {0};
    cl_mem own = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof values, NULL, &code);

    ck_assert_int_eq(code, CL_SUCCESS);
    FG_EXPECT_OK(fg_device_create_opencl(&device, context, id, queue, NULL));
    fg_net *net = nets_create(device, NETS_MODEL, IMAGES, 1);
    for (int i = 0; i < STEPS; ++i) {
        values[0] = (float)i;
        ck_assert_int_eq(
            clEnqueueWriteBuffer(queue, own, CL_FALSE, 0, sizeof values, values, 0, NULL, NULL),
            CL_SUCCESS);
        nets_step(net, &batch);
    }
    const nets_state got = nets_state_of(net);
    nets_expect_same("after steps", &got, &expected);
    ck_assert_int_eq(
        clEnqueueReadBuffer(queue, own, CL_TRUE, 0, sizeof values, values, 0, NULL, NULL),
        CL_SUCCESS);
    ck_assert(values[0] == (float)(STEPS - 1));
    clReleaseMemObject(own);
    fg_net_free(net);
    fg_device_free(device);
    ck_assert_uint_eq(queue_references(), references);
}
END_TEST

/* Two nets of the library share the queue of the caller, each through a device of its own. */
START_TEST(test_two_devices_share_a_queue)
{
    fg_device *devices[2] = {NULL};
    fg_net *nets[2];

    for (int i = 0; i < 2; ++i) {
        FG_EXPECT_OK(fg_device_create_opencl(&devices[i], context, id, queue, NULL));
        nets[i] = nets_create(devices[i], NETS_MODEL, IMAGES, 1);
    }
    for (int step = 0; step < STEPS; ++step)
        for (int i = 0; i < 2; ++i)
            nets_step(nets[i], &batch);
    for (int i = 0; i < 2; ++i) {
        const nets_state got = nets_state_of(nets[i]);
        nets_expect_same("after steps", &got, &expected);
        fg_net_free(nets[i]);
        fg_device_free(devices[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/interop");
    TCase *tests = tcase_create("interop");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_net_computes_the_same_bits_on_the_callers_queue);
    tcase_add_test(tests, test_two_devices_share_a_queue);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
