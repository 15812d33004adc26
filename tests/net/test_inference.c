/* test_inference.c - networks without training: what is made of parameters is made once, for as long as
 * these stay as they are, and an image's logits depend on nothing but the image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nets.h"
#include "spy.h"

#define IMAGES 5

static int made; /* launches that make something of parameters alone */
static int launches;

static void count(const spy_launch *launch)
{
    ++launches;
    made +=
        strstr(launch->name, "pack") != NULL || strcmp(launch->name, "batchnorm_affine") == 0;
}

/* Logits, and how many launches made packed weights or norms for them. */
static nets_state counted_logits(fg_net *net, const nets_batch *batch)
{
    nets_state logits;

    made = launches = 0;
    spy_hook = count;
    logits = nets_logits(net, FG_MODE_EVALUATION, batch);
    spy_hook = NULL;
    return logits;
}

/* What a net that trains packs in each of its passes is the reference. */
static void check_keeping(const char *model)
{
    fg_net *net = nets_create(fg_device_fixture(), model, IMAGES, 0);
    fg_net *reference = nets_create(fg_device_fixture(), model, IMAGES, 1);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0), part = nets_batch_of(net, 2, 1);
    nets_state logits = counted_logits(net, &batch), expected;

    ck_assert_int_gt(made, 0);
    expected = counted_logits(reference, &batch);
    nets_expect_same("the first pass", &logits, &expected);
    for (int i = 0; i < 2; ++i) {
        logits = counted_logits(net, i == 0 ? &part : &batch);
        ck_assert_int_eq(made, 0);
        ck_assert_int_gt(launches, 0);
        expected = counted_logits(reference, i == 0 ? &part : &batch);
        ck_assert_int_gt(made, 0);
        nets_expect_same("a pass that keeps", &logits, &expected);
    }
    fg_net_free(reference);
    fg_net_free(net);
}

START_TEST(weights_are_packed_once)
{
    check_keeping(nets_models[_i]);
}
END_TEST

START_TEST(weights_of_candidates_are_packed_once)
{
    setenv("FG_ALGORITHM", "winograd", 1);
    check_keeping(NETS_MODEL);
    check_keeping("preresnet-basic-14:image=9");
    unsetenv("FG_ALGORITHM");
}
END_TEST

/* Parameters and running statistics, each tensor alone. */
START_TEST(what_is_written_counts_in_the_next_pass)
{
    fg_net *net = nets_create(fg_device_fixture(), NETS_MODEL, IMAGES, 0);
    fg_net *reference = nets_create(fg_device_fixture(), NETS_MODEL, IMAGES, 1);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    nets_state logits = nets_logits(net, FG_MODE_EVALUATION, &batch), expected;

    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const size_t elements = (size_t)fg_net_tensor(net, i).elements;
        const nets_state before = logits;
        float *values = fg_arrays_floats(elements);
        FG_EXPECT_OK(fg_net_read(net, i, values));
        for (size_t j = 0; j < elements; ++j)
            values[j] = 1.25f * values[j] + 0.01f;
        FG_EXPECT_OK(fg_net_write(net, i, values));
        FG_EXPECT_OK(fg_net_write(reference, i, values));
        logits = nets_logits(net, FG_MODE_EVALUATION, &batch);
        expected = nets_logits(reference, FG_MODE_EVALUATION, &batch);
        nets_expect_same(fg_net_tensor(net, i).name, &logits, &expected);
        ck_assert_msg(memcmp(logits.values, before.values, logits.count * sizeof(float)) != 0,
                      "%s makes no difference", fg_net_tensor(net, i).name);
    }
    fg_net_free(reference);
    fg_net_free(net);
}
END_TEST

/* Each image alone, and in the batch: cut into other work-groups, whose tiles are others. */
START_TEST(an_image_has_the_same_logits_in_every_batch)
{
    fg_net *net = nets_create(fg_device_fixture(), nets_models[_i], IMAGES, 0);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));
    const size_t image = (size_t)(info.image_channels * info.image_side * info.image_side);
    const nets_state all = nets_logits(net, FG_MODE_EVALUATION, &batch);

    for (int i = 0; i < IMAGES; ++i) {
        const nets_batch one = {batch.pixels + (size_t)i * image, NULL, 1};
        const nets_state got = nets_logits(net, FG_MODE_EVALUATION, &one);
        const nets_state expected = {all.values + (size_t)(i * info.classes),
                                     (size_t)info.classes};
        nets_expect_same("one image's logits", &got, &expected);
    }
    fg_net_free(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/inference");
    TCase *tests = tcase_create("inference");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, weights_are_packed_once, 0, NETS_MODELS);
    tcase_add_test(tests, weights_of_candidates_are_packed_once);
    tcase_add_test(tests, what_is_written_counts_in_the_next_pass);
    tcase_add_loop_test(tests, an_image_has_the_same_logits_in_every_batch, 0, NETS_MODELS);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
