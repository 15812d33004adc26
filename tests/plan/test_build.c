/* test_build.c - what a model becomes: published counts, shapes, the table of running
 * statistics, and models that are impossible.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/build.h"

#include "plans.h"

START_TEST(parameters_and_multiply_adds_are_the_published_ones)
{
    static const struct {
        const char *model;
        int64_t parameters, multiply_adds;
    } rows[] = {
        {"densenet-40-12:init=16", 1019722, 264812928},
        {"densenet-100-12:init=16", 6979642, 1769516448},
        {"densenet-100-24:init=16", 27249082, 6889347744},
        {"densenet-40-12:classes=100", 1100428, 282958368},
        {"densenet-100-12:classes=100", 7189468, 1816849248},
        {"densenet-100-24:classes=100", 28283476, 7265834688},
        {"densenet-400-12", 117124738, 29447729808},
        {"densenet-bc-100-12", 769162, 287929692},
        {"densenet-bc-250-24", 15324406, 5418785724},
        {"densenet-bc-190-40", 25624430, 9301945740},
        {"densenet-bc-400-4", 1116506, 353116704},
        {"densenet-bc-400-4:classes=100,init=4", 1147940, 346803932},
        {"densenet-bc-400-24:classes=100", 37133956, 12705677184},
        {"densenet-bc-100-16+32+64:classes=100", 7925188, 1181684544},
        {"densenet-bc-40-36", 1542682, 647298936},
        {"densenet-bc-40-48", 2733130, 1149867168},
        {"densenet-bc-40-60", 4261690, 1795836360},
        {"sparsenet-40-12:classes=100", 193924, 78350016},
        {"sparsenet-40-24:classes=100", 757252, 312063360},
        {"sparsenet-100-24:classes=100", 2522404, 1050085440},
        {"sparsenet-100-36:classes=100", 5645908, 2361686112},
        {"sparsenet-100-16+32+64:classes=100", 7218148, 1046091264},
        {"sparsenet-bc-100-12:classes=100", 373348, 160585584},
        {"sparsenet-bc-400-12:classes=100", 1702948, 737140944},
        {"sparsenet-bc-100-24:classes=100", 1461124, 641003232},
        {"sparsenet-bc-100-36:classes=100", 3263428, 1441252944},
        {"sparsenet-bc-100-16+32+64:classes=100", 4376852, 649559296},
        {"sparsenet-bc-100-32+64+128:classes=100", 17339780, 2550921728},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *plan = plan_of(rows[i].model, 1);
        ck_assert_msg(plan->parameters == rows[i].parameters, "%s: %lld parameters",
                      rows[i].model, (long long)plan->parameters);
        ck_assert_msg(plan->multiply_adds == rows[i].multiply_adds, "%s: %lld multiply-adds",
                      rows[i].model, (long long)plan->multiply_adds);
        fg_plan_free(plan);
    }
}
END_TEST

/* Input widths of the specification's table, layers 1..12, then the transition. */
START_TEST(layers_are_as_wide_as_published)
{
    static const int widths[] = {48, 72, 48, 96, 72, 72, 72, 120, 96, 96, 96, 96, 96};
    fg_plan *plan = plan_of("sparsenet-40-24", 1);

    for (int i = 0; i < 13; ++i)
        ck_assert_int_eq(plan->convs[1 + i].reads.channels, widths[i]);
    ck_assert_int_eq(plan->convs[13].out_channels, 96);
    fg_plan_free(plan);
}
END_TEST

START_TEST(transitions_round_down_as_doubles_do)
{
    fg_plan *plan = plan_of("densenet-bc-16-10:compression=0.7,init=70", 1);

    /* 0.7 * (70 + 2*10) = 62.99999999999999 */
    ck_assert_int_eq(plan->pools[0].in_map, plan->convs[5].out_map);
    ck_assert_int_eq(plan->maps[plan->pools[0].in_map].channels, 62);
    fg_plan_free(plan);
}
END_TEST

START_TEST(odd_sides_lose_their_last_row)
{
    fg_plan *plan = plan_of("sparsenet-22-8:image=27", 1);
    int sides[3];

    for (int i = 0; i < plan->map_count; ++i)
        if (plan->maps[i].kind == FG_MAP_FEATURES)
            sides[plan->maps[i].stage] = plan->maps[i].height;
    ck_assert_int_eq(sides[0], 27);
    ck_assert_int_eq(sides[1], 13);
    ck_assert_int_eq(sides[2], 6);
    fg_plan_free(plan);
}
END_TEST

/* Every channel of a normalised map is written by one operation, and each map by those of a
 * stage. */
static void check_writers(const fg_plan *plan)
{
    for (int m = 0; m < plan->map_count; ++m) {
        const fg_map *map = &plan->maps[m];
        int written = m == plan->input_map ? map->channels : 0;
        for (int i = 0; i < plan->conv_count; ++i)
            if (plan->convs[i].out_map == m)
                written += plan->convs[i].out_channels;
        for (int i = 0; i < plan->pool_count; ++i)
            if (plan->pools[i].out_map == m)
                written += plan->maps[plan->pools[i].in_map].channels;
        if (plan->head_pool.out_map == m)
            written +=
                plan->head_pool.reads.channels * plan->head_pool.grid * plan->head_pool.grid;
        ck_assert_msg(written == map->channels, "%s: %d of %d channels of %s are written",
                      plan->name, written, map->channels, map->name);
    }
}

START_TEST(every_channel_has_one_writer)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        check_writers(plan);
        fg_plan_free(plan);
    }
}
END_TEST

static void check_running(const fg_plan *plan, int norm_index, const fg_reads *reads)
{
    const fg_norm *norm = &plan->norms[norm_index];
    const fg_map *map = &plan->maps[reads->map];

    ck_assert_int_eq(norm->channels, reads->channels);
    for (int c = 0; c < norm->channels; ++c) {
        const struct fg_running *r = &plan->running[norm->first_running + c];
        ck_assert_int_eq(r->slot,
                         map->first_slot + fg_sources_channel(plan->sources + reads->first, c));
        ck_assert_int_eq(r->mean, (int)plan->tensors[norm->mean].first + c);
        ck_assert_int_eq(r->variance, (int)plan->tensors[norm->variance].first + c);
        ck_assert_int_eq(r->pixels, map->height * map->width);
    }
}

START_TEST(running_statistics_follow_what_their_reader_reads)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        int channels = plan->head_pool.reads.channels;
        for (int c = 0; c < plan->conv_count; ++c)
            if (plan->convs[c].norm >= 0) {
                check_running(plan, plan->convs[c].norm, &plan->convs[c].reads);
                channels += plan->convs[c].reads.channels;
            }
        check_running(plan, plan->head_pool.norm, &plan->head_pool.reads);
        ck_assert_int_eq(plan->running_channels, channels);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(normalised_maps_share_no_slot)
{
    fg_plan *plan = plan_of("densenet-bc-40-36", 2);
    int next = 0;

    for (int i = 0; i < plan->map_count; ++i) {
        const fg_map *map = &plan->maps[i];
        if (map->kind == FG_MAP_FEATURES || map->kind == FG_MAP_INNER) {
            ck_assert_int_eq(map->first_slot, next);
            next += map->channels;
        } else {
            ck_assert_int_eq(map->first_slot, -1);
        }
    }
    ck_assert_int_eq(plan->slots, next);
    fg_plan_free(plan);
}
END_TEST

START_TEST(impossible_models_get_one_line)
{
    static const struct {
        const char *model, *message;
    } bad[] = {
        {"sparsenet-40-12:image=3", "image side 3 leaves nothing of a map behind stage 2"},
        {"sparsenet-40-12:image=1", "image side 1 leaves nothing of a map behind stage 1"},
        {"sparsenet-40-12:pool_grid=9", "pool_grid is 9, expected at most 8"},
        {"sparsenet-40-12:image=28,pool_grid=8", "pool_grid is 8, expected at most 7"},
        {"densenet-bc-40-12:compression=0.01", "leaves none of the 96 channels behind stage 1"},
        {"densenet-10000-4096", "stage1 has 13656064 channels, expected at most 1048576"},
        {"densenet-10000-100", "its batch norms have more than 67108864 channels"},
        {"sparsenet-40-4096:image=4096,pool_grid=1024", "pooled has "},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        const fg_plan_config config = plan_config(bad[i].model, 1);
        plan_is_refused(&config, bad[i].message);
    }
}
END_TEST

START_TEST(work_beyond_64_bits_is_refused)
{
    /* Transitions of a million channels to a million, on images of 4096 x 4096. */
    const fg_plan_config config = plan_config("densenet-430-4096:image=4096", 1);
    plan_is_refused(&config, "more than 2^63 multiply-adds");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {parameters_and_multiply_adds_are_the_published_ones,
                                  layers_are_as_wide_as_published,
                                  transitions_round_down_as_doubles_do,
                                  odd_sides_lose_their_last_row,
                                  every_channel_has_one_writer,
                                  running_statistics_follow_what_their_reader_reads,
                                  normalised_maps_share_no_slot,
                                  impossible_models_get_one_line,
                                  work_beyond_64_bits_is_refused,
                                  NULL};
    return plan_run("plan/build", tests);
}
