/* test_create.c - networks that can be made, networks that cannot, and what they start from.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "nets.h"

/* ---- creation ---- */

START_TEST(test_every_kind_of_network_trains_a_step)
{
    fg_net *net = nets_create(fg_device_fixture(), nets_models[_i], 3, 1);
    const nets_batch batch = nets_batch_of(net, 3, 0);
    const nets_state before = nets_state_of(net);

    ck_assert_int_eq(fg_plan_information(fg_net_plan(net)).images, 3);
    const fg_step_result result = nets_step(net, &batch);
    ck_assert(isfinite(result.loss) && result.loss > 0);
    const nets_state after = nets_state_of(net);
    for (size_t i = 0; i < after.count; ++i)
        if (!isfinite(after.values[i]))
            ck_abort_msg("value %zu is %g", i, (double)after.values[i]);
    ck_assert_int_ne(memcmp(before.values, after.values, before.count * sizeof(float)), 0);
    fg_net_free(net);
}
END_TEST

START_TEST(test_free_takes_null)
{
    fg_net_free(NULL);
}
END_TEST

static const struct {
    const char *model;
    int images;
    fg_status status;
    const char *message;
} refused[] = {
    {NULL, 2, FG_ERR_ARGUMENT, "model"},
    {"", 2, FG_ERR_ARGUMENT, "\"\""},
    {"alexnet-8", 2, FG_ERR_ARGUMENT, "alexnet-8"},
    {"sparsenet-11-4", 2, FG_ERR_ARGUMENT, "11"},
    {"sparsenet-10-0", 2, FG_ERR_ARGUMENT, "sparsenet-10-0"},
    {"sparsenet-10-4:image=3", 2, FG_ERR_ARGUMENT, "3"},
    {"sparsenet-10-4:window=0", 2, FG_ERR_ARGUMENT, "window"},
    {"sparsenet-10-4", 0, FG_ERR_ARGUMENT, "batch is 0"},
    {"sparsenet-10-4", -3, FG_ERR_ARGUMENT, "batch is -3"},
    {"sparsenet-10-4", 2147483647, FG_ERR_ARGUMENT, "batch is 2147483647"},
    {"densenet-100-24", 4096, FG_ERR_FIT, "the largest batch that fits is"},
};
#define REFUSED ((int)(sizeof refused / sizeof refused[0]))

START_TEST(test_impossible_networks_are_refused)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net = (fg_net *)&config;

    config.model = refused[_i].model;
    config.images = refused[_i].images;
    FG_EXPECT_FAILS(fg_net_create(&net, fg_device_fixture(), &config), refused[_i].status,
                    refused[_i].message);
    ck_assert_ptr_null(net);
}
END_TEST

START_TEST(test_config_that_was_not_initialised_is_refused)
{
    const fg_net_config config = {.model = NETS_MODEL, .images = 2};
    fg_net *net = (fg_net *)&net;

    FG_EXPECT_FAILS(fg_net_create(&net, fg_device_fixture(), &config), FG_ERR_ARGUMENT,
                    "struct_size");
    ck_assert_ptr_null(net);
}
END_TEST

/* ---- networks that only go forward ---- */

START_TEST(test_network_without_training_says_the_same_in_less_memory)
{
    fg_net *trained = nets_create(fg_device_fixture(), NETS_MODEL, 5, 1);
    fg_net *net = nets_create(fg_device_fixture(), NETS_MODEL, 5, 0);
    const nets_batch batch = nets_batch_of(net, 5, 0);

    for (int i = 0; i < 3; ++i)
        nets_step(trained, &batch);
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        float *values = fg_arrays_floats((size_t)fg_net_tensor(net, i).elements);
        FG_EXPECT_OK(fg_net_read(trained, i, values));
        FG_EXPECT_OK(fg_net_write(net, i, values));
    }
    const nets_state expected = nets_logits(trained, FG_MODE_EVALUATION, &batch);
    const nets_state got = nets_logits(net, FG_MODE_EVALUATION, &batch);
    nets_expect_same("logits", &got, &expected);
    /* It has no gradients, but packed weights that stay. */
    ck_assert_uint_lt(fg_plan_information(fg_net_plan(net)).device_bytes_peak,
                      fg_plan_information(fg_net_plan(trained)).device_bytes_peak);
    fg_net_free(net);
    fg_net_free(trained);
}
END_TEST

START_TEST(test_network_without_training_refuses_to_train)
{
    static const char *const message = "without training";
    fg_net *net = nets_create(fg_device_fixture(), NETS_MODEL, 2, 0);
    const nets_batch batch = nets_batch_of(net, 2, 0);
    float value = 0;

    FG_EXPECT_FAILS(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch.pixels, 2),
                    FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_backward(net, NULL, batch.labels), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_update(net, &nets_sgd), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_step(net, NULL, batch.pixels, batch.labels, 2, &nets_sgd),
                    FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_read_momentum(net, 0, &value), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_write_momentum(net, 0, &value), FG_ERR_ARGUMENT, message);
    nets_logits(net, FG_MODE_EVALUATION, &batch);
    fg_net_free(net);
}
END_TEST

/* ---- initial weights ---- */

static nets_state initial(uint64_t seed)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net = NULL;

    config.model = NETS_MODEL;
    config.images = 2;
    config.seed = seed;
    FG_EXPECT_OK(fg_net_create(&net, fg_device_fixture(), &config));
    const nets_state state = nets_state_of(net);
    fg_net_free(net);
    return state;
}

START_TEST(test_seed_decides_the_initial_weights)
{
    const nets_state one = initial(1), again = initial(1), two = initial(2);
    const nets_state far = initial((1ull << 32) + 1); /* its high half counts too */

    nets_expect_same("same seed", &again, &one);
    ck_assert_int_ne(memcmp(one.values, two.values, 64 * sizeof(float)), 0);
    ck_assert_int_ne(memcmp(one.values, far.values, 64 * sizeof(float)), 0);
}
END_TEST

static int ends_with(const char *name, const char *end)
{
    return strlen(name) >= strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static void expect_constant(const fg_tensor_info *tensor, const float *values, float value)
{
    for (int64_t i = 0; i < tensor->elements; ++i)
        if (values[i] != value)
            ck_abort_msg("%s[%lld] is %g, expected %g", tensor->name, (long long)i,
                         (double)values[i], (double)value);
}

/* Five standard deviations of the mean, and of the variance, of so many values. */
static void expect_moments(const fg_tensor_info *tensor, const float *values, double variance,
                           double variance_error)
{
    const double n = (double)tensor->elements;
    double mean = 0, square = 0;

    for (int64_t i = 0; i < tensor->elements; ++i) {
        mean += (double)values[i] / n;
        square += (double)values[i] * (double)values[i] / n;
    }
    ck_assert_msg(fabs(mean) < 5 * sqrt(variance / n), "%s: mean %g", tensor->name, mean);
    ck_assert_msg(fabs(square / variance - 1) < 5 * variance_error / sqrt(n),
                  "%s: variance %g, expected %g", tensor->name, square, variance);
}

START_TEST(test_initial_values_of_every_tensor)
{
    fg_net *net = nets_create(fg_device_fixture(), "densenet-bc-16-8:image=8,classes=50", 2, 1);
    int weights = 0;
    double last = 0;

    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        float *values = fg_arrays_floats((size_t)tensor.elements);
        FG_EXPECT_OK(fg_net_read(net, i, values));
        if (tensor.dimensions == 4) {
            /* He: the variance counts the output's fan. That of a normal variable's square is 2. */
            const double variance = 2.0 / (tensor.shape[0] * tensor.shape[2] * tensor.shape[3]);
            expect_moments(&tensor, values, variance, sqrt(2.0));
            /* Every tensor has numbers of its own. */
            const double first = (double)values[0] / sqrt(variance);
            ck_assert(fabs(first - last) > 1e-4);
            last = first;
            ++weights;
        } else if (strcmp(tensor.name, "head.linear.weight") == 0) {
            const float bound = 1.0f / sqrtf((float)tensor.shape[1]);
            float largest = 0;
            for (int64_t k = 0; k < tensor.elements; ++k)
                largest = fmaxf(largest, fabsf(values[k]));
            ck_assert(largest < bound && largest > 0.95f * bound);
            expect_moments(&tensor, values, (double)(bound * bound) / 3, sqrt(0.8));
        } else if (ends_with(tensor.name, ".running_var") ||
                   ends_with(tensor.name, ".weight")) {
            expect_constant(&tensor, values, 1.0f);
        } else {
            expect_constant(&tensor, values, 0.0f);
        }
        if (tensor.trained) {
            FG_EXPECT_OK(fg_net_read_momentum(net, i, values));
            expect_constant(&tensor, values, 0.0f);
        }
    }
    ck_assert_int_eq(weights, 1 + 3 * 2 * 2 + 2);
    fg_net_free(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/create");
    TCase *tests = tcase_create("create");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, test_every_kind_of_network_trains_a_step, 0, NETS_MODELS);
    tcase_add_test(tests, test_free_takes_null);
    tcase_add_loop_test(tests, test_impossible_networks_are_refused, 0, REFUSED);
    tcase_add_test(tests, test_config_that_was_not_initialised_is_refused);
    tcase_add_test(tests, test_network_without_training_says_the_same_in_less_memory);
    tcase_add_test(tests, test_network_without_training_refuses_to_train);
    tcase_add_test(tests, test_seed_decides_the_initial_weights);
    tcase_add_test(tests, test_initial_values_of_every_tensor);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
