/* backward.c - who writes a gradient and who adds to it, and which parameters are complete when.
 *
 * Backward goes through the operations from the last to the first. The first reader of a feature
 * to come writes what its readers add up, the others add. The operation that made the feature
 * uses it up, so that a place of a ring begins anew.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/backward.h"

#include <assert.h>
#include <stdlib.h>

/* ---- write or add ---- */

/* What has been written so far. */
struct written {
    bool **gradient; /* [map][channel] */
    bool **sums;     /* ditto */
    bool **norm;     /* [norm][channel] */
};

static fg_status alloc_written(struct written *w, const fg_plan *plan)
{
    fg_status status = FG_OK;

    FG_ALLOC(w->gradient, plan->map_count);
    FG_ALLOC(w->sums, plan->map_count);
    FG_ALLOC(w->norm, plan->norm_count);
    for (int i = 0; i < plan->map_count; ++i) {
        FG_ALLOC(w->gradient[i], plan->maps[i].channels);
        FG_ALLOC(w->sums[i], plan->maps[i].channels);
    }
    for (int i = 0; i < plan->norm_count; ++i)
        FG_ALLOC(w->norm[i], plan->norms[i].channels);

cleanup:
    return status;
}

static void free_written(struct written *w, const fg_plan *plan)
{
    for (int i = 0; i < plan->map_count; ++i) {
        if (w->gradient != NULL)
            free(w->gradient[i]);
        if (w->sums != NULL)
            free(w->sums[i]);
    }
    for (int i = 0; w->norm != NULL && i < plan->norm_count; ++i)
        free(w->norm[i]);
    free(w->gradient);
    free(w->sums);
    free(w->norm);
}

/* What a reader does to one channel of a range; from now on that is written. */
static int adds_to(struct written *w, int map, const fg_range *range, int channel)
{
    bool *gradient = &w->gradient[map][range->first_channel + channel];
    int adds = *gradient ? FG_ADDS_GRADIENT : 0;

    *gradient = true;
    if (range->norm >= 0) {
        bool *sums = &w->sums[map][range->first_channel + channel];
        bool *norm = &w->norm[range->norm][range->norm_channel + channel];
        adds |= (*sums ? FG_ADDS_SUMS : 0) | (*norm ? FG_ADDS_PARAMETERS : 0);
        *sums = true;
        *norm = true;
    }
    return adds;
}

struct table {
    fg_range *ranges;
    int count;
};

/* The reads again, in a new table, cut where what is done to channels changes. */
static fg_status cut_reads(fg_reads *reads, const fg_plan *plan, struct table *table,
                           struct written *w)
{
    fg_status status = FG_OK;
    const int old = reads->first, old_count = reads->count;

    reads->first = table->count;
    for (int i = old; i < old + old_count; ++i) {
        fg_range range = plan->ranges[i];
        const int channels = range.channels;
        int begin = 0;
        range.adds = adds_to(w, reads->map, &plan->ranges[i], 0);
        for (int c = 1; c <= channels; ++c) {
            const int adds = c < channels ? adds_to(w, reads->map, &plan->ranges[i], c) : -1;
            if (adds == range.adds)
                continue;
            FG_GROW(table->ranges, table->count);
            range.channels = c - begin;
            table->ranges[table->count++] = range;
            range.first_channel += range.channels;
            range.norm_channel += range.channels;
            range.adds = adds;
            begin = c;
        }
    }
    reads->count = table->count - reads->first;

cleanup:
    return status;
}

fg_status fg_backward_order(fg_plan *plan)
{
    fg_status status = FG_OK;
    struct written w = {0};
    struct table table = {0};

    FG_TRY(alloc_written(&w, plan));
    for (int i = plan->op_count - 1; i >= 0; --i) {
        fg_op *op = &plan->ops[i];
        for (int c = op->out_first_channel; c < op->out_first_channel + op->out_channels; ++c)
            w.gradient[op->out_map][c] = w.sums[op->out_map][c] = false;
        for (int j = 0; j < FG_OP_INPUTS; ++j) {
            const int terms = op->in[j].count;
            if (op->in[j].map < 0)
                continue;
            FG_TRY(cut_reads(&op->in[j], plan, &table, &w));
            /* All readers read whole elements, or SeqConv's groups. */
            assert(op->kind != FG_OP_SUM || op->in[j].count == terms);
            (void)terms;
        }
    }
    free(plan->ranges);
    plan->ranges = table.ranges;
    plan->range_count = table.count;
    table.ranges = NULL;

cleanup:
    free(table.ranges);
    free_written(&w, plan);
    return status;
}

/* ---- parameters: when their gradients are complete ---- */

/* Of a gradient: from the first step that writes it to the last one. */
struct life {
    int first_step, last_step;
};

static void use_tensor(struct life *lives, int tensor, int step)
{
    if (tensor < 0)
        return;
    if (lives[tensor].last_step < 0)
        lives[tensor].first_step = step;
    lives[tensor].last_step = step;
}

static void find_lives(struct life *lives, const fg_plan *plan)
{
    for (int i = 0; i < plan->parameter_tensors; ++i)
        lives[i].last_step = -1;
    for (int i = 0; i < plan->step_count; ++i) {
        if (plan->steps[i].kind != FG_STEP_BACKWARD)
            continue;
        const fg_op *op = &plan->ops[plan->steps[i].op];
        use_tensor(lives, op->weights, i);
        use_tensor(lives, op->bias, i);
        for (int j = 0; j < FG_OP_INPUTS; ++j)
            for (int k = 0; op->in[j].map >= 0 && k < op->in[j].count; ++k) {
                const int norm = plan->ranges[op->in[j].first + k].norm;
                if (norm < 0)
                    continue;
                use_tensor(lives, plan->norms[norm].scale, i);
                use_tensor(lives, plan->norms[norm].shift, i);
            }
    }
}

/* One region per run of consecutive tensors with the same life. */
static int make_blocks(fg_region *regions, fg_update *updates, const fg_plan *plan,
                       const struct life *lives)
{
    int count = 0;

    for (int i = 0; i < plan->parameter_tensors; ++i) {
        const fg_tensor *tensor = &plan->tensors[i];
        const size_t end = i + 1 < plan->parameter_tensors ? plan->tensors[i + 1].first
                                                           : plan->parameter_elements;
        if (count == 0 || lives[i].first_step != regions[count - 1].first_step ||
            lives[i].last_step != regions[count - 1].last_step) {
            regions[count] = (fg_region){.kind = "parameter gradients",
                                         .first_step = lives[i].first_step,
                                         .last_step = lives[i].last_step};
            updates[count++] = (fg_update){.first = tensor->first};
        }
        updates[count - 1].elements = end - updates[count - 1].first;
        regions[count - 1].bytes = updates[count - 1].elements * sizeof(float);
    }
    return count;
}

static int compare_regions(const void *a, const void *b, void *user)
{
    const fg_region *x = (const fg_region *)user + *(const int *)a;
    const fg_region *y = (const fg_region *)user + *(const int *)b;

    if (x->last_step != y->last_step)
        return x->last_step < y->last_step ? -1 : 1;
    return x < y ? -1 : 1;
}

/* The table of updates in order of steps, and each step's run of it. */
static fg_status sort_updates(fg_plan *plan, const fg_region *regions, const fg_update *updates,
                              int count)
{
    fg_status status = FG_OK;
    int *order = NULL;

    FG_ALLOC(order, count);
    FG_ALLOC(plan->updates, count);
    for (int i = 0; i < count; ++i)
        order[i] = i;
    qsort_r(order, (size_t)count, sizeof *order, compare_regions, (void *)regions);
    for (int i = 0; i < count; ++i) {
        fg_step *step = &plan->steps[regions[order[i]].last_step];
        plan->updates[i] = updates[order[i]];
        plan->updates[i].gradient = regions[order[i]].offset / sizeof(float);
        if (step->updates++ == 0)
            step->first_update = i;
    }
    plan->update_count = count;

cleanup:
    free(order);
    return status;
}

fg_status fg_backward_updates(fg_plan *plan)
{
    fg_status status = FG_OK;
    struct life *lives = NULL;
    fg_region *regions = NULL;
    fg_update *updates = NULL;
    fg_arena arena = {0};

    plan->gradient_elements = plan->training ? plan->parameter_elements : 0;
    for (int i = 0; i < plan->parameter_tensors; ++i)
        plan->tensors[i].gradient = plan->tensors[i].first;
    if (!plan->training || plan->keep_gradients)
        return FG_OK;
    FG_ALLOC(lives, plan->parameter_tensors);
    FG_ALLOC(regions, plan->parameter_tensors);
    FG_ALLOC(updates, plan->parameter_tensors);
    find_lives(lives, plan);
    const int count = make_blocks(regions, updates, plan, lives);
    FG_TRY(fg_arena_place(&arena, regions, count, 0));
    plan->gradient_elements = arena.bytes / sizeof(float);
    FG_TRY(sort_updates(plan, regions, updates, count));
    for (int i = 0, block = 0; i < plan->parameter_tensors; ++i) {
        fg_tensor *tensor = &plan->tensors[i];
        while (tensor->first >= updates[block].first + updates[block].elements)
            ++block;
        tensor->gradient =
            regions[block].offset / sizeof(float) + (tensor->first - updates[block].first);
    }

cleanup:
    fg_arena_free(&arena);
    free(lives);
    free(regions);
    free(updates);
    return status;
}

/* ---- the table of sources ---- */

fg_status fg_backward_sources(fg_plan *plan)
{
    fg_status status = FG_OK;

    FG_ALLOC(plan->sources, plan->range_count);
    for (int i = 0; i < plan->op_count; ++i)
        for (int j = 0; j < FG_OP_INPUTS; ++j) {
            const fg_reads *reads = &plan->ops[i].in[j];
            for (int k = reads->first; reads->map >= 0 && k < reads->first + reads->count;
                 ++k) {
                const fg_range *range = &plan->ranges[k];
                const int slot = plan->maps[reads->map].first_slot;
                struct fg_source source = {.first_channel = range->first_channel,
                                           .channels = range->channels,
                                           .adds = range->adds,
                                           .slot = slot < 0 ? -1 : slot + range->first_channel,
                                           .scale = -1,
                                           .shift = -1,
                                           .scale_gradient = -1,
                                           .shift_gradient = -1,
                                           .mean = -1,
                                           .variance = -1};
                if (range->norm >= 0) {
                    const fg_norm *norm = &plan->norms[range->norm];
                    const fg_tensor *t = plan->tensors;
                    const fg_i32 c = range->norm_channel;
                    source.scale = (fg_i32)t[norm->scale].first + c;
                    source.shift = (fg_i32)t[norm->shift].first + c;
                    source.scale_gradient = (fg_i32)t[norm->scale].gradient + c;
                    source.shift_gradient = (fg_i32)t[norm->shift].gradient + c;
                    source.mean = (fg_i32)t[norm->mean].first + c;
                    source.variance = (fg_i32)t[norm->variance].first + c;
                }
                plan->sources[k] = source;
            }
        }

cleanup:
    return status;
}
