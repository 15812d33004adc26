/* build.c - makes a network's tensors, maps and operations out of its model.
 *
 * A stage is one map: its channels are the list elements x_0 (the stage's input), x_1, ..., x_n
 * (what each layer adds), one behind the other. A reader's sources are ranges of them. When
 * things happen and live is lifetimes.c, where they lie is arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/build.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/reads.h"
#include "plan/tensors.h"

/* Beyond these no device goes; with them, and the limits of model.c, no size overflows: a map
 * has less than 2^20 channels of 2^31 pixels, all inner maps together less than 2^60 bytes. */
#define MAX_CHANNELS (1 << 20) /* of one map */
#define MAX_RUNNING (1 << 26)  /* channels that all norms together read */

#define NAME_LENGTH 64

/* Room for all that is added below: counted once, so that no array moves. */
static fg_status reserve(fg_plan *plan)
{
    const fg_model *model = &plan->model;
    const int transitions = model->stages - 1;
    fg_status status = FG_OK;
    int layers = 0, inner = 0;

    for (int stage = 0; stage < model->stages; ++stage)
        layers += model->layers[stage];
    if (model->bottleneck)
        inner = layers;
    FG_ALLOC(plan->maps, 3 + model->stages + inner + transitions);
    FG_ALLOC(plan->norms, layers + inner + transitions + 1);
    FG_ALLOC(plan->convs, 1 + layers + inner + transitions + 1);
    FG_ALLOC(plan->pools, transitions);
    FG_ALLOC(plan->steps, 2 * (1 + layers + inner + 2 * transitions + 2) + 1);
    FG_TRY(fg_tensors_reserve(plan, 1 + layers + inner + transitions + 1,
                              layers + inner + transitions + 1));

cleanup:
    return status;
}

static fg_status add_map(int *out, fg_plan *plan, fg_map_kind kind, const char *name, int stage,
                         int64_t channels, int side)
{
    const bool normalised = kind == FG_MAP_FEATURES || kind == FG_MAP_INNER;
    fg_status status = FG_OK;
    fg_map *map = &plan->maps[plan->map_count];

    FG_REQUIRE(channels <= MAX_CHANNELS, "%s has %lld channels, expected at most %d", name,
               (long long)channels, MAX_CHANNELS);
    *map = (fg_map){.kind = kind,
                    .stage = stage,
                    .channels = (int)channels,
                    .height = side,
                    .width = side,
                    .first_slot = normalised ? plan->slots : -1,
                    .values = -1,
                    .gradients = -1};
    plan->slots += normalised ? map->channels : 0;
    map->name = fg_text_copy(name);
    FG_CHECK(map->name != NULL, FG_ERR_MEMORY, "no memory for a name");
    *out = plan->map_count++;

cleanup:
    return status;
}

static void add_step(fg_plan *plan, fg_step_kind kind, int index)
{
    fg_step *step = &plan->steps[plan->step_count++];

    step->kind = kind;
    step->index = index;
    for (int i = 0; i < FG_SCRATCHES; ++i)
        step->scratch[i] = -1;
}

static fg_status add_norm(int *out, fg_plan *plan, const char *name, const fg_reads *reads)
{
    fg_status status = FG_OK;
    fg_norm *norm = &plan->norms[plan->norm_count];

    norm->channels = reads->channels;
    norm->first_running = plan->running_channels;
    FG_REQUIRE(norm->channels <= MAX_RUNNING - norm->first_running,
               "its batch norms have more than %d channels", MAX_RUNNING);
    plan->running_channels += norm->channels;
    FG_TRY(fg_tensors_add_norm(plan, norm, name));
    *out = plan->norm_count++;

cleanup:
    return status;
}

/* One multiply-add per weight and pixel written; pixels outside the image count. */
static bool count_work(fg_plan *plan, const fg_conv *conv)
{
    const fg_map *map = &plan->maps[conv->out_map];
    const int64_t weights =
        (int64_t)conv->out_channels * conv->reads.channels * conv->side * conv->side;
    int64_t work;

    return !__builtin_mul_overflow(weights, (int64_t)map->height * map->width, &work) &&
           !__builtin_add_overflow(plan->multiply_adds, work, &plan->multiply_adds);
}

/* conv has all but its name, its tensors and its place. */
static fg_status add_conv(fg_plan *plan, fg_conv conv, const char *name, bool linear)
{
    fg_status status = FG_OK;
    fg_conv *place = &plan->convs[plan->conv_count];

    *place = conv;
    place->name = fg_text_copy(name);
    FG_CHECK(place->name != NULL, FG_ERR_MEMORY, "no memory for a name");
    FG_TRY(linear ? fg_tensors_add_linear(plan, place) : fg_tensors_add_conv(plan, place));
    FG_REQUIRE(count_work(plan, place), "it needs more than 2^63 multiply-adds");
    add_step(plan, FG_STEP_CONV_FORWARD, plan->conv_count);
    ++plan->conv_count;

cleanup:
    if (status != FG_OK) { /* the plan does not count it yet */
        free(place->name);
        place->name = NULL;
    }
    return status;
}

static fg_status add_stem(fg_plan *plan, const fg_list *list)
{
    fg_status status = FG_OK;
    fg_conv conv = {
        .side = 3, .norm = -1, .out_map = list->map, .out_channels = plan->model.stem};

    FG_TRY(add_map(&plan->input_map, plan, FG_MAP_INPUT, "input", -1, plan->model.channels,
                   plan->model.image));
    FG_TRY(fg_reads_whole(&conv.reads, plan, plan->input_map));
    FG_TRY(add_conv(plan, conv, "stem.conv", false));

cleanup:
    return status;
}

/* Layer l: batch norm, ReLU and a 3x3 convolution; in bottleneck form a 1x1 in front of that,
 * whose 4 * growth channels are a map of their own. */
static fg_status add_layer(fg_plan *plan, fg_list *list, int layer)
{
    const bool bottleneck = plan->model.bottleneck;
    const int stage = list->stage + 1;
    const int side = plan->maps[list->map].height;
    fg_status status = FG_OK;
    char name[NAME_LENGTH];
    fg_conv last = {.side = 3,
                    .out_map = list->map,
                    .out_first_channel = fg_list_channel(list, layer),
                    .out_channels = list->growth,
                    .layer = layer};
    fg_reads reads;

    FG_TRY(fg_reads_list(&reads, plan, list, layer));
    if (bottleneck) {
        fg_conv first = {
            .side = 1, .reads = reads, .out_channels = 4 * list->growth, .layer = layer};
        snprintf(name, sizeof name, "stage%d.layer%d.inner", stage, layer);
        FG_TRY(add_map(&first.out_map, plan, FG_MAP_INNER, name, list->stage,
                       first.out_channels, side));
        snprintf(name, sizeof name, "stage%d.layer%d.norm1", stage, layer);
        FG_TRY(add_norm(&first.norm, plan, name, &reads));
        snprintf(name, sizeof name, "stage%d.layer%d.conv1", stage, layer);
        FG_TRY(add_conv(plan, first, name, false));
        FG_TRY(fg_reads_whole(&reads, plan, first.out_map));
    }
    last.reads = reads;
    snprintf(name, sizeof name, "stage%d.layer%d.norm%d", stage, layer, bottleneck ? 2 : 1);
    FG_TRY(add_norm(&last.norm, plan, name, &reads));
    snprintf(name, sizeof name, "stage%d.layer%d.conv%d", stage, layer, bottleneck ? 2 : 1);
    FG_TRY(add_conv(plan, last, name, false));

cleanup:
    return status;
}

/* Batch norm, ReLU, a 1x1 convolution at full size: the map that add_pool halves. */
static fg_status add_transition(int *out, fg_plan *plan, fg_list *list)
{
    const int side = plan->maps[list->map].height;
    fg_status status = FG_OK;
    char name[NAME_LENGTH];
    fg_conv conv = {.side = 1};

    FG_TRY(fg_reads_list(&conv.reads, plan, list, list->layers + 1));
    conv.out_channels = (int)floor((double)conv.reads.channels * plan->model.compression);
    FG_REQUIRE(conv.out_channels >= 1,
               "compression leaves none of the %d channels behind stage %d",
               conv.reads.channels, list->stage + 1);
    FG_REQUIRE(side >= 2, "image side %d leaves nothing of a map behind stage %d",
               plan->model.image, list->stage + 1);
    snprintf(name, sizeof name, "stage%d.transition", list->stage + 1);
    FG_TRY(add_map(&conv.out_map, plan, FG_MAP_TRANSITION, name, list->stage, conv.out_channels,
                   side));
    snprintf(name, sizeof name, "stage%d.transition.norm", list->stage + 1);
    FG_TRY(add_norm(&conv.norm, plan, name, &conv.reads));
    snprintf(name, sizeof name, "stage%d.transition.conv", list->stage + 1);
    FG_TRY(add_conv(plan, conv, name, false));
    *out = conv.out_map;

cleanup:
    return status;
}

static fg_status add_pool(fg_plan *plan, int in_map, const fg_list *next)
{
    fg_status status = FG_OK;
    fg_pool *pool = &plan->pools[plan->pool_count];
    char name[NAME_LENGTH];

    snprintf(name, sizeof name, "stage%d.transition.pool", next->stage);
    pool->name = fg_text_copy(name);
    FG_CHECK(pool->name != NULL, FG_ERR_MEMORY, "no memory for a name");
    pool->in_map = in_map;
    pool->out_map = next->map;
    pool->out_first_channel = 0;
    add_step(plan, FG_STEP_POOL_FORWARD, plan->pool_count);
    ++plan->pool_count;

cleanup:
    return status;
}

static fg_status add_head(fg_plan *plan, fg_list *list)
{
    const int side = plan->maps[list->map].height;
    const int grid = plan->model.pool_grid;
    fg_status status = FG_OK;
    fg_head_pool *pool = &plan->head_pool;
    fg_conv linear = {.side = 1, .norm = -1, .out_channels = plan->model.classes};

    FG_REQUIRE(grid <= side, "pool_grid is %d, expected at most %d, the side of the last map",
               grid, side);
    FG_TRY(fg_reads_list(&pool->reads, plan, list, list->layers + 1));
    FG_TRY(add_map(&plan->pooled_map, plan, FG_MAP_POOLED, "pooled", -1,
                   (int64_t)pool->reads.channels * grid * grid, 1));
    FG_TRY(add_norm(&pool->norm, plan, "head.norm", &pool->reads));
    pool->grid = grid;
    pool->out_map = plan->pooled_map;
    add_step(plan, FG_STEP_HEAD_POOL_FORWARD, 0);

    FG_TRY(
        add_map(&plan->logits_map, plan, FG_MAP_LOGITS, "logits", -1, plan->model.classes, 1));
    FG_TRY(fg_reads_whole(&linear.reads, plan, plan->pooled_map));
    linear.out_map = plan->logits_map;
    FG_TRY(add_conv(plan, linear, "head.linear", true));

cleanup:
    return status;
}

/* The stage's own map comes first, then what leads into it, then its layers and what reads it.
 */
static fg_status add_stages(fg_plan *plan)
{
    const fg_model *model = &plan->model;
    fg_status status = FG_OK;
    fg_list list = {0};
    int transition = -1, width = model->stem, side = model->image;
    char name[NAME_LENGTH];

    for (int stage = 0; stage < model->stages; ++stage) {
        FG_TRY(fg_list_start(&list, model, stage, width));
        snprintf(name, sizeof name, "stage%d", stage + 1);
        FG_TRY(add_map(&list.map, plan, FG_MAP_FEATURES, name, stage,
                       fg_list_channel(&list, list.layers + 1), side));
        FG_TRY(stage == 0 ? add_stem(plan, &list) : add_pool(plan, transition, &list));
        for (int layer = 1; layer <= list.layers; ++layer)
            FG_TRY(add_layer(plan, &list, layer));
        if (stage + 1 < model->stages) {
            FG_TRY(add_transition(&transition, plan, &list));
            width = plan->maps[transition].channels;
            side /= 2;
        } else {
            FG_TRY(add_head(plan, &list));
        }
    }

cleanup:
    fg_list_free(&list);
    return status;
}

/* Which feature each running statistic of a norm is of. */
static void fill_running(fg_plan *plan, const fg_norm *norm, const fg_reads *reads)
{
    const fg_map *map = &plan->maps[reads->map];
    struct fg_running *out = plan->running + norm->first_running;
    fg_i32 mean = (fg_i32)plan->tensors[norm->mean].first;
    fg_i32 variance = (fg_i32)plan->tensors[norm->variance].first;

    for (int i = reads->first; i < reads->first + reads->count; ++i)
        for (int c = 0; c < plan->sources[i].channels; ++c)
            *out++ = (struct fg_running){map->first_slot + plan->sources[i].first_channel + c,
                                         mean++, variance++, map->height * map->width};
}

fg_status fg_build_network(fg_plan *plan)
{
    fg_status status = FG_OK;

    FG_TRY(reserve(plan));
    FG_TRY(add_stages(plan));
    plan->forward_steps = plan->step_count;
    fg_tensors_place(plan);
    FG_ALLOC(plan->running, plan->running_channels);
    for (int i = 0; i < plan->conv_count; ++i)
        if (plan->convs[i].norm >= 0)
            fill_running(plan, &plan->norms[plan->convs[i].norm], &plan->convs[i].reads);
    fill_running(plan, &plan->norms[plan->head_pool.norm], &plan->head_pool.reads);

cleanup:
    return status;
}
