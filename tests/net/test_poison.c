/* test_poison.c - memory that nothing has written, or that nothing reads any more, has no say: with NaN
 * in all of it (FG_POISON) a network computes the same bits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nets.h"

#define IMAGES 5

static fg_device
    *devices[2]; /* without and with FG_POISON, which a device reads at its creation */

static void setup(void)
{
    for (int i = 0; i < 2; ++i) {
        setenv("FG_POISON", i == 0 ? "0" : "1", 1);
        FG_EXPECT_OK(fg_device_create(&devices[i], NULL));
    }
}

static void teardown(void)
{
    for (int i = 0; i < 2; ++i)
        fg_device_free(devices[i]);
}

/* Training, evaluation and training again, with batches that leave part of the memory unused. */
START_TEST(test_training_reads_nothing_that_is_not_there)
{
    nets_state logits[2][2], state[2], gradients[2];

    for (int i = 0; i < 2; ++i) {
        fg_net *net = nets_create(devices[i], nets_models[_i], IMAGES, 1);
        const nets_batch full = nets_batch_of(net, IMAGES, 0), part = nets_batch_of(net, 3, 1);
        ck_assert_int_eq(devices[i]->poison, i);
        nets_step(net, &part);
        nets_step(net, &full);
        logits[i][0] = nets_logits(net, FG_MODE_EVALUATION, &part);
        logits[i][1] = nets_logits(net, FG_MODE_TRAINING, &full);
        nets_step(net, &part);
        state[i] = nets_state_of(net);
        gradients[i] = nets_gradients(net);
        fg_net_free(net);
    }
    nets_expect_same("evaluation", &logits[1][0], &logits[0][0]);
    nets_expect_same("training", &logits[1][1], &logits[0][1]);
    nets_expect_same("state", &state[1], &state[0]);
    nets_expect_same("gradients", &gradients[1], &gradients[0]);
}
END_TEST

START_TEST(test_evaluation_reads_nothing_that_is_not_there)
{
    nets_state logits[2];

    for (int i = 0; i < 2; ++i) {
        fg_net *net = nets_create(devices[i], nets_models[_i], IMAGES, 0);
        const nets_batch part = nets_batch_of(net, 3, 1);
        nets_logits(net, FG_MODE_EVALUATION, &part);
        logits[i] = nets_logits(net, FG_MODE_EVALUATION, &part);
        fg_net_free(net);
    }
    nets_expect_same("logits", &logits[1], &logits[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/poison");
    TCase *tests = tcase_create("poison");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, test_training_reads_nothing_that_is_not_there, 0, NETS_MODELS);
    tcase_add_loop_test(tests, test_evaluation_reads_nothing_that_is_not_there, 0, NETS_MODELS);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
