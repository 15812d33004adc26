/* parts.c - adds maps, norms, reads and operations to a plan.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/parts.h"

#include <assert.h>
#include <stdlib.h>

#include "plan/tensors.h"

/* Beyond these no device goes; with them no size overflows: a map has less than 2^20 channels
 * of 2^30 pixels. */
#define MAX_CHANNELS (1 << 20) /* of one map */
#define MAX_RUNNING (1 << 26)  /* channels that all norms together have */

/* ---- elements ---- */

fg_status fg_elements_add(fg_elements *elements, fg_element element)
{
    fg_status status = FG_OK;

    FG_GROW(elements->list, elements->count);
    elements->list[elements->count++] = element;

cleanup:
    return status;
}

void fg_elements_clear(fg_elements *elements)
{
    free(elements->list);
    *elements = (fg_elements){0};
}

int64_t fg_elements_channels(const fg_elements *elements)
{
    int64_t channels = 0;

    for (int i = 0; i < elements->count; ++i)
        channels += elements->list[i].channels;
    return channels;
}

/* ---- maps and norms ---- */

fg_status fg_part_map(int *out, fg_plan *plan, fg_map_kind kind, const char *name, int stage,
                      int64_t channels, int side)
{
    fg_status status = FG_OK;
    fg_map map = {.kind = kind,
                  .stage = stage,
                  .channels = (int)channels,
                  .height = side,
                  .width = side,
                  .first_slot = -1,
                  .values = -1,
                  .gradients = -1};

    FG_REQUIRE(channels >= 1 && channels <= MAX_CHANNELS,
               "%s has %lld channels, expected 1..%d", name, (long long)channels, MAX_CHANNELS);
    FG_GROW(plan->maps, plan->map_count);
    map.name = fg_text_copy(name);
    FG_CHECK(map.name != NULL, FG_ERR_MEMORY, "no memory for a name");
    plan->maps[plan->map_count] = map;
    *out = plan->map_count++;

cleanup:
    return status;
}

fg_element fg_part_element(const fg_plan *plan, int map)
{
    return (fg_element){
        .map = map, .channels = plan->maps[map].channels, .norm = -1, .number = -1};
}

fg_status fg_part_norm(int *out, fg_plan *plan, const char *name, int64_t channels, float scale)
{
    fg_status status = FG_OK;
    fg_norm norm = {.channels = (int)channels, .first_running = plan->running_channels};

    FG_REQUIRE(channels <= MAX_RUNNING - norm.first_running,
               "its batch norms have more than %d channels", MAX_RUNNING);
    FG_GROW(plan->norms, plan->norm_count);
    FG_TRY(fg_tensors_add_norm(plan, &norm, name, scale));
    plan->running_channels += norm.channels;
    plan->norms[plan->norm_count] = norm;
    *out = plan->norm_count++;

cleanup:
    return status;
}

/* ---- reads ---- */

static bool follows(const fg_range *before, const fg_range *range)
{
    return before->first_channel + before->channels == range->first_channel &&
           before->norm == range->norm &&
           (range->norm < 0 || before->norm_channel + before->channels == range->norm_channel);
}

/* Appends a range to reads, which is the last run of the table. */
static fg_status add_range(fg_plan *plan, fg_reads *reads, fg_range range, bool merge)
{
    fg_status status = FG_OK;

    assert(reads->first + reads->count == plan->range_count);
    if (range.norm >= 0)
        plan->maps[reads->map].normalised = true;
    reads->channels += range.channels;
    if (merge && reads->count > 0 && follows(&plan->ranges[plan->range_count - 1], &range)) {
        plan->ranges[plan->range_count - 1].channels += range.channels;
        return FG_OK; /* a dense layer's input is one range */
    }
    FG_GROW(plan->ranges, plan->range_count);
    plan->ranges[plan->range_count++] = range;
    ++reads->count;

cleanup:
    return status;
}

static fg_status add_ranges(fg_reads *out, fg_plan *plan, const fg_elements *elements, int norm,
                            bool relu, bool merge)
{
    fg_status status = FG_OK;
    int channel = 0;

    *out = (fg_reads){
        .map = elements->list[0].map, .first = plan->range_count, .relu = relu, .stride = 1};
    for (int i = 0; i < elements->count; ++i) {
        const fg_element *element = &elements->list[i];
        FG_REQUIRE(element->map == out->map && (norm >= 0 || element->relu == relu),
                   "what %s reads does not lie in one stage", plan->maps[out->map].name);
        FG_TRY(add_range(plan, out,
                         (fg_range){.first_channel = element->first_channel,
                                    .channels = element->channels,
                                    .norm = norm >= 0 ? norm : element->norm,
                                    .norm_channel = norm >= 0 ? channel : element->norm_channel,
                                    .element = element->number},
                         merge));
        channel += element->channels;
    }

cleanup:
    return status;
}

fg_status fg_part_reads(fg_reads *out, fg_plan *plan, const fg_elements *elements, int norm,
                        bool relu)
{
    return add_ranges(out, plan, elements, norm, norm >= 0 ? relu : elements->list[0].relu,
                      true);
}

fg_status fg_part_terms(fg_reads *out, fg_plan *plan, const fg_elements *elements)
{
    return add_ranges(out, plan, elements, -1, elements->list[0].relu, false);
}

bool fg_reads_normed(const fg_plan *plan, const fg_reads *reads)
{
    for (int i = reads->first; reads->map >= 0 && i < reads->first + reads->count; ++i)
        if (plan->ranges[i].norm >= 0)
            return true;
    return false;
}

/* ---- operations ---- */

/* One multiply-add per weight and pixel, pixels outside the image counted; one per channel of a
 * depthwise aggregation's terms. */
static bool count_work(fg_plan *plan, const fg_op *op)
{
    int64_t each = 0, work;

    if (op->kind == FG_OP_CONV)
        each =
            (int64_t)op->out_channels * (op->in[0].channels / op->groups) * op->side * op->side;
    if (op->depthwise)
        each = (int64_t)op->in[0].channels + op->in[1].channels;
    return !__builtin_mul_overflow(each, fg_op_counted_pixels(plan, op), &work) &&
           !__builtin_add_overflow(plan->multiply_adds, work, &plan->multiply_adds);
}

fg_status fg_part_op(fg_plan *plan, fg_op op, const char *name)
{
    fg_status status = FG_OK;

    FG_GROW(plan->ops, plan->op_count);
    op.weights = op.bias = op.sum = -1;
    op.name = fg_text_copy(name);
    FG_CHECK(op.name != NULL, FG_ERR_MEMORY, "no memory for a name");
    if (op.kind == FG_OP_CONV)
        FG_TRY(fg_tensors_add_conv(plan, &op));
    FG_REQUIRE(count_work(plan, &op), "it needs more than 2^63 multiply-adds");
    plan->ops[plan->op_count++] = op;
    op.name = NULL;

cleanup:
    free(op.name);
    return status;
}

fg_op fg_part_op_of(fg_op_kind kind, fg_element out)
{
    fg_op op = {.kind = kind,
                .out_map = out.map,
                .out_first_channel = out.first_channel,
                .out_channels = out.channels,
                .side = 1,
                .stride = 1,
                .groups = 1,
                .stage = -1};

    for (int i = 0; i < FG_OP_INPUTS; ++i)
        op.in[i].map = -1;
    return op;
}

int fg_part_side(int side, int stride)
{
    return (side - 1) / stride + 1;
}

fg_dropout_kind fg_part_dropout(const fg_network *network, fg_dropout_place place)
{
    const fg_network_dropout *dropout = &network->dropout;
    const bool here = dropout->place == place ||
                      (dropout->place == FG_DROPOUT_ALL_OUTPUTS && place == FG_DROPOUT_OUTPUTS);

    return here && dropout->rate > 0 ? dropout->kind : FG_DROPOUT_NONE;
}
