/* test_recompute.c - the memory setting changes no bit of what a network computes.
 *
 * Under FG_POISON, as ctest runs it, what is not kept for backward is NaN until it is computed
 * again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "nets.h"

#define IMAGES 5
#define STEPS 3

/* Bottlenecks of every family that has them; dropout of elements and of channels, behind the 1x1
 * convolution and in front of its reader; strides on it; groups behind it. */
static const char *const models[] = {
    "densenet-bc-16-4:image=8,compression=0.7,classes=100",
    "densenet-bc-16-4:image=8,dropout=0.2",
    "sparsenet-bc-22-4:image=7,base=3",
    "sparsenet-bc-28-8:image=16,dropout=0.2",
    "preresnet-20:image=5",
    "resnext-11-2x3d:image=5",
    "resnet-50:image=17,n=1,stride=1x1",
    "sparsenet-sum-29:image=5",
    "seqresnet-b-r1-k8-n1:image=5,window=0",
    "seqresnet-b-r2-k8-n1:image=7,dropout=0.1",
    "seqresnet-b22:image=17,r=1,n=1,classes=3",
    "delugenet-20:image=8,m=0.25",
};

#define MODELS ((int)(sizeof models / sizeof models[0]))

static fg_device *device;

static void setup(void)
{
    FG_EXPECT_OK(fg_device_create(&device, NULL));
}

static void teardown(void)
{
    fg_device_free(device);
}

/* All that training gives, with batches of several sizes. */
struct results {
    double losses[STEPS];
    nets_state evaluation, state, gradients;
};

static struct results train(const char *model, int keep, size_t memory_target)
{
    struct results results = {0};
    fg_net *net = nets_create_within(device, model, IMAGES, keep, memory_target);
    const nets_batch part = nets_batch_of(net, 3, 1);

    for (int i = 0; i < STEPS; ++i) {
        const nets_batch batch = nets_batch_of(net, IMAGES - i % 2, i);
        results.losses[i] = nets_step(net, &batch).loss;
    }
    results.evaluation = nets_logits(net, FG_MODE_EVALUATION, &part);
    results.state = nets_state_of(net);
    if (keep)
        results.gradients = nets_gradients(net);
    fg_net_free(net);
    return results;
}

static void expect_same(const struct results *got, const struct results *expected)
{
    for (int i = 0; i < STEPS; ++i)
        ck_assert_msg(got->losses[i] == expected->losses[i],
                      "loss of step %d is %.9g, not %.9g", i + 1, got->losses[i],
                      expected->losses[i]);
    nets_expect_same("evaluation", &got->evaluation, &expected->evaluation);
    nets_expect_same("state", &got->state, &expected->state);
    if (expected->gradients.count > 0)
        nets_expect_same("gradients", &got->gradients, &expected->gradients);
}

static fg_plan_info plan_of(const char *model, int keep, size_t memory_target)
{
    fg_net *net = nets_create_within(device, model, IMAGES, keep, memory_target);
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));

    fg_net_free(net);
    return info;
}

START_TEST(test_every_setting_gives_the_same_bits)
{
    for (int keep = 0; keep < 2; ++keep) {
        const fg_plan_info fast = plan_of(models[_i], keep, FG_MEMORY_FAST);
        const fg_plan_info lean = plan_of(models[_i], keep, FG_MEMORY_LEAN);
        const size_t between =
            lean.device_bytes_peak + (fast.device_bytes_peak - lean.device_bytes_peak) / 2;
        ck_assert_int_eq(fast.recomputed_multiply_adds, 0);
        ck_assert_int_gt(lean.recomputed_multiply_adds, 0);
        ck_assert_uint_lt(lean.device_bytes_peak, fast.device_bytes_peak);
        const struct results kept = train(models[_i], keep, FG_MEMORY_FAST);
        const struct results least = train(models[_i], keep, FG_MEMORY_LEAN);
        const struct results some = train(models[_i], keep, between);
        expect_same(&least, &kept);
        expect_same(&some, &kept);
    }
}
END_TEST

START_TEST(test_bytes_that_cannot_be_reached_are_refused)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net;
    char needed[64];

    config.model = models[0];
    config.images = IMAGES;
    const size_t lean = plan_of(models[0], 0, FG_MEMORY_LEAN).device_bytes_peak;
    config.memory_target = lean;
    FG_EXPECT_OK(fg_net_create(&net, device, &config));
    fg_net_free(net);
    config.memory_target = lean - 1;
    ck_assert_int_eq(fg_net_create(&net, device, &config), FG_ERR_FIT);
    ck_assert_ptr_null(net);
    snprintf(needed, sizeof needed, "needs at least %zu bytes", lean);
    ck_assert_msg(strstr(fg_error_message(), needed) != NULL, "%s", fg_error_message());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/recompute");
    TCase *tests = tcase_create("recompute");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, test_every_setting_gives_the_same_bits, 0, MODELS);
    tcase_add_test(tests, test_bytes_that_cannot_be_reached_are_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
