/* layers.c - the layers of a stage, and how what they read is aggregated.
 *
 * A concatenating stage is one map: its channels are the list elements x_0 (the stage's input),
 * x_1, ..., x_n (what each layer adds), one behind the other; a reader's sources are ranges of
 * them. In a stage of sums the sum is what is normalised, so it has a map; elements that only
 * sums read go through a ring of places, each used again once its last reader is done.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/build.h"
#include "plan/sources.h"

/* Whether layer 1 reads the stage's input, which is no list element then. */
static bool enters(const fg_stage *stage)
{
    return stage->form == FG_FORM_PRE && stage->entry != FG_ENTRY_INPUT;
}

static int width_of(const fg_stage *stage)
{
    return stage->conv[stage->convs - 1].width;
}

/* ---- where list elements lie ---- */

bool fg_layers_chain(const fg_stage *stage)
{
    return stage->form == FG_FORM_PRE && stage->sources.rule == FG_RULE_WINDOW &&
           stage->sources.window == 1 && stage->combine != FG_COMBINE_DEPTHWISE;
}

/* Where elements go through a ring, the last reader of each; else b->last stays NULL. */
static fg_status find_last_readers(fg_builder *b)
{
    const fg_stage *stage = b->now;
    const bool dense = stage->sources.rule == FG_RULE_DENSE;
    fg_status status = FG_OK;
    int *read = NULL;

    if (stage->combine != FG_COMBINE_SUM || fg_layers_chain(stage))
        return FG_OK;
    FG_ALLOC(read, stage->layers + 2);
    FG_ALLOC(b->last, stage->layers + 1);
    for (int reader = 1; reader <= stage->layers + 1; ++reader) {
        const int count = fg_sources_of(read, stage, reader);
        for (int i = 0; i < count; ++i)
            /* a running sum reads each element once, as soon as there are two */
            if (!dense || b->last[read[i]] < 2)
                b->last[read[i]] = reader;
    }

cleanup:
    free(read);
    return status;
}

/* The lowest place of the ring that no element needs when the one of `layer` is written: all
 * that this layer reads has been added up by then. */
static int ring_place(const fg_builder *b, int layer)
{
    for (int place = 0;; ++place) {
        bool taken = false;
        for (int i = 0; i < b->list.count; ++i)
            taken |= b->list.list[i].map == b->map &&
                     b->list.list[i].first_channel == place * width_of(b->now) &&
                     b->last[i] > layer;
        if (!taken)
            return place;
    }
}

/* Where the list element that a layer writes lies; element 0 is written by layer 1, too. */
static fg_status place_element(fg_element *out, fg_builder *b, int layer, int number)
{
    const int width = width_of(b->now);
    fg_status status = FG_OK;
    char name[FG_PART_NAME];

    *out = (fg_element){.channels = width, .norm = -1, .number = number};
    if (!fg_layers_chain(b->now)) {
        if (b->map < 0) {
            snprintf(name, sizeof name, "stage%d", b->stage + 1);
            FG_TRY(fg_part_map(&b->map, b->plan,
                               b->last != NULL ? FG_MAP_RING : FG_MAP_FEATURES, name, b->stage,
                               width, b->side));
            b->next_channel = 0;
        }
        out->map = b->map;
        out->first_channel = b->next_channel;
        if (b->last != NULL)
            out->first_channel = ring_place(b, layer) * width;
        b->next_channel = out->first_channel + width;
        fg_map *map = &b->plan->maps[b->map];
        if (map->channels < b->next_channel)
            map->channels = b->next_channel;
    } else {
        snprintf(name, sizeof name, "stage%d.x%d", b->stage + 1, number);
        FG_TRY(
            fg_part_map(&out->map, b->plan, FG_MAP_FEATURES, name, b->stage, width, b->side));
    }
    FG_TRY(fg_elements_add(&b->list, *out));

cleanup:
    return status;
}

/* ---- aggregation ---- */

/* Terms of at most two maps, added up into a map of its own. */
static fg_status add_sum(fg_element *out, fg_builder *b, const fg_elements *terms,
                         const char *name, bool depthwise)
{
    fg_status status = FG_OK;
    fg_elements parts[FG_OP_INPUTS] = {{0}};
    int map;

    for (int i = 0; i < terms->count; ++i) {
        int part = 0;
        while (part < FG_OP_INPUTS && parts[part].count > 0 &&
               parts[part].list[0].map != terms->list[i].map)
            ++part;
        FG_REQUIRE(part < FG_OP_INPUTS,
                   "%s adds up elements of more than %d places; expected a longer window", name,
                   FG_OP_INPUTS);
        FG_REQUIRE(terms->list[i].channels == terms->list[0].channels &&
                       b->plan->maps[terms->list[i].map].height == b->side,
                   "%s adds up elements of different sizes", name);
        FG_TRY(fg_elements_add(&parts[part], terms->list[i]));
    }
    FG_TRY(fg_part_map(&map, b->plan, FG_MAP_SUM, name, b->stage, terms->list[0].channels,
                       b->side));
    *out = fg_part_element(b->plan, map);
    fg_op op = fg_part_op_of(FG_OP_SUM, *out);
    op.depthwise = depthwise;
    op.stage = b->stage;
    for (int i = 0; i < FG_OP_INPUTS && parts[i].count > 0; ++i)
        FG_TRY(fg_part_terms(&op.in[i], b->plan, &parts[i]));
    FG_TRY(fg_part_op(b->plan, op, name));

cleanup:
    for (int i = 0; i < FG_OP_INPUTS; ++i)
        fg_elements_clear(&parts[i]);
    return status;
}

/* The sum of all elements in front of a reader, from that of the reader before it. */
static fg_status add_running_sum(fg_element *out, fg_builder *b, int reader, const char *name)
{
    fg_status status = FG_OK;
    fg_elements terms = {0};

    if (b->sum.map >= 0)
        FG_TRY(fg_elements_add(&terms, b->sum));
    else if (reader - 1 > fg_sources_oldest(b->now))
        FG_TRY(fg_elements_add(&terms, b->list.list[fg_sources_oldest(b->now)]));
    FG_TRY(fg_elements_add(&terms, b->list.list[reader - 1]));
    FG_TRY(add_sum(out, b, &terms, name, false));
    b->sum = *out;

cleanup:
    fg_elements_clear(&terms);
    return status;
}

/* Each term has a norm of its own, whose scales begin at 1 / terms (DelugeNet, section 3.1 of
 * Kuen et al., "DelugeNets", 2017). Newest first. */
static fg_status add_depthwise(fg_element *out, fg_builder *b, const fg_elements *elements,
                               const char *owner)
{
    fg_status status = FG_OK;
    fg_elements terms = {0};
    char name[2 * FG_PART_NAME];

    for (int i = elements->count - 1; i >= 0; --i) {
        fg_element term = elements->list[i];
        snprintf(name, sizeof name, "%s.cross.source%d", owner, term.number);
        FG_TRY(fg_part_norm(&term.norm, b->plan, name, term.channels,
                            1.0f / (float)elements->count));
        FG_TRY(fg_elements_add(&terms, term));
    }
    snprintf(name, sizeof name, "%s.cross", owner);
    FG_TRY(add_sum(out, b, &terms, name, true));

cleanup:
    fg_elements_clear(&terms);
    return status;
}

fg_status fg_layers_aggregate(fg_elements *out, fg_builder *b, int reader, const char *owner,
                              bool always)
{
    const fg_stage *stage = b->now;
    fg_status status = FG_OK;
    fg_elements read = {0};
    fg_element sum;
    char name[FG_PART_NAME];
    int *numbers = NULL;

    *out = (fg_elements){0};
    if (stage->form == FG_FORM_SEQ) {
        for (int i = 0; i < b->output.count; ++i)
            FG_TRY(fg_elements_add(out, b->output.list[i]));
        return FG_OK;
    }
    FG_ALLOC(numbers, reader + 1);
    const int count = fg_sources_of(numbers, stage, reader);
    for (int i = 0; i < count; ++i)
        FG_TRY(fg_elements_add(&read, b->list.list[numbers[i]]));
    /* A single element is read where it lies, unless that is a place of the ring. */
    const bool each = stage->combine == FG_COMBINE_DEPTHWISE && always;
    const bool there = count == 1 && !each && !(b->last != NULL && read.list[0].map == b->map);
    if (stage->form == FG_FORM_POST || stage->combine == FG_COMBINE_CONCAT || there) {
        *out = read;
        read = (fg_elements){0};
        goto cleanup;
    }
    if (stage->combine == FG_COMBINE_DEPTHWISE) {
        FG_TRY(add_depthwise(&sum, b, &read, owner));
    } else {
        snprintf(name, sizeof name, "stage%d.sum%d", b->stage + 1, reader);
        FG_TRY(stage->sources.rule == FG_RULE_DENSE ? add_running_sum(&sum, b, reader, name)
                                                    : add_sum(&sum, b, &read, name, false));
    }
    FG_TRY(fg_elements_add(out, sum));

cleanup:
    fg_elements_clear(&read);
    free(numbers);
    return status;
}

/* ---- pre-activation layers ---- */

static fg_op conv_op(const fg_builder *b, fg_element out, int kernel, int stride, int groups,
                     int layer)
{
    fg_op op = fg_part_op_of(FG_OP_CONV, out);

    op.side = kernel;
    op.stride = stride;
    op.groups = groups;
    op.stage = b->stage;
    op.layer = layer;
    return op;
}

/* Layer 1's way into the stage: what becomes of its input behind norm and ReLU is x_0. */
static fg_status add_entry(fg_builder *b, const fg_reads *activated)
{
    const fg_stage *stage = b->now;
    fg_status status = FG_OK;
    fg_element out;
    char name[FG_PART_NAME];

    FG_TRY(place_element(&out, b, 1, 0));
    if (stage->entry == FG_ENTRY_PROJECT) {
        snprintf(name, sizeof name, "stage%d.layer1.shortcut.conv", b->stage + 1);
        fg_op op = conv_op(b, out, 1, stage->stride, 1, 1);
        op.in[0] = *activated;
        FG_TRY(fg_part_op(b->plan, op, name));
    } else {
        snprintf(name, sizeof name, "stage%d.layer1.shortcut", b->stage + 1);
        fg_op op = fg_part_op_of(FG_OP_SUM, out);
        op.in[0] = *activated;
        op.in[0].stride = stage->stride;
        op.stage = b->stage;
        op.layer = 1;
        FG_TRY(fg_part_op(b->plan, op, name));
    }

cleanup:
    return status;
}

/* The map behind convolution i of a layer; the last one of a pre-activation layer has none. */
static fg_status add_inner(fg_element *out, fg_builder *b, int layer, int i, int side)
{
    const fg_stage *stage = b->now;
    fg_status status = FG_OK;
    char name[FG_PART_NAME];
    int map;

    if (stage->convs == 2 && stage->form == FG_FORM_PRE)
        snprintf(name, sizeof name, "stage%d.layer%d.inner", b->stage + 1, layer);
    else
        snprintf(name, sizeof name, "stage%d.layer%d.inner%d", b->stage + 1, layer, i + 1);
    FG_TRY(
        fg_part_map(&map, b->plan, FG_MAP_INNER, name, b->stage, stage->conv[i].width, side));
    *out = fg_part_element(b->plan, map);

cleanup:
    return status;
}

/* Batch norm, ReLU and a convolution, once or more often: Dense, Sparse, pre-activation, wide
 * and composite layers. */
static fg_status build_pre(fg_builder *b, int layer)
{
    const fg_stage *stage = b->now;
    fg_status status = FG_OK;
    fg_elements read = {0};
    fg_reads reads;
    char name[FG_PART_NAME];
    int norm;

    if (layer == 1 && enters(stage)) {
        for (int i = 0; i < b->input.count; ++i)
            FG_TRY(fg_elements_add(&read, b->input.list[i]));
    } else {
        snprintf(name, sizeof name, "stage%d.layer%d", b->stage + 1, layer);
        FG_TRY(fg_layers_aggregate(&read, b, layer, name, false));
    }
    for (int i = 0; i < stage->convs; ++i) {
        const bool last = i + 1 == stage->convs;
        const bool strides = layer == 1 && i == stage->stride_conv;
        const int side = b->plan->maps[read.list[0].map].height;
        fg_element out;

        snprintf(name, sizeof name, "stage%d.layer%d.norm%d", b->stage + 1, layer, i + 1);
        FG_TRY(fg_part_norm(&norm, b->plan, name, fg_elements_channels(&read), 1.0f));
        FG_TRY(fg_part_reads(&reads, b->plan, &read, norm, true));
        if (layer == 1 && i == 0 &&
            (stage->entry == FG_ENTRY_PROJECT || stage->entry == FG_ENTRY_PAD))
            FG_TRY(add_entry(b, &reads));
        if (last)
            FG_TRY(place_element(&out, b, layer, layer));
        else
            FG_TRY(add_inner(&out, b, layer, i,
                             strides ? fg_part_side(side, stage->stride) : side));
        fg_op op = conv_op(b, out, stage->conv[i].kernel, strides ? stage->stride : 1,
                           stage->conv[i].groups, layer);
        op.in[0] = reads;
        op.out_dropout = fg_part_dropout(b->network, FG_DROPOUT_OUTPUTS);
        if (last)
            op.in_dropout = fg_part_dropout(b->network, FG_DROPOUT_LAST_INPUT);
        snprintf(name, sizeof name, "stage%d.layer%d.conv%d", b->stage + 1, layer, i + 1);
        FG_TRY(fg_part_op(b->plan, op, name));
        fg_elements_clear(&read);
        FG_TRY(fg_elements_add(&read, out));
    }

cleanup:
    fg_elements_clear(&read);
    return status;
}

/* ---- post-activation layers ---- */

/* What is added to the last batch norm of a layer. */
static fg_status add_shortcut(fg_reads *out, fg_builder *b, int layer, fg_element input)
{
    const fg_stage *stage = b->now;
    const int stride = layer == 1 ? stage->stride : 1;
    fg_status status = FG_OK;
    fg_elements read = {0};
    char name[FG_PART_NAME];
    int map;

    if (layer == 1 && stage->entry == FG_ENTRY_PROJECT) {
        snprintf(name, sizeof name, "stage%d.layer1.shortcut", b->stage + 1);
        FG_TRY(
            fg_part_map(&map, b->plan, FG_MAP_INNER, name, b->stage, width_of(stage), b->side));
        fg_op op = conv_op(b, fg_part_element(b->plan, map), 1, stride, 1, layer);
        FG_TRY(fg_elements_add(&read, input));
        FG_TRY(fg_part_reads(&op.in[0], b->plan, &read, -1, false));
        snprintf(name, sizeof name, "stage%d.layer1.shortcut.conv", b->stage + 1);
        FG_TRY(fg_part_op(b->plan, op, name));
        input = fg_part_element(b->plan, map);
        snprintf(name, sizeof name, "stage%d.layer1.shortcut.norm", b->stage + 1);
        FG_TRY(fg_part_norm(&input.norm, b->plan, name, input.channels, 1.0f));
        fg_elements_clear(&read);
    }
    FG_TRY(fg_elements_add(&read, input));
    FG_TRY(fg_part_terms(out, b->plan, &read));
    if (layer == 1 && stage->entry == FG_ENTRY_PAD)
        out->stride = stride;

cleanup:
    fg_elements_clear(&read);
    return status;
}

/* Convolution, batch norm, ReLU; the shortcut is added before the last ReLU, which the readers
 * of the sum apply. */
static fg_status build_post(fg_builder *b, int layer)
{
    const fg_stage *stage = b->now;
    fg_status status = FG_OK;
    const fg_element input = layer == 1 ? b->input.list[0] : b->list.list[layer - 1];
    fg_elements read = {0};
    fg_element inner = input;
    char name[FG_PART_NAME];
    int map;

    for (int i = 0; i < stage->convs; ++i) {
        const bool strides = layer == 1 && i == stage->stride_conv;
        const int side = b->plan->maps[inner.map].height;
        FG_TRY(fg_elements_add(&read, inner));
        FG_TRY(
            add_inner(&inner, b, layer, i, strides ? fg_part_side(side, stage->stride) : side));
        fg_op op = conv_op(b, inner, stage->conv[i].kernel, strides ? stage->stride : 1,
                           stage->conv[i].groups, layer);
        FG_TRY(fg_part_reads(&op.in[0], b->plan, &read, -1, false));
        snprintf(name, sizeof name, "stage%d.layer%d.conv%d", b->stage + 1, layer, i + 1);
        FG_TRY(fg_part_op(b->plan, op, name));
        snprintf(name, sizeof name, "stage%d.layer%d.norm%d", b->stage + 1, layer, i + 1);
        FG_TRY(fg_part_norm(&inner.norm, b->plan, name, inner.channels, 1.0f));
        inner.relu = i + 1 < stage->convs || stage->entry == FG_ENTRY_NONE;
        fg_elements_clear(&read);
    }
    if (stage->entry != FG_ENTRY_NONE) {
        snprintf(name, sizeof name, "stage%d.x%d", b->stage + 1, layer);
        FG_TRY(
            fg_part_map(&map, b->plan, FG_MAP_SUM, name, b->stage, width_of(stage), b->side));
        fg_op op = fg_part_op_of(FG_OP_SUM, fg_part_element(b->plan, map));
        op.stage = b->stage;
        op.layer = layer;
        FG_TRY(fg_elements_add(&read, inner));
        FG_TRY(fg_part_terms(&op.in[0], b->plan, &read));
        FG_TRY(add_shortcut(&op.in[1], b, layer, input));
        snprintf(name, sizeof name, "stage%d.layer%d.sum", b->stage + 1, layer);
        FG_TRY(fg_part_op(b->plan, op, name));
        inner = fg_part_element(b->plan, map);
        inner.relu = true;
    }
    inner.number = layer;
    FG_TRY(fg_elements_add(&b->list, inner));

cleanup:
    fg_elements_clear(&read);
    return status;
}

/* ---- a stage ---- */

fg_status fg_layers_build(fg_builder *b)
{
    const fg_stage *stage = b->now;
    fg_status status = FG_OK;

    if (stage->form == FG_FORM_POST || !enters(stage)) {
        FG_REQUIRE(b->input.count == 1, "stage %d begins with a concatenation of %d elements",
                   b->stage + 1, b->input.count);
        FG_TRY(fg_elements_add(&b->list, b->input.list[0]));
        b->list.list[0].number = 0;
    } else if (stage->entry == FG_ENTRY_NONE) {
        FG_TRY(fg_elements_add(&b->list, (fg_element){.map = -1, .norm = -1, .number = -1}));
    }
    if (stage->form == FG_FORM_PRE)
        FG_TRY(find_last_readers(b));
    b->sum.map = -1;
    for (int layer = 1; layer <= stage->layers; ++layer)
        FG_TRY(stage->form == FG_FORM_PRE ? build_pre(b, layer) : build_post(b, layer));

cleanup:
    return status;
}
