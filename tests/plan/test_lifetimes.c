/* test_lifetimes.c - the order of steps, and from which step to which memory lives.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/lifetimes.h"

#include "plans.h"

/* The forward step of a convolution, or -1. */
static int conv_step(const fg_plan *plan, int conv)
{
    for (int i = 0; i < plan->forward_steps; ++i)
        if (plan->steps[i].kind == FG_STEP_CONV_FORWARD && plan->steps[i].index == conv)
            return i;
    return -1;
}

static int kind_step(const fg_plan *plan, fg_step_kind kind, int index)
{
    for (int i = 0; i < plan->step_count; ++i)
        if (plan->steps[i].kind == kind && plan->steps[i].index == index)
            return i;
    return -1;
}

static int mirror(const fg_plan *plan, int step)
{
    return 2 * plan->forward_steps - step;
}

static void lives(const fg_plan *plan, int region, int first, int last)
{
    ck_assert_int_ge(region, 0);
    ck_assert_msg(plan->regions[region].first_step == first &&
                      plan->regions[region].last_step == last,
                  "%s: region %d (%s) lives %d..%d, expected %d..%d", plan->name, region,
                  plan->regions[region].kind, plan->regions[region].first_step,
                  plan->regions[region].last_step, first, last);
}

START_TEST(steps_go_forward_in_order_then_back)
{
    static const fg_step_kind back[] = {[FG_STEP_CONV_FORWARD] = FG_STEP_CONV_BACKWARD,
                                        [FG_STEP_POOL_FORWARD] = FG_STEP_POOL_BACKWARD,
                                        [FG_STEP_HEAD_POOL_FORWARD] =
                                            FG_STEP_HEAD_POOL_BACKWARD};

    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        int conv = 0, pool = 0;
        ck_assert_int_eq(plan->forward_steps, plan->conv_count + plan->pool_count + 1);
        ck_assert_int_eq(plan->step_count, 2 * plan->forward_steps + 1);
        ck_assert_int_eq(plan->steps[plan->forward_steps].kind, FG_STEP_LOSS);
        for (int s = 0; s < plan->forward_steps; ++s) {
            const fg_step *step = &plan->steps[s], *other = &plan->steps[mirror(plan, s)];
            if (step->kind == FG_STEP_CONV_FORWARD)
                ck_assert_int_eq(step->index, conv++);
            else if (step->kind == FG_STEP_POOL_FORWARD)
                ck_assert_int_eq(step->index, pool++);
            ck_assert_int_eq(other->kind, back[step->kind]);
            ck_assert_int_eq(other->index, step->index);
        }
        ck_assert_int_eq(plan->steps[plan->forward_steps - 2].kind, FG_STEP_HEAD_POOL_FORWARD);
        fg_plan_free(plan);
    }
}
END_TEST

/* The step that writes x_0 of a stage, and the one that reads its whole list last. */
static void stage_steps(const fg_plan *plan, int map, int *producer, int *last_reader)
{
    for (int i = 0; i < plan->conv_count; ++i) {
        if (plan->convs[i].out_map == map && plan->convs[i].out_first_channel == 0)
            *producer = conv_step(plan, i);
        if (plan->convs[i].reads.map == map)
            *last_reader = conv_step(plan, i);
    }
    for (int i = 0; i < plan->pool_count; ++i)
        if (plan->pools[i].out_map == map)
            *producer = kind_step(plan, FG_STEP_POOL_FORWARD, i);
    if (plan->head_pool.reads.map == map)
        *last_reader = kind_step(plan, FG_STEP_HEAD_POOL_FORWARD, 0);
}

static void check_training(const fg_plan *plan)
{
    const fg_map *maps = plan->maps;
    const int end = plan->step_count - 1, forward = plan->forward_steps;
    const int head = kind_step(plan, FG_STEP_HEAD_POOL_FORWARD, 0);

    for (int m = 0; m < plan->map_count; ++m) {
        int first = -1, last = -1;
        if (maps[m].kind == FG_MAP_FEATURES) {
            stage_steps(plan, m, &first, &last);
            lives(plan, maps[m].values, first, mirror(plan, first));
            lives(plan, maps[m].gradients, mirror(plan, last), mirror(plan, first));
        }
        for (int i = 0; i < plan->conv_count; ++i) {
            if (plan->convs[i].out_map != m)
                continue;
            const int step = conv_step(plan, i);
            if (maps[m].kind == FG_MAP_INNER) {
                lives(plan, maps[m].values, step, mirror(plan, step));
                lives(plan, maps[m].gradients, mirror(plan, step) - 1, mirror(plan, step));
            } else if (maps[m].kind == FG_MAP_TRANSITION) {
                lives(plan, maps[m].values, step, step + 1);
                lives(plan, maps[m].gradients, mirror(plan, step) - 1, mirror(plan, step));
            }
        }
    }
    lives(plan, maps[plan->input_map].values, 0, end);
    ck_assert_int_eq(maps[plan->input_map].gradients, -1);
    lives(plan, maps[plan->pooled_map].values, head, mirror(plan, head + 1));
    lives(plan, maps[plan->pooled_map].gradients, mirror(plan, head + 1), mirror(plan, head));
    lives(plan, maps[plan->logits_map].values, forward - 1, end);
    lives(plan, maps[plan->logits_map].gradients, forward, forward + 1);
}

START_TEST(training_keeps_values_until_their_backward)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        check_training(plan);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(without_training_values_live_until_their_last_reader)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan_config config = plan_config(plan_models[i], 2);
        config.training = 0;
        fg_plan *plan = plan_create(&config);
        const int end = plan->step_count - 1;
        ck_assert_int_eq(plan->step_count, plan->forward_steps);
        for (int m = 0; m < plan->map_count; ++m) {
            const fg_map *map = &plan->maps[m];
            int first = -1, last = -1;
            ck_assert_int_eq(map->gradients, -1);
            if (map->kind == FG_MAP_FEATURES) {
                stage_steps(plan, m, &first, &last);
                lives(plan, map->values, first, last);
            } else if (map->kind == FG_MAP_INNER || map->kind == FG_MAP_TRANSITION) {
                first = plan->regions[map->values].first_step;
                lives(plan, map->values, first, first + 1);
            }
        }
        lives(plan, plan->maps[plan->input_map].values, 0, end);
        lives(plan, plan->maps[plan->pooled_map].values, end - 1, end);
        lives(plan, plan->maps[plan->logits_map].values, end, end);
        fg_plan_free(plan);
    }
}
END_TEST

static void alive(const fg_plan *plan, int region, int step)
{
    if (region >= 0)
        ck_assert_msg(plan->regions[region].first_step <= step &&
                          plan->regions[region].last_step >= step,
                      "%s: region %d (%s) is dead at step %d", plan->name, region,
                      plan->regions[region].kind, step);
}

/* All maps that a step reads or writes, values and gradients alike, a little more than needed.
 */
static void check_step(const fg_plan *plan, int s)
{
    const fg_step *step = &plan->steps[s];
    const bool back = s > plan->forward_steps;
    int in, out;

    for (int i = 0; i < FG_SCRATCHES; ++i)
        if (step->scratch[i] >= 0)
            lives(plan, step->scratch[i], s, s);
    if (step->kind == FG_STEP_LOSS) {
        alive(plan, plan->maps[plan->logits_map].values, s);
        alive(plan, plan->maps[plan->logits_map].gradients, s);
        return;
    }
    if (step->kind == FG_STEP_CONV_FORWARD || step->kind == FG_STEP_CONV_BACKWARD) {
        in = plan->convs[step->index].reads.map;
        out = plan->convs[step->index].out_map;
    } else if (step->kind == FG_STEP_POOL_FORWARD || step->kind == FG_STEP_POOL_BACKWARD) {
        in = plan->pools[step->index].in_map;
        out = plan->pools[step->index].out_map;
    } else {
        in = plan->head_pool.reads.map;
        out = plan->head_pool.out_map;
    }
    if (!back || step->kind != FG_STEP_POOL_BACKWARD)
        alive(plan, plan->maps[in].values, s);
    if (!back || plan->maps[out].first_slot >= 0)
        alive(plan, plan->maps[out].values, s);
    if (back) {
        alive(plan, plan->maps[in].gradients, s);
        alive(plan, plan->maps[out].gradients, s);
    }
}

START_TEST(whatever_a_step_uses_is_alive)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int s = 0; s < plan->step_count; ++s)
            check_step(plan, s);
        fg_plan_free(plan);
    }
}
END_TEST

static void has_scratch(const fg_plan *plan, int step, enum fg_scratch scratch, bool wanted)
{
    ck_assert_msg((plan->steps[step].scratch[scratch] >= 0) == wanted,
                  "%s: step %d, scratch %d", plan->name, step, (int)scratch);
}

START_TEST(steps_have_the_scratch_that_their_kernels_need)
{
    fg_plan *plan = plan_of("densenet-bc-40-36:compression=0.7", 2);

    for (int s = 0; s < plan->step_count; ++s) {
        const fg_step *step = &plan->steps[s];
        const bool back = step->kind == FG_STEP_CONV_BACKWARD;
        if (back || step->kind == FG_STEP_CONV_FORWARD) {
            const fg_conv *conv = &plan->convs[step->index];
            const bool counted = plan->maps[conv->out_map].first_slot >= 0;
            has_scratch(plan, s, FG_SCRATCH_PACKED, true);
            has_scratch(plan, s, FG_SCRATCH_AFFINE, true);
            has_scratch(plan, s, FG_SCRATCH_PARTIALS, back ? conv->norm >= 0 : counted);
            has_scratch(plan, s, FG_SCRATCH_WEIGHTS, back);
            has_scratch(plan, s, FG_SCRATCH_COEFFICIENTS, back && counted);
        } else {
            const bool head = step->kind == FG_STEP_HEAD_POOL_FORWARD ||
                              step->kind == FG_STEP_HEAD_POOL_BACKWARD;
            has_scratch(plan, s, FG_SCRATCH_PACKED, false);
            has_scratch(plan, s, FG_SCRATCH_WEIGHTS, false);
            has_scratch(plan, s, FG_SCRATCH_AFFINE, head);
            has_scratch(plan, s, FG_SCRATCH_PARTIALS,
                        step->kind == FG_STEP_POOL_FORWARD ||
                            step->kind == FG_STEP_HEAD_POOL_BACKWARD);
            has_scratch(plan, s, FG_SCRATCH_COEFFICIENTS, step->kind == FG_STEP_POOL_BACKWARD);
        }
    }
    fg_plan_free(plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {steps_go_forward_in_order_then_back,
                                  training_keeps_values_until_their_backward,
                                  without_training_values_live_until_their_last_reader,
                                  whatever_a_step_uses_is_alive,
                                  steps_have_the_scratch_that_their_kernels_need,
                                  NULL};
    return plan_run("plan/lifetimes", tests);
}
