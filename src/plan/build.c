/* build.c - makes a network's tensors, maps and operations out of its description.
 *
 * What the layers of a stage are is layers.c and seq.c. When things happen and live is
 * lifetimes.c, where they lie is arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/build.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/tensors.h"

/* ---- where a stage's input is written ---- */

fg_status fg_build_place(fg_element *out, fg_builder *b, int stage, int64_t channels, int side)
{
    const fg_stage *next = &b->network->stage[stage];
    const bool list = next->form == FG_FORM_PRE && next->combine != FG_COMBINE_SUM &&
                      next->entry == FG_ENTRY_INPUT && next->stride == 1 &&
                      !fg_layers_chain(next);
    fg_status status = FG_OK;
    char name[FG_PART_NAME];
    int64_t all = channels;
    int map;

    if (list)
        all += (int64_t)next->layers * next->conv[next->convs - 1].width;
    else if (next->form == FG_FORM_SEQ)
        all += fg_seq_channels(next);
    snprintf(name, sizeof name, list || next->form == FG_FORM_SEQ ? "stage%d" : "stage%d.input",
             stage + 1);
    FG_TRY(fg_part_map(&map, b->plan, FG_MAP_FEATURES, name, stage, all, side));
    *out = fg_part_element(b->plan, map);
    out->channels = (int)channels;
    out->number = 0;
    b->map = list || next->form == FG_FORM_SEQ ? map : -1;
    b->next_channel = b->map >= 0 ? (int)channels : 0;

cleanup:
    return status;
}

static fg_status set_input(fg_builder *b, fg_element input)
{
    fg_elements_clear(&b->input);
    return fg_elements_add(&b->input, input);
}

static fg_status read_one(fg_reads *out, fg_plan *plan, fg_element element)
{
    return fg_part_reads(out, plan, &(fg_elements){&element, 1}, -1, false);
}

/* ---- stem ---- */

/* 3x3 at stride 2 of what a convolution gives behind its norm and ReLU. */
static fg_status add_max_pool(fg_element *io, fg_builder *b, bool last)
{
    const int side = fg_part_side(b->plan->maps[io->map].height, 2);
    fg_status status = FG_OK;
    fg_element out;
    int map;

    if (last) {
        FG_TRY(fg_build_place(&out, b, 0, io->channels, side));
    } else {
        FG_TRY(fg_part_map(&map, b->plan, FG_MAP_INNER, "stem.pooled", -1, io->channels, side));
        out = fg_part_element(b->plan, map);
    }
    fg_op op = fg_part_op_of(FG_OP_MAX_POOL, out);
    op.side = 3;
    op.stride = 2;
    FG_TRY(read_one(&op.in[0], b->plan, *io));
    FG_TRY(fg_part_op(b->plan, op, "stem.pool"));
    *io = out;

cleanup:
    return status;
}

/* What a SeqConv layer reads and what it adds lie in one map: that of stage 1, or, where a
 * convolution that strides lies between, one of the stem. */
static fg_status place_seq_stem(fg_element *out, fg_builder *b, int width, int side)
{
    const fg_stem *stem = &b->network->stem;
    fg_status status = FG_OK;

    if (stem->down_groups > 0) {
        FG_TRY(fg_part_map(&b->map, b->plan, FG_MAP_FEATURES, "stem", -1,
                           (int64_t)width + stem->seq_width, side));
        *out = fg_part_element(b->plan, b->map);
    } else {
        FG_TRY(fg_build_place(out, b, 0, (int64_t)width + stem->seq_width, side));
    }
    out->channels = width;
    b->next_channel = width;

cleanup:
    return status;
}

/* Convolution i of the stem, with norm and pool behind it. */
static fg_status add_stem_conv(fg_element *io, fg_builder *b, int i)
{
    const fg_stem *stem = &b->network->stem;
    const fg_stem_conv *conv = &stem->conv[i];
    const bool last = i + 1 == stem->convs && stem->seq.channels == 0;
    const int side = fg_part_side(b->plan->maps[io->map].height, conv->stride);
    fg_status status = FG_OK;
    char number[16] = "", name[FG_PART_NAME];
    fg_element out;
    int map;

    if (stem->convs > 1)
        snprintf(number, sizeof number, "%d", i + 1);
    if (i + 1 == stem->convs && stem->seq.channels > 0) {
        FG_TRY(place_seq_stem(&out, b, conv->width, side));
    } else if (last && !conv->max_pool) {
        FG_TRY(fg_build_place(&out, b, 0, conv->width, side));
    } else {
        snprintf(name, sizeof name, "stem.inner%s", number);
        FG_TRY(fg_part_map(&map, b->plan, FG_MAP_INNER, name, -1, conv->width, side));
        out = fg_part_element(b->plan, map);
    }
    fg_op op = fg_part_op_of(FG_OP_CONV, out);
    op.side = conv->kernel;
    op.stride = conv->stride;
    FG_TRY(read_one(&op.in[0], b->plan, *io));
    snprintf(name, sizeof name, "stem.conv%s", number);
    FG_TRY(fg_part_op(b->plan, op, name));
    *io = out;
    if (conv->norm) {
        snprintf(name, sizeof name, "stem.norm%s", number);
        FG_TRY(fg_part_norm(&io->norm, b->plan, name, io->channels, 1.0f));
        io->relu = true;
    }
    if (conv->max_pool)
        FG_TRY(add_max_pool(io, b, last));

cleanup:
    return status;
}

static fg_status add_stem(fg_builder *b)
{
    const fg_network *network = b->network;
    fg_plan *plan = b->plan;
    fg_status status = FG_OK;
    fg_element element;

    FG_TRY(fg_part_map(&plan->input_map, plan, FG_MAP_INPUT, "input", -1, network->channels,
                       network->image));
    element = fg_part_element(plan, plan->input_map);
    for (int i = 0; i < network->stem.convs; ++i)
        FG_TRY(add_stem_conv(&element, b, i));
    if (network->stem.seq.channels > 0)
        FG_TRY(fg_seq_stem(b, element));
    else
        FG_TRY(set_input(b, element));

cleanup:
    return status;
}

/* ---- transitions ---- */

static fg_status add_mean_pool(fg_element *out, fg_builder *b, fg_element in, const char *owner)
{
    fg_status status = FG_OK;
    char name[2 * FG_PART_NAME];

    FG_TRY(fg_build_place(out, b, b->stage + 1, in.channels, b->side / 2));
    fg_op pool = fg_part_op_of(FG_OP_MEAN_POOL, *out);
    pool.side = 2;
    pool.stride = 2;
    pool.stage = b->stage;
    FG_TRY(read_one(&pool.in[0], b->plan, in));
    snprintf(name, sizeof name, "%s.pool", owner);
    FG_TRY(fg_part_op(b->plan, pool, name));

cleanup:
    return status;
}

/* Batch norm, ReLU, a 1x1 convolution, and the mean of 2x2 pixels. Convolution and mean are both
 * linear, so the mean may come first, as the convolution reads; and a channel that is dropped
 * between them may as well be dropped behind them. Elements may not. */
static fg_status add_pool_transition(fg_builder *b, const fg_elements *read, const char *owner)
{
    const fg_transition *transition = &b->now->transition;
    const fg_dropout_kind dropout = fg_part_dropout(b->network, FG_DROPOUT_ALL_OUTPUTS);
    const bool pooled = dropout != FG_DROPOUT_ELEMENTS;
    const int64_t in = fg_elements_channels(read);
    const int64_t width = (int64_t)floor((double)in * transition->compression);
    fg_status status = FG_OK;
    fg_element out;
    char name[2 * FG_PART_NAME];
    int norm, map;

    FG_REQUIRE(width >= 1, "compression leaves none of the %lld channels behind stage %d",
               (long long)in, b->stage + 1);
    FG_REQUIRE(b->side >= 2, "image side %d leaves nothing of a map behind stage %d",
               b->network->image, b->stage + 1);
    if (pooled) {
        FG_TRY(fg_build_place(&out, b, b->stage + 1, width, b->side / 2));
    } else {
        FG_TRY(fg_part_map(&map, b->plan, FG_MAP_TRANSITION, owner, b->stage, width, b->side));
        out = fg_part_element(b->plan, map);
    }
    snprintf(name, sizeof name, "%s.norm", owner);
    FG_TRY(fg_part_norm(&norm, b->plan, name, in, 1.0f));
    fg_op conv = fg_part_op_of(FG_OP_CONV, out);
    conv.stage = b->stage;
    conv.out_dropout = dropout;
    FG_TRY(fg_part_reads(&conv.in[0], b->plan, read, norm, true));
    conv.in[0].pooled = pooled;
    snprintf(name, sizeof name, "%s.conv", owner);
    FG_TRY(fg_part_op(b->plan, conv, name));
    if (!pooled)
        FG_TRY(add_mean_pool(&out, b, out, owner));
    FG_TRY(set_input(b, out));

cleanup:
    return status;
}

/* Batch norm, no ReLU, a strided convolution (DelugeNet). */
static fg_status add_conv_transition(fg_builder *b, const fg_elements *read, const char *owner)
{
    const fg_transition *transition = &b->now->transition;
    fg_status status = FG_OK;
    fg_element out;
    char name[2 * FG_PART_NAME];
    int norm;

    FG_TRY(fg_build_place(&out, b, b->stage + 1, transition->width,
                          fg_part_side(b->side, transition->stride)));
    snprintf(name, sizeof name, "%s.norm", owner);
    FG_TRY(fg_part_norm(&norm, b->plan, name, fg_elements_channels(read), 1.0f));
    fg_op conv = fg_part_op_of(FG_OP_CONV, out);
    conv.side = transition->kernel;
    conv.stride = transition->stride;
    conv.stage = b->stage;
    FG_TRY(fg_part_reads(&conv.in[0], b->plan, read, norm, false));
    snprintf(name, sizeof name, "%s.conv", owner);
    FG_TRY(fg_part_op(b->plan, conv, name));
    FG_TRY(set_input(b, out));

cleanup:
    return status;
}

static fg_status add_transition(fg_builder *b)
{
    fg_status status = FG_OK;
    fg_elements read = {0};
    char owner[FG_PART_NAME];

    snprintf(owner, sizeof owner, "stage%d.transition", b->stage + 1);
    if (b->now->transition.kind != FG_TRANSITION_EXTEND)
        FG_TRY(fg_layers_aggregate(&read, b, b->now->layers + 1, owner, true));
    switch (b->now->transition.kind) {
    case FG_TRANSITION_POOL:
        FG_TRY(add_pool_transition(b, &read, owner));
        break;
    case FG_TRANSITION_CONV:
        FG_TRY(add_conv_transition(b, &read, owner));
        break;
    case FG_TRANSITION_EXTEND:
        FG_TRY(fg_seq_transition(b));
        break;
    case FG_TRANSITION_NONE:
        fg_elements_clear(&b->input);
        b->input = read;
        read = (fg_elements){0};
        b->map = -1;
        b->next_channel = 0;
        break;
    }

cleanup:
    fg_elements_clear(&read);
    return status;
}

/* ---- head ---- */

/* A 1x1 convolution of as many channels, with a norm behind it. */
static fg_status add_head_conv(fg_elements *io, fg_builder *b)
{
    fg_status status = FG_OK;
    fg_element out;
    int map;

    FG_TRY(fg_part_map(&map, b->plan, FG_MAP_INNER, "head", -1, fg_elements_channels(io),
                       b->side));
    out = fg_part_element(b->plan, map);
    fg_op conv = fg_part_op_of(FG_OP_CONV, out);
    conv.in_dropout = fg_part_dropout(b->network, FG_DROPOUT_VIEWS);
    FG_TRY(fg_part_reads(&conv.in[0], b->plan, io, -1, false));
    FG_TRY(fg_part_op(b->plan, conv, "head.conv"));
    FG_TRY(fg_part_norm(&out.norm, b->plan, "head.norm", out.channels, 1.0f));
    out.relu = true;
    fg_elements_clear(io);
    FG_TRY(fg_elements_add(io, out));

cleanup:
    return status;
}

static fg_status add_head(fg_builder *b)
{
    const int grid = b->network->pool_grid;
    fg_plan *plan = b->plan;
    fg_status status = FG_OK;
    fg_elements read = {0};
    int norm = -1;

    FG_REQUIRE(grid <= b->side,
               "pool_grid is %d, expected at most %d, the side of the last map", grid, b->side);
    FG_TRY(fg_layers_aggregate(&read, b, b->now->layers + 1, "head", true));
    if (b->network->head == FG_HEAD_CONV)
        FG_TRY(add_head_conv(&read, b));
    const int64_t channels = fg_elements_channels(&read);
    FG_TRY(fg_part_map(&plan->pooled_map, plan, FG_MAP_POOLED, "pooled", -1,
                       channels * grid * grid, 1));
    if (b->network->head == FG_HEAD_NORM)
        FG_TRY(fg_part_norm(&norm, plan, "head.norm", channels, 1.0f));
    fg_op pool = fg_part_op_of(FG_OP_HEAD_POOL, fg_part_element(plan, plan->pooled_map));
    pool.grid = grid;
    pool.side = b->side / grid;
    FG_TRY(fg_part_reads(&pool.in[0], plan, &read, norm, true));
    FG_TRY(fg_part_op(plan, pool, "head.pool"));

    FG_TRY(fg_part_map(&plan->logits_map, plan, FG_MAP_LOGITS, "logits", -1,
                       b->network->classes, 1));
    fg_op linear = fg_part_op_of(FG_OP_CONV, fg_part_element(plan, plan->logits_map));
    FG_TRY(read_one(&linear.in[0], plan, fg_part_element(plan, plan->pooled_map)));
    FG_TRY(fg_part_op(plan, linear, "head.linear"));

cleanup:
    fg_elements_clear(&read);
    return status;
}

/* ---- all of it ---- */

static void end_stage(fg_builder *b)
{
    fg_elements_clear(&b->list);
    fg_elements_clear(&b->output);
    free(b->last);
    b->last = NULL;
}

static fg_status add_stages(fg_builder *b)
{
    const fg_network *network = b->network;
    fg_status status = FG_OK;

    for (b->stage = 0; b->stage < network->stages; ++b->stage) {
        b->now = &network->stage[b->stage];
        b->side = fg_part_side(b->plan->maps[b->input.list[0].map].height, b->now->stride);
        FG_TRY(b->now->form == FG_FORM_SEQ ? fg_seq_build(b) : fg_layers_build(b));
        FG_TRY(b->stage + 1 < network->stages ? add_transition(b) : add_head(b));
        end_stage(b);
    }

cleanup:
    end_stage(b);
    return status;
}

/* Which feature each running statistic of a norm is of: the first reader of a norm tells. */
static fg_status fill_running(fg_plan *plan)
{
    fg_status status = FG_OK;

    FG_ALLOC(plan->running, plan->running_channels);
    for (int i = plan->op_count - 1; i >= 0; --i)
        for (int j = 0; j < FG_OP_INPUTS; ++j) {
            const fg_reads *reads = &plan->ops[i].in[j];
            const fg_map *map = reads->map >= 0 ? &plan->maps[reads->map] : NULL;
            for (int k = reads->first; map != NULL && k < reads->first + reads->count; ++k) {
                const fg_range *range = &plan->ranges[k];
                if (range->norm < 0)
                    continue;
                const fg_norm *norm = &plan->norms[range->norm];
                for (int c = 0; c < range->channels; ++c) {
                    const int channel = range->norm_channel + c;
                    plan->running[norm->first_running + channel] = (struct fg_running){
                        .slot = map->first_slot + range->first_channel + c,
                        .mean = (fg_i32)plan->tensors[norm->mean].first + channel,
                        .variance = (fg_i32)plan->tensors[norm->variance].first + channel,
                        .pixels = map->height * map->width};
                }
            }
        }

cleanup:
    return status;
}

fg_status fg_build_network(fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_builder b = {.plan = plan, .network = &plan->network, .map = -1};

    FG_TRY(add_stem(&b));
    FG_TRY(add_stages(&b));
    for (int i = 0; i < plan->map_count; ++i)
        if (plan->maps[i].normalised) {
            plan->maps[i].first_slot = plan->slots;
            plan->slots += plan->maps[i].channels;
        }
    FG_TRY(fg_tensors_place(plan));
    FG_TRY(fill_running(plan));

cleanup:
    fg_elements_clear(&b.input);
    return status;
}
