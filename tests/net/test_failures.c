/* test_failures.c - an OpenCL call that fails, wherever it is: a status with a message, nothing leaked,
 * and what is done next works.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nets.h"
#include "spy.h"

#define IMAGES 2

static const char *const call_names[SPY_CALLS] = {
#define SPY_NAME(name) #name,
    SPY_CALL_LIST(SPY_NAME)
#undef SPY_NAME
};

static fg_device *device;
static nets_state expected; /* after two steps without a failure */
static int live;            /* objects that a device holds whose programs are built */

/* The numbers of calls that fail: each of the first few, and then fewer and fewer. */
static int next(int number)
{
    return number < 4 ? number + 1 : number + number / 2;
}

static fg_device *open_device(void)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *opened = NULL;
    FG_EXPECT_OK(fg_device_create(&opened, &config));
    return opened;
}

static void setup(void)
{
    device = open_device();
}

static void teardown(void)
{
    fg_device_free(device);
}

static void expect_message(fg_status status, const char *call, int number)
{
    const char *message = fg_error_message();

    if (status != FG_ERR_DEVICE || message[0] == '\0' || strchr(message, '\n') != NULL)
        ck_abort_msg("%s number %d: status %d, message \"%s\"", call, number, (int)status,
                     message);
}

/* Two steps of a net, from its initial weights, are what they are without failures. */
static void expect_two_steps(fg_net *net, const char *call)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);

    nets_step(net, &batch);
    nets_step(net, &batch);
    const nets_state got = nets_state_of(net);
    nets_expect_same(call, &got, &expected);
}

static void find_expected(void)
{
    fg_net *net = nets_create(device, NETS_MODEL, IMAGES, 1);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);

    nets_step(net, &batch);
    nets_step(net, &batch);
    expected = nets_state_of(net);
    fg_net_free(net);
    live = spy.live;
}

/* ---- creation ---- */

START_TEST(test_creation_that_fails_leaves_nothing)
{
    static const enum spy_call calls[] = {
        SPY_clCreateBuffer, SPY_clCreateSubBuffer,      SPY_clCreateKernel,
        SPY_clSetKernelArg, SPY_clEnqueueNDRangeKernel, SPY_clEnqueueWriteBuffer,
        SPY_clFinish,
    };
    const enum spy_call call = calls[_i];
    fg_net_config config = FG_NET_CONFIG_INIT;
    int failures = 0;

    find_expected();
    config.model = NETS_MODEL;
    config.images = IMAGES;
    for (int number = 1;; number = next(number)) {
        fg_net *net = (fg_net *)&config;
        spy_fail(call, number);
        const fg_status status = fg_net_create(&net, device, &config);
        if (!spy_failed()) {
            FG_EXPECT_OK(status);
            expect_two_steps(net, call_names[call]);
            fg_net_free(net);
            break;
        }
        expect_message(status, call_names[call], number);
        ck_assert_ptr_null(net);
        ck_assert_int_eq(spy.live, live);
        ++failures;
    }
    ck_assert_int_ge(failures, 1);
    ck_assert_int_eq(spy.live, live);
}
END_TEST

/* Programs that are built stay with the device, so each round comes one further. */
START_TEST(test_program_that_fails_leaves_nothing)
{
    static const enum spy_call calls[] = {SPY_clCreateProgramWithSource, SPY_clBuildProgram};
    const enum spy_call call = calls[_i];
    const int before = spy.live;
    fg_device *fresh = open_device();
    const int opened = spy.live;
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net = NULL;
    int rounds = 0;

    config.model = NETS_MODEL;
    config.images = IMAGES;
    for (;; ++rounds) {
        spy_fail(call, 2);
        const fg_status status = fg_net_create(&net, fresh, &config);
        if (!spy_failed()) {
            FG_EXPECT_OK(status);
            break;
        }
        expect_message(status, call_names[call], rounds);
        ck_assert_ptr_null(net);
        ck_assert_int_eq(spy.live, opened + rounds + 1);
    }
    ck_assert_int_ge(rounds, 3);
    fg_net_free(net);
    fg_device_free(fresh);
    ck_assert_int_eq(spy.live, before);
}
END_TEST

/* ---- steps ---- */

START_TEST(test_step_that_fails_can_be_repeated)
{
    static const enum spy_call calls[] = {
        SPY_clSetKernelArg,      SPY_clEnqueueNDRangeKernel, SPY_clEnqueueWriteBuffer,
        SPY_clEnqueueReadBuffer, SPY_clWaitForEvents,        SPY_clFlush,
    };
    const enum spy_call call = calls[_i];
    fg_net *net = NULL;
    int failures = 0;

    find_expected();
    net = nets_create(device, NETS_MODEL, IMAGES, 1);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const nets_state start = nets_state_of(net);
    for (int number = 1;; number = next(number)) {
        fg_step_result result;
        uint64_t step = 0;
        nets_state_apply(net, &start);
        spy_fail(call, number);
        fg_status status =
            fg_net_step(net, &step, batch.pixels, batch.labels, IMAGES, &nets_sgd);
        if (status == FG_OK)
            status = fg_net_step_result(net, step, &result);
        if (!spy_failed()) {
            FG_EXPECT_OK(status);
            break;
        }
        expect_message(status, call_names[call], number);
        nets_state_apply(net, &start);
        expect_two_steps(net, call_names[call]);
        ++failures;
    }
    ck_assert_int_ge(failures, 1);
    /* Freed after a failure, with work under way. */
    FG_EXPECT_OK(fg_net_step(net, NULL, batch.pixels, batch.labels, IMAGES, &nets_sgd));
    spy_fail(SPY_clEnqueueNDRangeKernel, 9);
    expect_message(fg_net_step(net, NULL, batch.pixels, batch.labels, IMAGES, &nets_sgd),
                   call_names[call], 0);
    fg_net_free(net);
    ck_assert_int_eq(spy.live, live);
}
END_TEST

/* ---- tensors ---- */

START_TEST(test_reads_and_writes_that_fail)
{
    fg_net *net = nets_create(device, NETS_MODEL, IMAGES, 1);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const size_t count = (size_t)fg_net_tensor(net, 0).elements;
    float *values = fg_arrays_floats(count);
    float logits[IMAGES * 7];

    nets_step(net, &batch);
    const nets_state before = nets_state_of(net);
    spy_fail(SPY_clEnqueueReadBuffer, 1);
    FG_EXPECT_FAILS(fg_net_read(net, 0, values), FG_ERR_DEVICE, "clEnqueueReadBuffer");
    spy_fail(SPY_clEnqueueReadBuffer, 1);
    FG_EXPECT_FAILS(fg_net_read_gradient(net, 0, values), FG_ERR_DEVICE, "clEnqueueReadBuffer");
    spy_fail(SPY_clEnqueueReadBuffer, 1);
    FG_EXPECT_FAILS(fg_net_forward(net, FG_MODE_EVALUATION, logits, batch.pixels, IMAGES),
                    FG_ERR_DEVICE, "clEnqueueReadBuffer");
    spy_fail(SPY_clEnqueueWriteBuffer, 1);
    FG_EXPECT_FAILS(fg_net_write(net, 0, values), FG_ERR_DEVICE, "clEnqueueWriteBuffer");
    spy_fail(SPY_clFinish, 1);
    FG_EXPECT_FAILS(fg_net_finish(net), FG_ERR_DEVICE, "clFinish");
    const nets_state after = nets_state_of(net);
    nets_expect_same("after failures", &after, &before);
    fg_net_free(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/failures");
    TCase *tests = tcase_create("failures");
    SRunner *runner = srunner_create(suite);
    int failed;

    unsetenv("FG_POISON"); /* which adds launches to every step */
    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, test_creation_that_fails_leaves_nothing, 0, 7);
    tcase_add_loop_test(tests, test_program_that_fails_leaves_nothing, 0, 2);
    tcase_add_loop_test(tests, test_step_that_fails_can_be_repeated, 0, 6);
    tcase_add_test(tests, test_reads_and_writes_that_fail);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
