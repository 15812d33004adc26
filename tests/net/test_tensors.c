/* test_tensors.c - parameters and running statistics by name and number.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nets.h"

static fg_net *net;

static void setup(void)
{
    net = nets_create(fg_device_fixture(), NETS_MODEL, 2, 1);
}

static void teardown(void)
{
    fg_net_free(net);
    fg_arrays_clear();
}

START_TEST(test_names_find_their_tensors)
{
    int64_t trained = 0;

    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        int64_t elements = 1;
        ck_assert_int_eq(fg_net_find(net, tensor.name), i);
        for (int d = 0; d < tensor.dimensions; ++d)
            elements *= tensor.shape[d];
        ck_assert_int_eq(elements, tensor.elements);
        trained += tensor.trained ? tensor.elements : 0;
    }
    ck_assert_int_eq(trained, fg_plan_information(fg_net_plan(net)).parameters);
    ck_assert_int_eq(fg_net_find(net, "stem.conv"), -1);
    ck_assert_int_eq(fg_net_find(net, ""), -1);
    ck_assert_int_eq(fg_net_find(net, NULL), -1);
    ck_assert_ptr_null(fg_net_tensor(net, -1).name);
    ck_assert_ptr_null(fg_net_tensor(net, fg_net_tensors(net)).name);
    ck_assert_int_eq(fg_net_find(net, "stem.conv.weight.momentum"), -1);
}
END_TEST

/* Every tensor has a place of its own, and what is written is what is read. */
START_TEST(test_writes_reach_their_tensor_alone)
{
    const nets_state before = nets_state_of(net);
    const nets_state ramp = {fg_arrays_floats(before.count), before.count};

    for (size_t i = 0; i < ramp.count; ++i)
        ramp.values[i] = (float)i;
    nets_state_apply(net, &ramp);
    const nets_state after = nets_state_of(net);
    nets_expect_same("all of it", &after, &ramp);

    for (size_t i = 0; i < ramp.count; ++i)
        ramp.values[i] = -1.0f;
    const int index = fg_net_find(net, "stage1.layer2.norm1.bias");
    FG_EXPECT_OK(fg_net_write(net, index, ramp.values));
    const nets_state changed = nets_state_of(net);
    size_t at = 0;
    for (int i = 0; i < index; ++i)
        at += (size_t)fg_net_tensor(net, i).elements;
    for (size_t i = 0; i < changed.count; ++i) {
        const size_t end = at + (size_t)fg_net_tensor(net, index).elements;
        const float expected = i >= at && i < end ? -1.0f : (float)i;
        if (changed.values[i] != expected)
            ck_abort_msg("value %zu is %g, expected %g", i, (double)changed.values[i],
                         (double)expected);
    }
}
END_TEST

START_TEST(test_tensors_that_are_not_there_are_refused)
{
    static const char *const message = "number";
    const nets_batch batch = nets_batch_of(net, 2, 0);
    float value = 0;

    nets_step(net, &batch);
    for (int index = -1; index <= fg_net_tensors(net); index += fg_net_tensors(net) + 1) {
        FG_EXPECT_FAILS(fg_net_read(net, index, &value), FG_ERR_ARGUMENT, message);
        FG_EXPECT_FAILS(fg_net_write(net, index, &value), FG_ERR_ARGUMENT, message);
        FG_EXPECT_FAILS(fg_net_read_gradient(net, index, &value), FG_ERR_ARGUMENT, message);
        FG_EXPECT_FAILS(fg_net_read_momentum(net, index, &value), FG_ERR_ARGUMENT, message);
        FG_EXPECT_FAILS(fg_net_write_momentum(net, index, &value), FG_ERR_ARGUMENT, message);
    }
}
END_TEST

START_TEST(test_running_statistics_are_not_trained)
{
    static const char *const message = "running statistic";
    const nets_batch batch = nets_batch_of(net, 2, 0);
    const int index = fg_net_find(net, "head.norm.running_var");
    float values[64];

    nets_step(net, &batch);
    ck_assert_int_eq(fg_net_tensor(net, index).trained, 0);
    FG_EXPECT_FAILS(fg_net_read_gradient(net, index, values), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_read_momentum(net, index, values), FG_ERR_ARGUMENT, message);
    FG_EXPECT_FAILS(fg_net_write_momentum(net, index, values), FG_ERR_ARGUMENT, message);
}
END_TEST

START_TEST(test_gradients_are_there_where_they_are_kept)
{
    fg_net *plain = nets_create_trained(fg_device_fixture(), NETS_MODEL, 2);
    float value = 0;

    const nets_batch batch = nets_batch_of(plain, 2, 0);
    nets_step(plain, &batch);
    FG_EXPECT_FAILS(fg_net_read_gradient(plain, 0, &value), FG_ERR_ARGUMENT, "keep_gradients");
    fg_net_free(plain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/tensors");
    TCase *tests = tcase_create("tensors");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_names_find_their_tensors);
    tcase_add_test(tests, test_writes_reach_their_tensor_alone);
    tcase_add_test(tests, test_tensors_that_are_not_there_are_refused);
    tcase_add_test(tests, test_running_statistics_are_not_trained);
    tcase_add_test(tests, test_gradients_are_there_where_they_are_kept);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
