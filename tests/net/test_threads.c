/* test_threads.c - several nets and devices in one process, one after the other and at the same time:
 * each computes what it computes alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>

#include "nets.h"

#define NETS 2
#define IMAGES 4
#define STEPS 12

static const char *const models[NETS] = {NETS_MODEL,
                                         "densenet-10-4:image=11,channels=5,init=3"};
static fg_device *devices[NETS];
static nets_state expected[NETS];
static nets_batch batches[NETS];

/* One net and the steps it makes. No assertion fails on a thread: Check would jump off it. */
struct work {
    fg_device *device;
    fg_net *net;
    const nets_batch *batch;
    fg_status status;
};

static fg_status run_steps(const struct work *work, int steps)
{
    fg_status status = FG_OK;

    for (int i = 0; status == FG_OK && i < steps; ++i) {
        fg_step_result result;
        uint64_t number = 0;
        status = fg_net_step(work->net, &number, work->batch->pixels, work->batch->labels,
                             IMAGES, &nets_sgd);
        if (status == FG_OK)
            status = fg_net_step_result(work->net, number, &result);
    }
    return status;
}

static fg_status create(struct work *work, const char *model)
{
    fg_net_config config = FG_NET_CONFIG_INIT;

    config.model = model;
    config.images = IMAGES;
    return fg_net_create(&work->net, work->device, &config);
}

static void expect_and_free(struct work *work, int i)
{
    const nets_state got = nets_state_of(work->net);
    nets_expect_same(models[i], &got, &expected[i]);
    fg_net_free(work->net);
}

static void setup(void)
{
    for (int i = 0; i < NETS; ++i) {
        struct work work;
        FG_EXPECT_OK(fg_device_create(&devices[i], NULL));
        work.device = devices[i];
        work.batch = &batches[i];
        FG_EXPECT_OK(create(&work, models[i]));
        batches[i] = nets_batch_of(work.net, IMAGES, 0);
        FG_EXPECT_OK(run_steps(&work, STEPS));
        expected[i] = nets_state_of(work.net);
        fg_net_free(work.net);
    }
}

static void teardown(void)
{
    for (int i = 0; i < NETS; ++i)
        fg_device_free(devices[i]);
    fg_arrays_clear();
}

START_TEST(test_nets_take_turns_on_one_device)
{
    struct work works[NETS];

    for (int i = 0; i < NETS; ++i) {
        works[i] = (struct work){.device = devices[0], .batch = &batches[i]};
        FG_EXPECT_OK(create(&works[i], models[i]));
    }
    for (int step = 0; step < STEPS; ++step)
        for (int i = 0; i < NETS; ++i)
            FG_EXPECT_OK(run_steps(&works[i], 1));
    for (int i = 0; i < NETS; ++i)
        expect_and_free(&works[i], i);
}
END_TEST

/* Makes the net here too: programs are built while the other thread builds some of the same. */
static void *run_thread(void *argument)
{
    struct work *work = argument;

    work->status = create(work, models[work->batch - batches]);
    if (work->status == FG_OK)
        work->status = run_steps(work, STEPS);
    return NULL;
}

/* Loop 0: a device each. Loop 1: one device for all. */
START_TEST(test_nets_run_at_the_same_time)
{
    const int used = _i == 0 ? NETS : 1;
    fg_device *fresh[NETS]; /* nothing is built so far */
    struct work works[NETS];
    pthread_t threads[NETS];

    for (int i = 0; i < used; ++i)
        FG_EXPECT_OK(fg_device_create(&fresh[i], NULL));
    for (int i = 0; i < NETS; ++i) {
        works[i] = (struct work){.device = fresh[i % used], .batch = &batches[i]};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_thread, &works[i]), 0);
    }
    for (int i = 0; i < NETS; ++i)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < NETS; ++i) {
        ck_assert_int_eq(works[i].status, FG_OK);
        expect_and_free(&works[i], i);
    }
    for (int i = 0; i < used; ++i)
        fg_device_free(fresh[i]);
}
END_TEST

/* A message belongs to the thread whose call failed. */
static void *fail_thread(void *argument)
{
    struct work *work = argument;
    work->status = create(work, "nothing");
    return NULL;
}

START_TEST(test_messages_belong_to_threads)
{
    struct work work = {.device = devices[0]};
    pthread_t thread;
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net = NULL;

    config.model = NETS_MODEL;
    config.images = -5;
    ck_assert_int_eq(fg_net_create(&net, devices[0], &config), FG_ERR_ARGUMENT);
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_thread, &work), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(work.status, FG_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "-5"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/threads");
    TCase *tests = tcase_create("threads");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_nets_take_turns_on_one_device);
    tcase_add_loop_test(tests, test_nets_run_at_the_same_time, 0, 2);
    tcase_add_test(tests, test_messages_belong_to_threads);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
