/* lifetimes.c - which memory a plan needs, and from which step to which.
 *
 * A region lives from the first step that uses it to the last one. How large regions are is
 * sizes.c, where they lie is arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/lifetimes.h"

#include <assert.h>

/* The loss, then the way back. */
static void append_backward(fg_plan *plan)
{
    static const fg_step_kind backward[] = {
        [FG_STEP_CONV_FORWARD] = FG_STEP_CONV_BACKWARD,
        [FG_STEP_POOL_FORWARD] = FG_STEP_POOL_BACKWARD,
        [FG_STEP_HEAD_POOL_FORWARD] = FG_STEP_HEAD_POOL_BACKWARD,
    };
    fg_step *next = plan->steps + plan->forward_steps;

    *next = plan->steps[0]; /* no scratch */
    next->kind = FG_STEP_LOSS;
    next->index = 0;
    for (int i = plan->forward_steps - 1; i >= 0; --i) {
        *++next = plan->steps[i];
        next->kind = backward[plan->steps[i].kind];
    }
    plan->step_count = 2 * plan->forward_steps + 1;
}

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

/* Backward, a normalised map's producer needs its values for dx = G + q (x - mean) + c. */
static void use_written(fg_plan *plan, const fg_map *map, int step)
{
    use(plan, map->gradients, step);
    if (map->first_slot >= 0)
        use(plan, map->values, step);
}

static void use_maps(fg_plan *plan, int index)
{
    const fg_step *step = &plan->steps[index];
    const fg_map *maps = plan->maps;
    const fg_map *in, *out;

    switch (step->kind) {
    case FG_STEP_CONV_FORWARD:
    case FG_STEP_CONV_BACKWARD:
        in = &maps[plan->convs[step->index].reads.map];
        out = &maps[plan->convs[step->index].out_map];
        break;
    case FG_STEP_POOL_FORWARD:
    case FG_STEP_POOL_BACKWARD:
        in = &maps[plan->pools[step->index].in_map];
        out = &maps[plan->pools[step->index].out_map];
        break;
    case FG_STEP_HEAD_POOL_FORWARD:
    case FG_STEP_HEAD_POOL_BACKWARD:
        in = &maps[plan->head_pool.reads.map];
        out = &maps[plan->head_pool.out_map];
        break;
    case FG_STEP_LOSS:
    default:
        use(plan, maps[plan->logits_map].values, index);
        use(plan, maps[plan->logits_map].gradients, index);
        return;
    }
    if (index < plan->forward_steps) {
        use(plan, in->values, index);
        use(plan, out->values, index);
        return;
    }
    use(plan, in->gradients, index);
    if (step->kind != FG_STEP_POOL_BACKWARD) /* which does not look at what was pooled */
        use(plan, in->values, index);
    use_written(plan, out, index);
}

static void add_scratch(fg_plan *plan, int index, enum fg_scratch scratch)
{
    const int region = add_region(plan, "scratch");

    plan->steps[index].scratch[scratch] = region;
    use(plan, region, index);
}

static void add_conv_scratch(fg_plan *plan, int index)
{
    const fg_step *step = &plan->steps[index];
    const fg_conv *conv = &plan->convs[step->index];
    const bool forward = step->kind == FG_STEP_CONV_FORWARD;
    const bool out_normalised = plan->maps[conv->out_map].first_slot >= 0;

    add_scratch(plan, index, FG_SCRATCH_PACKED);
    add_scratch(plan, index, FG_SCRATCH_AFFINE);
    if (forward ? out_normalised : conv->norm >= 0)
        add_scratch(plan, index, FG_SCRATCH_PARTIALS);
    if (forward)
        return;
    add_scratch(plan, index, FG_SCRATCH_WEIGHTS);
    if (out_normalised)
        add_scratch(plan, index, FG_SCRATCH_COEFFICIENTS);
}

static void add_step_scratch(fg_plan *plan, int index)
{
    switch (plan->steps[index].kind) {
    case FG_STEP_CONV_FORWARD:
    case FG_STEP_CONV_BACKWARD:
        add_conv_scratch(plan, index);
        break;
    case FG_STEP_POOL_FORWARD:
        add_scratch(plan, index, FG_SCRATCH_PARTIALS);
        break;
    case FG_STEP_POOL_BACKWARD:
        add_scratch(plan, index, FG_SCRATCH_COEFFICIENTS);
        break;
    case FG_STEP_HEAD_POOL_FORWARD:
        add_scratch(plan, index, FG_SCRATCH_AFFINE);
        break;
    case FG_STEP_HEAD_POOL_BACKWARD:
        add_scratch(plan, index, FG_SCRATCH_AFFINE);
        add_scratch(plan, index, FG_SCRATCH_PARTIALS);
        break;
    case FG_STEP_LOSS:
        break;
    }
}

static void add_map_regions(fg_plan *plan)
{
    static const char *const names[][2] = {
        [FG_MAP_INPUT] = {"input", NULL},
        [FG_MAP_FEATURES] = {"features", "gradients"},
        [FG_MAP_INNER] = {"inner", "inner gradients"},
        [FG_MAP_TRANSITION] = {"transition", "transition gradients"},
        [FG_MAP_POOLED] = {"head", "head gradients"},
        [FG_MAP_LOGITS] = {"head", "head gradients"},
    };

    for (int i = 0; i < plan->map_count; ++i) {
        fg_map *map = &plan->maps[i];
        map->values = add_region(plan, names[map->kind][0]);
        if (plan->training && map->kind != FG_MAP_INPUT)
            map->gradients = add_region(plan, names[map->kind][1]);
    }
}

fg_status fg_lifetimes_find(fg_plan *plan)
{
    fg_status status = FG_OK;

    if (plan->training)
        append_backward(plan);
    FG_ALLOC(plan->regions, 2 * plan->map_count + FG_SCRATCHES * plan->step_count);
    add_map_regions(plan);
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
