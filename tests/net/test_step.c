/* test_step.c - passes and steps: what they give, and what they leave alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "nets.h"

static fg_net *net, *other; /* the same network twice, for IMAGES images */
#define IMAGES 6

static void setup(void)
{
    net = nets_create(fg_device_fixture(), NETS_MODEL, IMAGES, 1);
    other = nets_create(fg_device_fixture(), NETS_MODEL, IMAGES, 1);
}

static void teardown(void)
{
    fg_net_free(other);
    fg_net_free(net);
    fg_arrays_clear();
}

static void expect_same_nets(const char *what)
{
    const nets_state got = nets_state_of(net), expected = nets_state_of(other);
    nets_expect_same(what, &got, &expected);
}

/* ---- bits ---- */

START_TEST(test_step_is_forward_backward_and_update)
{
    for (int i = 0; i < 3; ++i) {
        const nets_batch batch = nets_batch_of(net, IMAGES - i, i);
        const fg_step_result result = nets_step(other, &batch);
        float loss = 0;
        FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, batch.images));
        FG_EXPECT_OK(fg_net_backward(net, &loss, batch.labels));
        FG_EXPECT_OK(fg_net_update(net, &nets_sgd));
        ck_assert(loss == (float)result.loss);
        expect_same_nets("after a step");
    }
}
END_TEST

/* Updates on the way back, slice by slice, are those of all parameters at the end. */
START_TEST(test_kept_gradients_change_no_bits)
{
    fg_net *kept = nets_create(fg_device_fixture(), nets_models[_i], IMAGES, 1);
    fg_net *trained = nets_create_trained(fg_device_fixture(), nets_models[_i], IMAGES);

    for (int i = 0; i < 3; ++i) {
        const nets_batch batch = nets_batch_of(kept, IMAGES - i, i);
        ck_assert(nets_step(kept, &batch).loss == nets_step(trained, &batch).loss);
    }
    const nets_state got = nets_state_of(trained), expected = nets_state_of(kept);
    nets_expect_same(nets_models[_i], &got, &expected);
    fg_net_free(trained);
    fg_net_free(kept);
}
END_TEST

START_TEST(test_smaller_batch_after_a_larger_one_leaves_no_trace)
{
    fg_net *small = nets_create(fg_device_fixture(), NETS_MODEL, 2, 1);
    const nets_batch large = nets_batch_of(net, IMAGES, 0), batch = nets_batch_of(net, 2, 1);
    const nets_state start = nets_state_of(net);

    for (int i = 0; i < 3; ++i)
        nets_step(net, &large);
    nets_state_apply(net, &start);
    for (int i = 0; i < 2; ++i) {
        ck_assert(nets_step(net, &batch).loss == nets_step(small, &batch).loss);
        const nets_state got = nets_gradients(net), expected = nets_gradients(small);
        nets_expect_same("gradients", &got, &expected);
        const nets_state after = nets_state_of(net), small_after = nets_state_of(small);
        nets_expect_same("after a step", &after, &small_after);
    }
    fg_net_free(small);
}
END_TEST

START_TEST(test_evaluation_changes_nothing)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0), more = nets_batch_of(net, 4, 1);

    nets_step(net, &batch);
    nets_step(other, &batch);
    const nets_state logits = nets_logits(net, FG_MODE_EVALUATION, &more);
    const nets_state again = nets_logits(net, FG_MODE_EVALUATION, &more);
    nets_expect_same("logits", &again, &logits);
    const nets_state gradients = nets_gradients(net), expected = nets_gradients(other);
    nets_expect_same("gradients", &gradients, &expected);
    expect_same_nets("after evaluation");
    nets_step(net, &batch);
    nets_step(other, &batch);
    expect_same_nets("a step after evaluation");
}
END_TEST

START_TEST(test_evaluation_does_not_depend_on_the_rest_of_the_batch)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));
    const size_t image = (size_t)(info.image_channels * info.image_side * info.image_side);

    nets_step(net, &batch);
    const nets_state logits = nets_logits(net, FG_MODE_EVALUATION, &batch);
    for (int n = 0; n < IMAGES; ++n) {
        const nets_batch single = {batch.pixels + (size_t)n * image, NULL, 1};
        const nets_state got = nets_logits(net, FG_MODE_EVALUATION, &single);
        const nets_state expected = {logits.values + n * info.classes, (size_t)info.classes};
        nets_expect_same("logits of one image", &got, &expected);
    }
}
END_TEST

START_TEST(test_modes_differ)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const nets_state evaluation = nets_logits(net, FG_MODE_EVALUATION, &batch);
    const nets_state training = nets_logits(net, FG_MODE_TRAINING, &batch);

    ck_assert_int_ne(memcmp(evaluation.values, training.values, training.count * sizeof(float)),
                     0);
}
END_TEST

/* ---- the update ---- */

/* PyTorch's formula in double precision, of every parameter: none is exempt from decay. */
START_TEST(test_update_of_every_parameter)
{
    static const fg_sgd rules[] = {{0.1f, 0.9f, 0.01f, 1}, {0.2f, 0.5f, 0.02f, 0}};
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);

    nets_step(net, &batch); /* momentum is no longer 0 */
    const fg_sgd *sgd = &rules[_i];
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_OK(fg_net_backward(net, NULL, batch.labels));
    const nets_state before = nets_state_of(net), gradients = nets_gradients(net);
    FG_EXPECT_OK(fg_net_update(net, sgd));
    const nets_state after = nets_state_of(net);
    /* Parameters come first; momentum comes last. */
    const size_t momentum = before.count - gradients.count;
    for (size_t i = 0; i < gradients.count; ++i) {
        const double p = (double)before.values[i];
        const double g = (double)gradients.values[i] + (double)sgd->weight_decay * p;
        const double buffer = (double)sgd->momentum * (double)before.values[momentum + i] + g;
        const double expected =
            p -
            (double)sgd->rate * (sgd->nesterov ? g + (double)sgd->momentum * buffer : buffer);
        if (fabs((double)after.values[momentum + i] - buffer) > 1e-6 * (1 + fabs(buffer)) ||
            fabs((double)after.values[i] - expected) > 1e-6 * (1 + fabs(expected)))
            ck_abort_msg("parameter %zu is %g, expected %g", i, (double)after.values[i],
                         expected);
    }
}
END_TEST

/* ---- results ---- */

START_TEST(test_results_of_the_last_steps)
{
    double losses[FG_STEP_RESULTS + 4];
    const int steps = FG_STEP_RESULTS + 3;
    fg_step_result result = {.loss = 17};

    FG_EXPECT_FAILS(fg_net_step_result(net, 0, &result), FG_ERR_ARGUMENT, "step is 0");
    FG_EXPECT_FAILS(fg_net_step_result(net, 1, &result), FG_ERR_ARGUMENT, "step is 1");
    for (int i = 1; i <= steps; ++i) {
        const nets_batch batch = nets_batch_of(net, 2 + i % 3, i);
        uint64_t number = 0;
        FG_EXPECT_OK(
            fg_net_step(net, &number, batch.pixels, batch.labels, batch.images, &nets_sgd));
        ck_assert_uint_eq(number, (uint64_t)i);
        losses[i] = nets_step(other, &batch).loss;
    }
    FG_EXPECT_FAILS(fg_net_step_result(net, (uint64_t)steps + 1, &result), FG_ERR_ARGUMENT,
                    "step is 12");
    FG_EXPECT_FAILS(fg_net_step_result(net, (uint64_t)(steps - FG_STEP_RESULTS), &result),
                    FG_ERR_ARGUMENT, "step is 3");
    ck_assert(result.loss == 17);
    for (int i = steps; i > steps - FG_STEP_RESULTS; --i) {
        FG_EXPECT_OK(fg_net_step_result(net, (uint64_t)i, &result));
        ck_assert(result.loss == losses[i]);
        ck_assert_int_eq(result.images, 2 + i % 3);
    }
}
END_TEST

/* Loss and ranks by the logits, in double precision. */
START_TEST(test_result_follows_from_the_logits)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 3);
    const int classes = fg_plan_information(fg_net_plan(net)).classes;
    const nets_state logits = nets_logits(net, FG_MODE_TRAINING, &batch);
    double loss = 0;
    int correct = 0, correct_top = 0;

    for (int n = 0; n < IMAGES; ++n) {
        const float *scores = logits.values + n * classes;
        const int label = batch.labels[n];
        double sum = 0;
        int higher = 0;
        for (int k = 0; k < classes; ++k) {
            sum += exp((double)scores[k] - (double)scores[label]);
            higher += scores[k] > scores[label];
        }
        loss += log(sum) / IMAGES;
        correct += higher == 0;
        correct_top += higher < 5;
    }
    const fg_step_result result = nets_step(net, &batch);
    ck_assert(fabs(result.loss - loss) < 1e-5);
    ck_assert_int_eq(result.images, IMAGES);
    ck_assert_int_eq(result.correct, correct);
    ck_assert_int_eq(result.correct_top, correct_top);
    ck_assert_int_lt(correct, correct_top);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/step");
    TCase *tests = tcase_create("step");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_step_is_forward_backward_and_update);
    tcase_add_loop_test(tests, test_kept_gradients_change_no_bits, 0, NETS_MODELS);
    tcase_add_test(tests, test_smaller_batch_after_a_larger_one_leaves_no_trace);
    tcase_add_test(tests, test_evaluation_changes_nothing);
    tcase_add_test(tests, test_evaluation_does_not_depend_on_the_rest_of_the_batch);
    tcase_add_test(tests, test_modes_differ);
    tcase_add_loop_test(tests, test_update_of_every_parameter, 0, 2);
    tcase_add_test(tests, test_results_of_the_last_steps);
    tcase_add_test(tests, test_result_follows_from_the_logits);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
