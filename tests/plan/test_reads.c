/* test_reads.c - sources of readers, and who writes a gradient first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/reads.h"

#include <stdlib.h>

#include "plan/sources.h"
#include "plans.h"

/* What reader 1..layers+1 of a stage reads, channel by channel, straight from the definition.
 */
static void check_list_reads(const fg_plan *plan, const fg_reads *reads, int reader)
{
    const fg_model *model = &plan->model;
    const fg_map *map = &plan->maps[reads->map];
    const int layers = model->layers[map->stage], growth = model->growth[map->stage];
    const int width = map->channels - layers * growth;
    int *elements = calloc((size_t)reader, sizeof *elements);
    int count, c = 0;

    ck_assert_ptr_nonnull(elements);
    count = model->family == FG_FAMILY_SPARSENET
                ? fg_sources_sparse(elements, reader, model->base)
                : fg_sources_dense(elements, reader);
    for (int i = 0; i < count; ++i) {
        const int first = elements[i] == 0 ? 0 : width + (elements[i] - 1) * growth;
        const int channels = elements[i] == 0 ? width : growth;
        for (int j = 0; j < channels; ++j, ++c)
            ck_assert_int_eq(fg_sources_channel(plan->sources + reads->first, c), first + j);
    }
    ck_assert_int_eq(c, reads->channels);
    free(elements);
}

START_TEST(channels_come_in_the_order_of_the_definition)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int c = 0; c < plan->conv_count; ++c) {
            const fg_conv *conv = &plan->convs[c];
            const fg_map *map = &plan->maps[conv->reads.map];
            if (map->kind == FG_MAP_FEATURES)
                check_list_reads(plan, &conv->reads,
                                 conv->layer > 0 ? conv->layer
                                                 : plan->model.layers[map->stage] + 1);
        }
        check_list_reads(plan, &plan->head_pool.reads,
                         plan->model.layers[plan->model.stages - 1] + 1);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(a_dense_layer_reads_one_range)
{
    fg_plan *plan = plan_of("densenet-bc-100-12", 2);

    for (int i = 0; i < plan->conv_count; ++i)
        ck_assert_int_eq(plan->convs[i].reads.count, 1);
    ck_assert_int_eq(plan->head_pool.reads.count, 1);
    fg_plan_free(plan);
}
END_TEST

/* touched[map][channel] through one step backward. */
static void touch_reads(const fg_plan *plan, bool **touched, const fg_reads *reads)
{
    for (int i = reads->first; i < reads->first + reads->count; ++i)
        for (int c = 0; c < plan->sources[i].channels; ++c) {
            bool *channel = &touched[reads->map][plan->sources[i].first_channel + c];
            ck_assert_msg(*channel == (plan->sources[i].adds != 0), "%s: source %d, channel %d",
                          plan->name, i, c);
            *channel = true;
        }
}

static void expect_complete(const fg_plan *plan, bool **touched, int map, int first,
                            int channels)
{
    for (int c = first; c < first + channels; ++c)
        ck_assert_msg(touched[map][c], "%s: channel %d of %s has no gradient when it is used",
                      plan->name, c, plan->maps[map].name);
}

static void walk_back(const fg_plan *plan, bool **touched)
{
    for (int i = plan->forward_steps; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        if (step->kind == FG_STEP_LOSS) {
            memset(touched[plan->logits_map], true, (size_t)plan->model.classes);
        } else if (step->kind == FG_STEP_CONV_BACKWARD) {
            const fg_conv *conv = &plan->convs[step->index];
            expect_complete(plan, touched, conv->out_map, conv->out_first_channel,
                            conv->out_channels);
            touch_reads(plan, touched, &conv->reads);
        } else if (step->kind == FG_STEP_HEAD_POOL_BACKWARD) {
            expect_complete(plan, touched, plan->pooled_map, 0,
                            plan->maps[plan->pooled_map].channels);
            touch_reads(plan, touched, &plan->head_pool.reads);
        } else {
            const fg_pool *pool = &plan->pools[step->index];
            const int channels = plan->maps[pool->in_map].channels;
            expect_complete(plan, touched, pool->out_map, pool->out_first_channel, channels);
            memset(touched[pool->in_map], true, (size_t)channels);
        }
    }
}

START_TEST(the_first_reader_backward_writes_and_the_others_add)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        bool **touched = calloc((size_t)plan->map_count, sizeof *touched);
        ck_assert_ptr_nonnull(touched);
        for (int m = 0; m < plan->map_count; ++m) {
            touched[m] = calloc((size_t)plan->maps[m].channels, 1);
            ck_assert_ptr_nonnull(touched[m]);
        }
        walk_back(plan, touched);
        for (int m = 0; m < plan->map_count; ++m) {
            expect_complete(plan, touched, m, 0, plan->maps[m].channels);
            free(touched[m]);
        }
        free(touched);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {channels_come_in_the_order_of_the_definition,
                                  a_dense_layer_reads_one_range,
                                  the_first_reader_backward_writes_and_the_others_add, NULL};
    return plan_run("plan/reads", tests);
}
