/* row.c - the operations of a plan as reports show them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/row.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- rows ---- */

static int64_t elements(const fg_plan *plan, int tensor)
{
    return tensor < 0 ? 0 : (int64_t)plan->tensors[tensor].elements;
}

static void set_kind(fg_row *row)
{
    static const char *const kinds[] = {[FG_OP_SUM] = "sum",
                                        [FG_OP_MEAN_POOL] = "pool",
                                        [FG_OP_MAX_POOL] = "max_pool",
                                        [FG_OP_HEAD_POOL] = "head_pool"};
    const fg_op *op = row->op;

    if (op->kind == FG_OP_CONV && op->bias < 0)
        snprintf(row->kind, sizeof row->kind, "conv%dx%d", op->side, op->side);
    else
        snprintf(row->kind, sizeof row->kind, "%s",
                 op->kind == FG_OP_CONV ? "linear"
                 : op->depthwise        ? "depthwise"
                                        : kinds[op->kind]);
}

/* Of the norms that this operation is the first to read through. */
static int64_t norm_parameters(const fg_plan *plan, const fg_op *op, bool *counted)
{
    int64_t parameters = 0;

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        const fg_reads *reads = &op->in[i];
        for (int j = reads->first; reads->map >= 0 && j < reads->first + reads->count; ++j) {
            const int norm = plan->ranges[j].norm;
            if (norm < 0 || counted[norm])
                continue;
            counted[norm] = true;
            parameters += elements(plan, plan->norms[norm].scale) +
                          elements(plan, plan->norms[norm].shift);
        }
    }
    return parameters;
}

static fg_row make_row(const fg_plan *plan, const fg_op *op, bool *counted)
{
    const fg_map *map = fg_op_out(plan, op);
    const int64_t weights = elements(plan, op->weights);
    fg_row row = {.op = op,
                  .side = op->side,
                  .stride = op->kind == FG_OP_HEAD_POOL ? op->side : op->stride,
                  .height = map->height,
                  .width = map->width};

    set_kind(&row);
    for (int i = 0; i < FG_OP_INPUTS; ++i)
        if (op->in[i].map >= 0)
            row.in_channels += op->in[i].channels;
    row.parameters = weights + elements(plan, op->bias) + norm_parameters(plan, op, counted);
    row.multiply_adds =
        (op->depthwise ? row.in_channels : weights) * fg_op_counted_pixels(plan, op);
    if (fg_op_stored(plan, op) == op)
        row.bytes = (size_t)op->out_channels * (size_t)map->pitch * sizeof(float) *
                    (map->gradients >= 0 ? 2 : 1);
    return row;
}

fg_status fg_row_all(fg_row **out, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_row *rows = NULL;
    bool *counted = NULL;

    *out = NULL;
    FG_ALLOC(rows, plan->op_count);
    FG_ALLOC(counted, plan->norm_count);
    for (int i = 0; i < plan->op_count; ++i)
        rows[i] = make_row(plan, &plan->ops[i], counted);
    *out = rows;
    rows = NULL;

cleanup:
    free(rows);
    free(counted);
    return status;
}

/* ---- ranges ---- */

/* Whether a map holds the elements of a list one behind the other. */
static bool is_list(const fg_plan *plan, const fg_map *map)
{
    const fg_stage *stage = map->stage >= 0 ? &plan->network.stage[map->stage] : NULL;

    return stage != NULL && map->kind == FG_MAP_FEATURES && stage->form == FG_FORM_PRE &&
           stage->combine == FG_COMBINE_CONCAT &&
           !(stage->sources.rule == FG_RULE_WINDOW && stage->sources.window == 1);
}

/* What a SeqConv stage keeps is groups, and its list elements are blocks of them. */
static bool has_elements(const fg_plan *plan, const fg_map *map)
{
    return map->stage < 0 || plan->network.stage[map->stage].form != FG_FORM_SEQ;
}

/* The list element that a channel belongs to. */
static int element_at(const fg_plan *plan, const fg_map *map, int channel)
{
    const fg_stage *stage = &plan->network.stage[map->stage];
    const int growth = stage->conv[stage->convs - 1].width;
    const int before =
        stage->entry == FG_ENTRY_INPUT ? map->channels - stage->layers * growth : 0;

    return channel < before ? 0 : (channel - before) / growth + 1;
}

/* Ranges of a concatenation that lie side by side are shown as one: they are apart only where
 * their norms are, or what backward does with them. Terms of a sum stay apart. */
bool fg_row_next(fg_row_range *out, fg_row_cursor *cursor, const fg_plan *plan, const fg_op *op)
{
    while (cursor->input < FG_OP_INPUTS &&
           (op->in[cursor->input].map < 0 || cursor->range == op->in[cursor->input].count)) {
        ++cursor->input;
        cursor->range = 0;
    }
    if (cursor->input == FG_OP_INPUTS)
        return false;
    const fg_reads *reads = &op->in[cursor->input];
    const fg_range *range = &plan->ranges[reads->first + cursor->range];
    *out = (fg_row_range){.map = &plan->maps[reads->map],
                          .first_channel = range->first_channel,
                          .channels = range->channels,
                          .stride = reads->stride,
                          .first_element = range->element,
                          .last_element = range->element};
    while (++cursor->range < reads->count && op->kind != FG_OP_SUM) {
        range = &plan->ranges[reads->first + cursor->range];
        if (range->first_channel != out->first_channel + out->channels)
            break;
        out->channels += range->channels;
        if (range->element != out->first_element)
            out->first_element = out->last_element = -1;
    }
    if (!has_elements(plan, out->map)) {
        out->first_element = out->last_element = -1;
    } else if (is_list(plan, out->map)) {
        out->first_element = element_at(plan, out->map, out->first_channel);
        out->last_element = element_at(plan, out->map, out->first_channel + out->channels - 1);
    }
    return true;
}
