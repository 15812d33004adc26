/* lifetimes.c - which memory a plan needs, and from which step to which.
 *
 * A region lives from the first step that uses it to the last one. How large regions are is
 * sizes.c, where they lie is arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/lifetimes.h"

#include <stdlib.h>

#include "plan/fold.h"

static int add_region(fg_plan *plan, const char *kind)
{
    plan->regions[plan->region_count] = (fg_region){.kind = kind, .first_step = -1};
    return plan->region_count++;
}

static void use(fg_plan *plan, int region, int step)
{
    if (region < 0)
        return;
    if (plan->regions[region].first_step < 0)
        plan->regions[region].first_step = step;
    plan->regions[region].last_step = step;
}

static void use_values(fg_plan *plan, fg_map *map, int step)
{
    const fg_step_kind kind = plan->steps[step].kind;

    use(plan, fg_map_values(map, kind), step);
    if (kind == FG_STEP_FORWARD)
        map->last_forward = step;
    else if (map->first_backward < 0)
        map->first_backward = step;
}

/* Backward, a normalised map's producer needs its values for dx = G + q (x - mean) + c. */
static void use_written(fg_plan *plan, fg_map *map, int step)
{
    use(plan, map->gradients, step);
    if (map->first_slot >= 0)
        use_values(plan, map, step);
}

/* Backward, whether an operation looks at the values that it read. */
static bool looks_back(const fg_plan *plan, const fg_op *op, const fg_reads *reads)
{
    if (op->kind == FG_OP_MEAN_POOL)
        return false;
    return op->kind != FG_OP_SUM || reads->relu || fg_reads_normed(plan, reads);
}

/* What a convolution that stores a sum reads and writes beside its own input. */
static void use_shortcut(fg_plan *plan, const fg_op *op, const fg_step *step, int index)
{
    const fg_reads *reads;

    fg_fold_shortcut(&reads, plan, op);
    if (step->kind == FG_STEP_FORWARD)
        use_values(plan, &plan->maps[reads->map], index);
    else
        use(plan, plan->maps[reads->map].gradients, index);
}

static void use_maps(fg_plan *plan, int index)
{
    const fg_step *step = &plan->steps[index];
    const bool backward = step->kind == FG_STEP_BACKWARD;
    fg_map *maps = plan->maps;

    if (step->kind == FG_STEP_LOSS) {
        use_values(plan, &maps[plan->logits_map], index);
        use(plan, maps[plan->logits_map].gradients, index);
        return;
    }
    const fg_op *op = &plan->ops[step->op];
    fg_map *stored = &maps[fg_op_stored(plan, op)->out_map];
    if (op->folded)
        return;
    if (op->sum >= 0)
        use_shortcut(plan, op, step, index);
    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        const fg_reads *reads = &op->in[i];
        if (reads->map < 0)
            continue;
        if (!backward || looks_back(plan, op, reads))
            use_values(plan, &maps[reads->map], index);
        if (backward)
            use(plan, maps[reads->map].gradients, index);
    }
    if (backward)
        use_written(plan, stored, index);
    else
        use_values(plan, stored, index);
}

static void add_scratch(fg_plan *plan, int index, enum fg_scratch scratch)
{
    const int region = add_region(plan, "scratch");

    plan->steps[index].scratch[scratch] = region;
    use(plan, region, index);
}

/* What is made of parameters alone: where these do not change, once for all passes. */
static void add_made(fg_plan *plan, int index, enum fg_scratch scratch)
{
    add_scratch(plan, index, scratch);
    if (!plan->training) {
        fg_region *region = &plan->regions[plan->steps[index].scratch[scratch]];
        region->kind = "packed weights";
        region->first_step = 0;
        region->last_step = plan->step_count - 1;
        region->kept = true;
    }
}

static void add_conv_scratch(fg_plan *plan, int index, const fg_op *op)
{
    const fg_conv_shape shape = fg_conv_shape_of(plan, op);

    if (op->algorithm == FG_ALGORITHM_DIRECT)
        add_made(plan, index, FG_SCRATCH_PACKED);
    else if (fg_algorithm_packs(op->algorithm))
        add_made(plan, index, FG_SCRATCH_TILE);
    else
        add_scratch(plan, index, FG_SCRATCH_TILE);
    if (fg_algorithm_library_bytes(op->algorithm, &shape) > 0)
        add_scratch(plan, index, FG_SCRATCH_LIBRARY);
}

static void add_forward_scratch(fg_plan *plan, int index, const fg_op *op)
{
    if (op->kind == FG_OP_CONV)
        add_conv_scratch(plan, index, op);
    if (op->kind != FG_OP_MEAN_POOL)
        add_made(plan, index, FG_SCRATCH_AFFINE);
    if (op->in[1].map >= 0)
        add_made(plan, index, FG_SCRATCH_AFFINE_SECOND);
    if (plan->training && plan->steps[index].kind == FG_STEP_FORWARD &&
        plan->maps[fg_op_stored(plan, op)->out_map].first_slot >= 0)
        add_scratch(plan, index, FG_SCRATCH_PARTIALS);
}

static void add_backward_scratch(fg_plan *plan, int index, const fg_op *op)
{
    if (op->kind == FG_OP_CONV) {
        add_scratch(plan, index, FG_SCRATCH_PACKED);
        add_scratch(plan, index, FG_SCRATCH_WEIGHTS);
    }
    if (op->kind != FG_OP_MEAN_POOL)
        add_scratch(plan, index, FG_SCRATCH_AFFINE);
    if (op->in[1].map >= 0)
        add_scratch(plan, index, FG_SCRATCH_AFFINE_SECOND);
    if (fg_reads_normed(plan, &op->in[0]))
        add_scratch(plan, index, FG_SCRATCH_PARTIALS);
    if (fg_reads_normed(plan, &op->in[1]))
        add_scratch(plan, index, FG_SCRATCH_PARTIALS_SECOND);
    if (plan->maps[fg_op_stored(plan, op)->out_map].first_slot >= 0)
        add_scratch(plan, index, FG_SCRATCH_COEFFICIENTS);
}

static void add_step_scratch(fg_plan *plan, int index)
{
    fg_step *step = &plan->steps[index];

    for (int i = 0; i < FG_SCRATCHES; ++i)
        step->scratch[i] = -1;
    if (step->kind == FG_STEP_LOSS || plan->ops[step->op].folded)
        return;
    if (step->kind == FG_STEP_BACKWARD)
        add_backward_scratch(plan, index, &plan->ops[step->op]);
    else
        add_forward_scratch(plan, index, &plan->ops[step->op]);
}

/* Maps that anything is kept in: the second term of a folded sum is in none. */
static void find_stored(bool *stored, const fg_plan *plan)
{
    stored[plan->input_map] = true;
    for (int i = 0; i < plan->op_count; ++i)
        if (!plan->ops[i].folded)
            stored[fg_op_stored(plan, &plan->ops[i])->out_map] = true;
}

/* For each map another one, of a lower number, whose region it has too; or -1. */
struct takeovers {
    int *values;
    int *gradients;
};

static void add_map_regions(fg_plan *plan, const bool *stored, const struct takeovers *from)
{
    static const char *const names[][2] = {
        [FG_MAP_INPUT] = {"input", NULL},
        [FG_MAP_FEATURES] = {"features", "gradients"},
        [FG_MAP_RING] = {"features", "gradients"},
        [FG_MAP_SUM] = {"sums", "sum gradients"},
        [FG_MAP_INNER] = {"inner", "inner gradients"},
        [FG_MAP_TRANSITION] = {"transition", "transition gradients"},
        [FG_MAP_POOLED] = {"head", "head gradients"},
        [FG_MAP_LOGITS] = {"head", "head gradients"},
    };

    for (int i = 0; i < plan->map_count; ++i) {
        fg_map *map = &plan->maps[i];
        map->recomputed = map->last_forward = map->first_backward = -1;
        if (!stored[i])
            continue;
        map->values = from->values[i] >= 0 ? plan->maps[from->values[i]].values
                                           : add_region(plan, names[map->kind][0]);
        if (plan->training && map->kind != FG_MAP_INPUT)
            map->gradients = from->gradients[i] >= 0 ? plan->maps[from->gradients[i]].gradients
                                                     : add_region(plan, names[map->kind][1]);
    }
    for (int i = 0; i < plan->step_count; ++i)
        if (plan->steps[i].kind == FG_STEP_RECOMPUTE) {
            fg_map *map = &plan->maps[plan->ops[plan->steps[i].op].out_map];
            map->recomputed = add_region(plan, names[map->kind][0]);
        }
}

/* The step in which one region ends and another one begins. */
static bool meet(const fg_plan *plan, int ends, int begins, int step)
{
    return ends >= 0 && begins >= 0 && plan->regions[ends].last_step == step &&
           plan->regions[begins].first_step == step;
}

static bool is_whole(const fg_map *map, int first_channel, int channels)
{
    return first_channel == 0 && channels == map->channels;
}

static void share(int *from, int map, int with)
{
    from[map > with ? map : with] = map > with ? with : map;
}

/* A folded sum that is the last to read its shortcut is added to it in place, and what is handed on
 * to the shortcut replaces the sum's gradient: a map of its own would be fetched before it is
 * written. A 3x3 reads the gradients of neighbours, which other work-items would have replaced. */
static void find_takeovers(struct takeovers *from, const fg_plan *plan)
{
    for (int i = 0; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        const fg_op *op = step->op >= 0 ? &plan->ops[step->op] : NULL;
        const fg_reads *reads;
        if (op == NULL || op->kind != FG_OP_CONV || op->sum < 0)
            continue;
        const fg_op *sum = fg_op_stored(plan, op);
        const fg_range *range = fg_fold_shortcut(&reads, plan, op);
        const fg_map *term = &plan->maps[reads->map], *out = fg_op_out(plan, sum);
        if (!is_whole(term, range->first_channel, range->channels) ||
            !is_whole(out, sum->out_first_channel, sum->out_channels))
            continue;
        if (step->kind == FG_STEP_FORWARD && meet(plan, term->values, out->values, i))
            share(from->values, reads->map, sum->out_map);
        if (step->kind == FG_STEP_BACKWARD && op->side == 1 &&
            meet(plan, out->gradients, term->gradients, i))
            share(from->gradients, reads->map, sum->out_map);
    }
}

static fg_status find_regions(fg_plan *plan, const bool *stored, const struct takeovers *from)
{
    fg_status status = FG_OK;

    free(plan->regions);
    plan->regions = NULL;
    plan->region_count = 0;
    FG_ALLOC(plan->regions, 2 * plan->map_count + (FG_SCRATCHES + 1) * plan->step_count);
    add_map_regions(plan, stored, from);
    for (int i = 0; i < plan->step_count; ++i) {
        use_maps(plan, i);
        add_step_scratch(plan, i);
    }
    /* The batch is uploaded before the first step; callers read the logits after the last one.
     */
    use(plan, plan->maps[plan->input_map].values, plan->step_count - 1);
    use(plan, plan->maps[plan->logits_map].values, plan->step_count - 1);

cleanup:
    return status;
}

fg_status fg_lifetimes_find(fg_plan *plan)
{
    fg_status status = FG_OK;
    bool *stored = NULL;
    struct takeovers from = {NULL, NULL};

    FG_ALLOC(stored, plan->map_count);
    FG_ALLOC(from.values, plan->map_count);
    FG_ALLOC(from.gradients, plan->map_count);
    for (int i = 0; i < plan->map_count; ++i)
        from.values[i] = from.gradients[i] = -1;
    find_stored(stored, plan);
    FG_TRY(find_regions(plan, stored, &from));
    find_takeovers(&from, plan);
    FG_TRY(find_regions(plan, stored, &from));

cleanup:
    free(stored);
    free(from.values);
    free(from.gradients);
    return status;
}
