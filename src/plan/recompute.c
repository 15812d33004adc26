/* recompute.c - chooses what backward computes again, so that it need not be kept from forward.
 *
 * A candidate is the output of a 1x1 convolution that lies between two convolutions of a layer.
 * It costs the multiply-adds of that convolution once more, which are, for each of its values,
 * as many as the convolution reads channels: narrow layers free a byte most cheaply. So the
 * narrowest one that is kept over the busiest step is chosen, and then again, until nothing that
 * is kept over that step can be recomputed. How many of this list are recomputed is what the
 * memory setting decides: more bytes never cost more multiply-adds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/recompute.h"

#include <stdlib.h>

#include "plan/lifetimes.h"
#include "plan/limits.h"
#include "plan/sizes.h"

struct candidate {
    fg_recomputed what;
    int width; /* channels that one of its channels is computed from */
    size_t bytes;
    int first_step, last_step; /* while it is kept and no one looks at it */
    bool chosen;
};

struct choosing {
    const fg_plan *plan;          /* without recomputations */
    struct candidate *candidates; /* narrow ones first */
    int count;
    size_t *live; /* [plan->step_count]: bytes of regions */
};

/* ---- candidates ---- */

static bool is_candidate(const fg_plan *plan, const fg_op *op, const bool *candidate_maps)
{
    const fg_map *out = fg_op_out(plan, op);

    return op->kind == FG_OP_CONV && op->side == 1 && op->sum < 0 &&
           out->kind == FG_MAP_INNER && out->first_backward > out->last_forward + 1 &&
           !candidate_maps[op->in[0].map];
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->what.op < y->what.op ? -1 : 1;
}

/* What a candidate is computed from is there all the time, so it is no candidate itself. */
static fg_status find_candidates(struct choosing *c)
{
    fg_status status = FG_OK;
    const fg_plan *plan = c->plan;
    bool *candidate_maps = NULL;

    FG_ALLOC(candidate_maps, plan->map_count);
    FG_ALLOC(c->candidates, plan->op_count);
    for (int i = 0; i < plan->op_count; ++i) {
        const fg_op *op = &plan->ops[i];
        const fg_map *out = fg_op_out(plan, op);
        if (!is_candidate(plan, op, candidate_maps))
            continue;
        candidate_maps[op->out_map] = true;
        c->candidates[c->count++] =
            (struct candidate){.what = {i, plan->steps[out->first_backward].op},
                               .width = op->in[0].channels / op->groups,
                               .bytes = plan->regions[out->values].bytes,
                               .first_step = out->last_forward + 1,
                               .last_step = out->first_backward - 1};
    }
    qsort(c->candidates, (size_t)c->count, sizeof *c->candidates, compare_candidates);

cleanup:
    free(candidate_maps);
    return status;
}

/* ---- choice ---- */

static fg_status count_live(struct choosing *c)
{
    fg_status status = FG_OK;
    const fg_plan *plan = c->plan;
    size_t *gone = NULL, live = 0;

    FG_ALLOC(c->live, plan->step_count);
    FG_ALLOC(gone, plan->step_count);
    for (int i = 0; i < plan->region_count; ++i) {
        c->live[plan->regions[i].first_step] += plan->regions[i].bytes;
        gone[plan->regions[i].last_step] += plan->regions[i].bytes;
    }
    for (int i = 0; i < plan->step_count; ++i) {
        live += c->live[i];
        c->live[i] = live;
        live -= gone[i];
    }

cleanup:
    free(gone);
    return status;
}

/* The last one, of several: the later in backward, the fewer candidates are kept over it. */
static int busiest_step(const struct choosing *c)
{
    int busiest = 0;

    for (int i = 1; i < c->plan->step_count; ++i)
        if (c->live[i] >= c->live[busiest])
            busiest = i;
    return busiest;
}

/* The narrowest candidate that is kept over a step and not chosen yet, or NULL. */
static struct candidate *kept_over(const struct choosing *c, int step)
{
    for (int i = 0; i < c->count; ++i) {
        struct candidate *candidate = &c->candidates[i];
        if (!candidate->chosen && candidate->first_step <= step && candidate->last_step >= step)
            return candidate;
    }
    return NULL;
}

static void choose(fg_recompute *out, struct choosing *c)
{
    int step = busiest_step(c);
    struct candidate *candidate;

    out->live[0] = c->live[step];
    while ((candidate = kept_over(c, step)) != NULL) {
        candidate->chosen = true;
        for (int i = candidate->first_step; i <= candidate->last_step; ++i)
            c->live[i] -= candidate->bytes;
        step = busiest_step(c);
        out->list[out->count++] = candidate->what;
        out->live[out->count] = c->live[step];
    }
}

fg_status fg_recompute_find(fg_recompute *out, fg_plan *plan)
{
    fg_status status = FG_OK;
    struct choosing c = {.plan = plan};

    *out = (fg_recompute){0};
    FG_TRY(fg_recompute_apply(plan, out, 0));
    FG_TRY(count_live(&c));
    if (plan->memory_target != FG_MEMORY_FAST)
        FG_TRY(find_candidates(&c));
    FG_ALLOC(out->list, c.count);
    FG_ALLOC(out->live, c.count + 1);
    choose(out, &c);

cleanup:
    free(c.candidates);
    free(c.live);
    return status;
}

void fg_recompute_clear(fg_recompute *recompute)
{
    free(recompute->list);
    free(recompute->live);
    *recompute = (fg_recompute){0};
}

/* ---- the plan with it ---- */

fg_status fg_recompute_apply(fg_plan *plan, const fg_recompute *recompute, int count)
{
    fg_status status = FG_OK;

    FG_TRY(fg_steps_recompute(plan, recompute->list, count));
    FG_TRY(fg_lifetimes_find(plan));
    fg_sizes_set(plan);
    plan->recomputed_maps = count;
    plan->recomputed_multiply_adds = 0;
    for (int i = 0; i < count; ++i) {
        const fg_op *op = &plan->ops[recompute->list[i].op];
        const fg_map *map = fg_op_out(plan, op);
        plan->recomputed_multiply_adds +=
            (int64_t)plan->tensors[op->weights].elements * map->height * map->width;
    }

cleanup:
    return status;
}

/* The shortest part of the list with which the plan needs no more than `bytes`, or all of it. */
static fg_status place_within(fg_plan *plan, const fg_recompute *recompute, size_t bytes)
{
    fg_status status = FG_OK;
    const size_t parts = fg_sizes_parts(plan);

    for (int count = 0; count <= recompute->count; ++count) {
        if (count < recompute->count && recompute->live[count] + parts > bytes)
            continue; /* no placement gets below that */
        FG_TRY(fg_recompute_apply(plan, recompute, count));
        FG_TRY(fg_sizes_place(plan));
        if (plan->device_bytes_peak <= bytes)
            break;
    }

cleanup:
    return status;
}

fg_status fg_recompute_place(fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_recompute recompute = {0};

    FG_TRY(fg_recompute_find(&recompute, plan));
    if (plan->memory_target > FG_MEMORY_LEAN) {
        FG_TRY(place_within(plan, &recompute, fg_limits_bytes(plan)));
    } else {
        if (recompute.count > 0)
            FG_TRY(fg_recompute_apply(plan, &recompute, recompute.count));
        FG_TRY(fg_sizes_place(plan));
    }

cleanup:
    fg_recompute_clear(&recompute);
    return status;
}
