/* test_families.c - the networks that names stand for, by the numbers of their papers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/families.h"

#include <stdio.h>

#include "plan/checks.h"
#include "plans.h"

static fg_network network; /* of the test that runs */

static void setup(void)
{
    network = (fg_network){0};
}

static void teardown(void)
{
    fg_network_clear(&network);
}

static const fg_network *make(const char *name)
{
    fg_network_clear(&network);
    ck_assert_msg(fg_network_of(&network, name) == FG_OK, "%s", fg_error_message());
    return &network;
}

/* The layers of all stages; a number behind the last stage is 0. */
static void expect_layers(const char *name, const int layers[4])
{
    const fg_network *made = make(name);

    ck_assert_int_eq(made->stages, layers[3] == 0 ? 3 : 4);
    for (int s = 0; s < made->stages; ++s)
        ck_assert_msg(made->stage[s].layers == layers[s], "%s: stage %d has %d layers", name,
                      s + 1, made->stage[s].layers);
}

static void expect_conv(int stage, int conv, int width, int kernel, int groups)
{
    const fg_layer_conv *got = &network.stage[stage - 1].conv[conv - 1];

    ck_assert_int_lt(conv - 1, network.stage[stage - 1].convs);
    ck_assert_int_eq(got->width, width);
    ck_assert_int_eq(got->kernel, kernel);
    ck_assert_int_eq(got->groups, groups);
}

START_TEST(depths_give_layers)
{
    expect_layers("plain-20", (const int[]){3, 3, 3, 0});
    expect_layers("resnet-1202", (const int[]){200, 200, 200, 0});
    expect_layers("resnet-152", (const int[]){3, 8, 36, 3});
    expect_layers("resnet-101:n=1+2+4+3", (const int[]){1, 2, 4, 3});
    expect_layers("resnext-50-32x4d:n=2", (const int[]){2, 2, 2, 2});
    expect_layers("resnext-29-8x64d", (const int[]){3, 3, 3, 0});
    expect_layers("preresnet-basic-110", (const int[]){18, 18, 18, 0});
    expect_layers("preresnet-1001", (const int[]){111, 111, 111, 0});
    expect_layers("sparsenet-sum-2000", (const int[]){222, 222, 222, 0});
    expect_layers("wrn-40-4", (const int[]){6, 6, 6, 0});
    expect_layers("densenet-7-1", (const int[]){1, 1, 1, 0});
    expect_layers("densenet-bc-250-24", (const int[]){41, 41, 41, 0});
    expect_layers("densenet-bc-121-32", (const int[]){19, 19, 19, 0});
    expect_layers("sparsenet-264-32", (const int[]){6, 12, 64, 48});
    expect_layers("seqresnet-r3-k8-n1+2+1", (const int[]){1, 2, 1, 0});
    expect_layers("seqresnet-b42", (const int[]){3, 4, 5, 3});
    expect_layers("delugenet-218", (const int[]){12, 24, 36, 0});
    expect_layers("wide-delugenet-92", (const int[]){5, 10, 15, 0});
    expect_layers("delugenet-92", (const int[]){7, 7, 8, 8});
    expect_layers("delugenet-3000:n=3+1+2", (const int[]){3, 1, 2, 0});
}
END_TEST

START_TEST(densenet_and_sparsenet_concatenate)
{
    const fg_network *made =
        make("sparsenet-bc-100-16+32+64:base=3,compression=0.7,dropout=0.1");

    ck_assert_int_eq(made->stem.conv[0].width, 64);
    ck_assert(!made->stem.conv[0].norm && !made->stem.conv[0].max_pool);
    expect_conv(2, 1, 128, 1, 1);
    expect_conv(2, 2, 32, 3, 1);
    ck_assert_int_eq(made->stage[1].combine, FG_COMBINE_CONCAT);
    ck_assert_int_eq(made->stage[1].sources.rule, FG_RULE_SPARSE);
    ck_assert_int_eq(made->stage[1].sources.base, 3);
    ck_assert_int_eq(made->stage[1].transition.kind, FG_TRANSITION_POOL);
    ck_assert_double_eq(made->stage[1].transition.compression, 0.7);
    ck_assert_int_eq(made->stage[2].transition.kind, FG_TRANSITION_NONE);
    ck_assert_int_eq(made->head, FG_HEAD_NORM);
    ck_assert_int_eq(made->dropout.kind, FG_DROPOUT_CHANNELS);
    ck_assert_int_eq(made->dropout.place, FG_DROPOUT_OUTPUTS);
    ck_assert_double_eq(made->dropout.rate, 0.1);

    made = make("densenet-161-48");
    ck_assert_int_eq(made->classes, 1000);
    ck_assert_int_eq(made->image, 224);
    ck_assert_int_eq(made->stem.conv[0].width, 96);
    ck_assert_int_eq(made->stem.conv[0].kernel, 7);
    ck_assert(made->stem.conv[0].norm && made->stem.conv[0].max_pool);
    ck_assert_int_eq(made->pool_grid, 1);
    ck_assert_int_eq(made->dropout.place, FG_DROPOUT_ALL_OUTPUTS);
    ck_assert_int_eq(make("sparsenet-121-32")->pool_grid, 3);
    ck_assert_int_eq(make("sparsenet-121-32:image=64")->pool_grid, 2);
    ck_assert_int_eq(make("sparsenet-121-32")->stem.conv[0].width, 32);
    ck_assert_int_eq(make("densenet-bc-100-16+32+32")->stem.conv[0].width, 32);
}
END_TEST

START_TEST(residual_networks_differ_in_form_and_entry)
{
    const fg_network *made = make("resnet-20");

    ck_assert_int_eq(made->stage[0].form, FG_FORM_POST);
    ck_assert_int_eq(made->stage[0].entry, FG_ENTRY_INPUT);
    ck_assert_int_eq(made->stage[1].entry, FG_ENTRY_PAD);
    ck_assert_int_eq(made->stage[1].stride, 2);
    ck_assert_int_eq(made->head, FG_HEAD_BARE);
    ck_assert_int_eq(made->dropout.kind, FG_DROPOUT_NONE);
    ck_assert_int_eq(make("plain-20")->stage[1].entry, FG_ENTRY_NONE);

    ck_assert_int_eq(make("resnet-50")->stage[1].stride_conv, 1);
    ck_assert_int_eq(make("resnet-50:stride=1x1")->stage[1].stride_conv, 0);
    ck_assert_int_eq(make("resnet-50")->stage[0].entry, FG_ENTRY_PROJECT);
    make("resnext-29-8x64d");
    expect_conv(3, 1, 2048, 1, 1);
    expect_conv(3, 2, 2048, 3, 8);
    expect_conv(3, 3, 1024, 1, 1);

    made = make("preplain-20");
    ck_assert_int_eq(made->stage[1].sources.window, 1);
    ck_assert_int_eq(made->stage[1].entry, FG_ENTRY_INPUT);
    made = make("preresnet-20");
    ck_assert_int_eq(made->stage[1].sources.rule, FG_RULE_DENSE);
    ck_assert_int_eq(made->stage[0].entry, FG_ENTRY_PROJECT);
    ck_assert_int_eq(made->stage[0].combine, FG_COMBINE_SUM);
    ck_assert_int_eq(make("sparsenet-sum-20:base=3")->stage[0].sources.base, 3);

    ck_assert_int_eq(make("preresnet-basic-20")->stage[0].entry, FG_ENTRY_INPUT);
    ck_assert_int_eq(network.stage[1].entry, FG_ENTRY_PAD);
    ck_assert_int_eq(network.initialiser, FG_INIT_HE_OUT_NORMAL);
    ck_assert_int_eq(make("wrn-16-1")->stage[0].entry, FG_ENTRY_INPUT);
    made = make("resnet-8:initialiser=he-out-uniform,linear_initialiser=outputs");
    ck_assert_int_eq(made->initialiser, FG_INIT_HE_OUT_UNIFORM);
    ck_assert_int_eq(made->linear_initialiser, FG_INIT_LINEAR_OUTPUTS);

    made = make("wrn-16-2:dropout=0.3");
    ck_assert_int_eq(made->stage[0].entry, FG_ENTRY_PROJECT);
    ck_assert_int_eq(made->initialiser, FG_INIT_HE_IN_NORMAL);
    ck_assert_int_eq(made->linear_initialiser, FG_INIT_LINEAR_INPUTS);
    ck_assert_int_eq(made->dropout.kind, FG_DROPOUT_ELEMENTS);
    ck_assert_int_eq(made->dropout.place, FG_DROPOUT_LAST_INPUT);
}
END_TEST

START_TEST(seqconv_networks_extend)
{
    const fg_network *made = make("seqresnet-b-r7-k16-n1:window=0");

    ck_assert_int_eq(made->stem.seq.channels, 16);
    ck_assert(made->stem.seq.bottleneck && !made->stem.seq.windowed);
    ck_assert_int_eq(made->stem.seq_width, 112);
    ck_assert_int_eq(made->stem.down_groups, 0);
    ck_assert(!made->stage[0].seq.windowed);
    ck_assert_int_eq(made->stage[0].transition.width, 224);
    ck_assert_int_eq(made->stage[0].transition.groups, 14);
    ck_assert_int_eq(made->head, FG_HEAD_CONV);
    ck_assert_int_eq(made->initialiser, FG_INIT_HE_OUT_UNIFORM);
    ck_assert_int_eq(made->linear_initialiser, FG_INIT_LINEAR_OUTPUTS);
    ck_assert_int_eq(made->dropout.place, FG_DROPOUT_VIEWS);

    made = make("seqresnext-24");
    ck_assert_int_eq(made->stem.convs, 2);
    ck_assert_int_eq(made->stem.down_groups, 64);
    for (int s = 0; s < 3; ++s)
        ck_assert_int_eq(made->stage[s].transition.groups, 64);
    ck_assert_int_eq(made->stage[2].transition.seq.subgroups, 4);
    ck_assert(made->stage[2].seq.windowed);
    ck_assert_int_eq(make("seqresnet-b22:r=1")->stage[3].conv[0].width, 512);
}
END_TEST

START_TEST(delugenets_aggregate_by_channel)
{
    const fg_network *made = make("wide-delugenet-146");

    ck_assert_int_eq(made->stem.conv[0].width, 56);
    expect_conv(2, 1, 112, 1, 1);
    expect_conv(2, 2, 112, 3, 1);
    expect_conv(2, 3, 224, 1, 1);
    ck_assert_int_eq(made->stage[0].entry, FG_ENTRY_NONE);
    ck_assert_int_eq(made->stage[1].entry, FG_ENTRY_INPUT);
    ck_assert_int_eq(made->stage[0].combine, FG_COMBINE_DEPTHWISE);
    ck_assert_int_eq(made->stage[0].transition.width, 224);
    made = make("delugenet-92");
    ck_assert_int_eq(made->stem.convs, 2);
    ck_assert_int_eq(made->stem.conv[1].width, 128);
    ck_assert_int_eq(made->stage[0].entry, FG_ENTRY_INPUT);
}
END_TEST

/* Channels that enter stage s, as the first convolution of its layers tells. */
static int entering(const fg_plan *plan, int s)
{
    char name[32];

    if (plan->network.stage[s].form == FG_FORM_SEQ)
        return plan->network.stage[s].conv[0].width;
    snprintf(name, sizeof name, "stage%d.layer1.conv1", s + 1);
    for (int i = 0; i < plan->op_count; ++i)
        if (strcmp(plan->ops[i].name, name) == 0)
            return plan->ops[i].in[0].channels;
    ck_abort_msg("%s: no %s", plan->network.name, name);
}

/* What is checked is what a plan is made of. */
static int compare_features(const char *model)
{
    fg_plan *plan = plan_of(model, 1);
    int found = 0;

    for (int m = 0; m < plan->map_count; ++m) {
        const fg_map *map = &plan->maps[m];
        char name[32];
        int64_t count;

        snprintf(name, sizeof name, "stage%d", map->stage + 1);
        if (map->stage < 0 || strcmp(map->name, name) != 0)
            continue;
        ck_assert_int_eq(
            fg_features_count(&count, &plan->network, map->stage, entering(plan, map->stage)),
            FG_OK);
        ck_assert_msg(count == map->channels, "%s: %s has %d channels, counted %d", model, name,
                      map->channels, (int)count);
        ++found;
    }
    fg_plan_free(plan);
    return found;
}

#define STAGES(...) "own\nstem: {width: 8}\nstages: [" __VA_ARGS__ "]\n"

START_TEST(features_are_those_of_the_plan)
{
    static const char *const own[] = {
        STAGES("{layers: 5, width: 8, combine: sum, sources: {window: 3}}"),
        STAGES("{layers: 5, width: 4, combine: sum, sources: {window: 2}, entry: none}"),
        STAGES("{layers: 3, width: 8, combine: sum, entry: project, "
               "sources: [[0], [1], [0, 2], [1, 3]]}"),
        STAGES("{layers: 3, width: 8, combine: sum, entry: none}"),
        STAGES("{layers: 3, width: 4, sources: {window: 2}, transition: conv}, "
               "{layers: 2, width: 4, combine: depthwise}"),
        STAGES("{layers: 2, width: 4, stride: 2, sources: [[0], [1], [2, 1]]}"),
    };
    int found = 0;

    for (int i = 0; i < PLAN_MODELS; ++i)
        found += compare_features(plan_models[i]);
    ck_assert_int_gt(found, PLAN_MODELS);
    for (size_t i = 0; i < sizeof own / sizeof *own; ++i)
        ck_assert_int_gt(compare_features(own[i]), 0);
}
END_TEST

/* Their sums leave nothing of a stage but a few elements. */
START_TEST(deep_and_wide_networks_of_sums_are_allowed)
{
    ck_assert_int_eq(make("wrn-10000-10")->stage[2].layers, 1666);
}
END_TEST

START_TEST(what_was_given_is_known)
{
    const fg_network *made = make("sparsenet-40-12:classes=10");

    ck_assert(made->classes_given && !made->channels_given && !made->image_given);
    made = make("resnet-20:channels=1,image=28");
    ck_assert(!made->classes_given && made->channels_given && made->image_given);
    ck_assert_int_eq(made->channels, 1);
    ck_assert_int_eq(made->image, 28);
}
END_TEST

START_TEST(fractions_are_the_doubles_that_other_programs_read)
{
    static const struct {
        const char *name;
        double compression;
    } rows[] = {{"densenet-40-12:compression=1", 1.0},
                {"densenet-40-12:compression=.3", 0.3},
                {"densenet-40-12:compression=0.29", 0.29},
                {"densenet-40-12:compression=0.33333333333333", 0.33333333333333}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        ck_assert_double_eq(make(rows[i].name)->stage[0].transition.compression,
                            rows[i].compression);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan/families");
    TCase *tcase = tcase_create("families");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 0);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, depths_give_layers);
    tcase_add_test(tcase, densenet_and_sparsenet_concatenate);
    tcase_add_test(tcase, residual_networks_differ_in_form_and_entry);
    tcase_add_test(tcase, seqconv_networks_extend);
    tcase_add_test(tcase, delugenets_aggregate_by_channel);
    tcase_add_test(tcase, features_are_those_of_the_plan);
    tcase_add_test(tcase, deep_and_wide_networks_of_sums_are_allowed);
    tcase_add_test(tcase, what_was_given_is_known);
    tcase_add_test(tcase, fractions_are_the_doubles_that_other_programs_read);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
