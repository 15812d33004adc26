/* test_refused.c - steps that are refused change nothing, and a loss that is not finite is no end.
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

START_TEST(test_refused_steps_change_nothing)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    int32_t labels[IMAGES];
    static const struct {
        fg_sgd sgd;
        const char *message;
    } rules[] = {
        {{NAN, 0.9f, 0, 1}, "rate"},     {{INFINITY, 0.9f, 0, 1}, "rate"},
        {{-0.1f, 0.9f, 0, 1}, "rate"},   {{0.1f, 1.0f, 0, 1}, "momentum"},
        {{0.1f, NAN, 0, 1}, "momentum"}, {{0.1f, 0.9f, -1e-3f, 1}, "weight_decay"},
    };

    nets_step(net, &batch);
    nets_step(other, &batch);
    for (int bad = -1; bad <= 7; bad += 8) {
        memcpy(labels, batch.labels, sizeof labels);
        labels[IMAGES - 1] = bad;
        FG_EXPECT_FAILS(fg_net_step(net, NULL, batch.pixels, labels, IMAGES, &nets_sgd),
                        FG_ERR_ARGUMENT, "label of image 5");
    }
    for (int images = 0; images <= IMAGES + 1; images += IMAGES + 1)
        FG_EXPECT_FAILS(fg_net_step(net, NULL, batch.pixels, batch.labels, images, &nets_sgd),
                        FG_ERR_ARGUMENT, images == 0 ? "0 images" : "7 images");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; ++i)
        FG_EXPECT_FAILS(
            fg_net_step(net, NULL, batch.pixels, batch.labels, IMAGES, &rules[i].sgd),
            FG_ERR_ARGUMENT, rules[i].message);
    expect_same_nets("after refused steps");
    ck_assert(nets_step(net, &batch).loss == nets_step(other, &batch).loss);
    expect_same_nets("a step after refused ones");
}
END_TEST

START_TEST(test_refused_labels_keep_the_forward_pass)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    int32_t labels[IMAGES] = {0, 7};

    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_FAILS(fg_net_backward(net, NULL, labels), FG_ERR_ARGUMENT, "label of image 1");
    FG_EXPECT_FAILS(fg_net_forward(net, FG_MODE_EVALUATION, NULL, batch.pixels, IMAGES + 1),
                    FG_ERR_ARGUMENT, "7 images");
    FG_EXPECT_OK(fg_net_backward(net, NULL, batch.labels));
    FG_EXPECT_OK(fg_net_update(net, &nets_sgd));
    nets_step(other, &batch);
    expect_same_nets("after refused labels");
}
END_TEST

START_TEST(test_calls_out_of_order_are_refused)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    float value = 0;

    FG_EXPECT_FAILS(fg_net_backward(net, NULL, batch.labels), FG_ERR_ARGUMENT, "forward pass");
    FG_EXPECT_FAILS(fg_net_update(net, &nets_sgd), FG_ERR_ARGUMENT, "backward pass");
    FG_EXPECT_FAILS(fg_net_read_gradient(net, 0, &value), FG_ERR_ARGUMENT, "backward pass");
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_EVALUATION, NULL, batch.pixels, IMAGES));
    FG_EXPECT_FAILS(fg_net_backward(net, NULL, batch.labels), FG_ERR_ARGUMENT, "forward pass");
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_OK(fg_net_backward(net, NULL, batch.labels));
    FG_EXPECT_FAILS(fg_net_backward(net, NULL, batch.labels), FG_ERR_ARGUMENT, "forward pass");
    FG_EXPECT_OK(fg_net_update(net, &nets_sgd));
}
END_TEST

/* Only a step knows how to update on its way back. */
START_TEST(test_passes_need_kept_gradients)
{
    static const char *const message = "keep_gradients";
    fg_net *trained = nets_create_trained(fg_device_fixture(), NETS_MODEL, IMAGES);
    const nets_batch batch = nets_batch_of(trained, IMAGES, 0);
    float value = 0;

    nets_step(trained, &batch);
    nets_step(net, &batch);
    FG_EXPECT_OK(fg_net_forward(trained, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_FAILS(fg_net_backward(trained, &value, batch.labels), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_update(trained, &nets_sgd), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_read_gradient(trained, 0, &value), FG_ERR_ARGUMENT, message);
    nets_step(trained, &batch);
    nets_step(net, &batch);
    const nets_state got = nets_state_of(trained), expected = nets_state_of(net);
    nets_expect_same("after refused passes", &got, &expected);
    fg_net_free(trained);
}
END_TEST

START_TEST(test_single_values_have_no_variance)
{
    fg_net *narrow = nets_create(fg_device_fixture(), "sparsenet-10-4:image=4", 2, 1);
    const nets_batch one = nets_batch_of(narrow, 1, 0), two = nets_batch_of(narrow, 2, 0);
    const nets_state before = nets_state_of(narrow);

    FG_EXPECT_FAILS(fg_net_step(narrow, NULL, one.pixels, one.labels, 1, &nets_sgd),
                    FG_ERR_ARGUMENT, "one value per channel");
    FG_EXPECT_FAILS(fg_net_forward(narrow, FG_MODE_TRAINING, NULL, one.pixels, 1),
                    FG_ERR_ARGUMENT, "one value per channel");
    const nets_state after = nets_state_of(narrow);
    nets_expect_same("after refused steps", &after, &before);
    nets_logits(narrow, FG_MODE_EVALUATION, &one);
    nets_step(narrow, &two);
    /* Two pixels are enough. */
    const nets_batch single = nets_batch_of(net, 1, 0);
    ck_assert(isfinite(nets_step(net, &single).loss));
    fg_net_free(narrow);
}
END_TEST

START_TEST(test_net_survives_a_loss_that_is_not_finite)
{
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const nets_state start = nets_state_of(net);
    const int classifier = fg_net_find(net, "head.linear.weight");
    const size_t count = (size_t)fg_net_tensor(net, classifier).elements;
    float *weights = fg_arrays_floats(count);
    fg_step_result result = {.images = 0};
    uint64_t number = 0;
    float loss = 17;

    FG_EXPECT_OK(fg_net_read(net, classifier, weights));
    weights[count / 2] = NAN;
    FG_EXPECT_OK(fg_net_write(net, classifier, weights));
    FG_EXPECT_OK(fg_net_step(net, &number, batch.pixels, batch.labels, IMAGES, &nets_sgd));
    FG_EXPECT_FAILS(fg_net_step_result(net, number, &result), FG_ERR_NOT_FINITE, "step 1");
    ck_assert(!isfinite(result.loss));
    ck_assert_int_eq(result.images, IMAGES);
    ck_assert_int_le(result.correct, IMAGES);
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
    FG_EXPECT_FAILS(fg_net_backward(net, &loss, batch.labels), FG_ERR_NOT_FINITE, "step 2");

    nets_state_apply(net, &start);
    for (int i = 0; i < 2; ++i)
        ck_assert(nets_step(net, &batch).loss == nets_step(other, &batch).loss);
    expect_same_nets("with the weights loaded again");
}
END_TEST

/* In a filter, in the norm in front of one, in a picture: through ReLU and all that is behind it,
 * to the loss and back. */
START_TEST(test_a_nan_shows_in_loss_and_gradient)
{
    static const char *const places[] = {"stem.conv.weight", "stage1.layer1.norm1.weight",
                                         "head.norm.bias", "pixels"};
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const nets_state start = nets_state_of(net);

    for (size_t i = 0; i < sizeof places / sizeof places[0]; ++i) {
        const int found = fg_net_find(net, places[i]);
        const int tensor = found >= 0 ? found : fg_net_find(net, "stem.conv.weight");
        const size_t count = (size_t)fg_net_tensor(net, tensor).elements;
        float *values = fg_arrays_floats(count), loss = 0;

        FG_EXPECT_OK(fg_net_read(net, tensor, values));
        *(found >= 0 ? values : batch.pixels) = NAN;
        FG_EXPECT_OK(fg_net_write(net, tensor, values));
        FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, IMAGES));
        FG_EXPECT_FAILS(fg_net_backward(net, &loss, batch.labels), FG_ERR_NOT_FINITE, "step");
        FG_EXPECT_OK(fg_net_read_gradient(net, tensor, values));
        ck_assert_msg(isnan(values[0]), "%s: the gradient is %g", places[i], (double)values[0]);
        nets_state_apply(net, &start);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/refused");
    TCase *tests = tcase_create("refused");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_refused_steps_change_nothing);
    tcase_add_test(tests, test_refused_labels_keep_the_forward_pass);
    tcase_add_test(tests, test_calls_out_of_order_are_refused);
    tcase_add_test(tests, test_passes_need_kept_gradients);
    tcase_add_test(tests, test_single_values_have_no_variance);
    tcase_add_test(tests, test_net_survives_a_loss_that_is_not_finite);
    tcase_add_test(tests, test_a_nan_shows_in_loss_and_gradient);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
