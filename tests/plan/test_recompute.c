/* test_recompute.c - what backward computes again: what that saves and costs, and when it is done.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/recompute.h"

#include <stdio.h>

#include "plan/row.h"
#include "plan/trial.h"
#include "plans.h"

static fg_plan *plan_within(const char *model, int images, size_t memory_target)
{
    fg_plan_config config = plan_config(model, images);

    config.memory_target = memory_target;
    return plan_create(&config);
}

/* ---- bytes and multiply-adds ---- */

START_TEST(lean_needs_less_than_half)
{
    static const struct {
        const char *model;
        size_t fast, lean;
        double share; /* of a step's multiply-adds, at most */
    } rows[] = {
        {"densenet-bc-100-12", 380000000, 175000000, 0.16},
        {"sparsenet-bc-100-12", 365000000, 160000000, 0.10},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *fast = plan_of(rows[i].model, 64);
        fg_plan *lean = plan_within(rows[i].model, 64, FG_MEMORY_LEAN);
        ck_assert_uint_le(fast->device_bytes_peak, rows[i].fast);
        ck_assert_uint_le(lean->device_bytes_peak, rows[i].lean);
        ck_assert_double_gt((double)lean->recomputed_multiply_adds, 0);
        ck_assert_double_le((double)lean->recomputed_multiply_adds,
                            rows[i].share * 3.0 * (double)lean->multiply_adds);
        fg_plan_free(fast);
        fg_plan_free(lean);
    }
}
END_TEST

static void recomputes_nothing(fg_plan *plan)
{
    ck_assert_int_eq(plan->recomputed_maps, 0);
    ck_assert_int_eq(plan->recomputed_multiply_adds, 0);
    for (int s = 0; s < plan->step_count; ++s)
        ck_assert_int_ne(plan->steps[s].kind, FG_STEP_RECOMPUTE);
    for (int m = 0; m < plan->map_count; ++m)
        ck_assert_int_eq(plan->maps[m].recomputed, -1);
    fg_plan_free(plan);
}

START_TEST(what_saves_nothing_is_not_recomputed)
{
    fg_plan_config config = plan_config("densenet-bc-40-36", 8);

    recomputes_nothing(plan_create(&config));
    recomputes_nothing(plan_within("sparsenet-40-12", 8, FG_MEMORY_LEAN)); /* no bottlenecks */
    config.training = 0;
    config.memory_target = FG_MEMORY_LEAN;
    recomputes_nothing(plan_create(&config));
}
END_TEST

/* ---- steps ---- */

static int last_forward_reader(const fg_plan *plan, int map)
{
    int last = -1;

    for (int o = 0; o < plan->op_count; ++o)
        for (int j = 0; j < FG_OP_INPUTS; ++j)
            if (plan->ops[o].in[j].map == map)
                last = o;
    return last;
}

static bool works_on(const fg_plan *plan, int step, int map)
{
    const fg_op *op = &plan->ops[plan->steps[step].op];

    return op->out_map == map || op->in[0].map == map || op->in[1].map == map;
}

/* A 1x1 convolution, once more behind the loss and ahead of all that works on what it writes; what
 * it reads is there. */
static int64_t check_recomputation(const fg_plan *plan, int s, const fg_row *rows)
{
    const int index = plan->steps[s].op;
    const fg_op *op = &plan->ops[index];
    const fg_map *out = fg_op_out(plan, op), *in = &plan->maps[op->in[0].map];
    const fg_region *kept = &plan->regions[out->values],
                    *again = &plan->regions[out->recomputed];

    ck_assert(op->kind == FG_OP_CONV && op->side == 1 && out->kind == FG_MAP_INNER);
    ck_assert_int_eq(in->recomputed, -1);
    ck_assert_int_ge(plan->regions[in->values].last_step, s);
    ck_assert_int_eq(kept->first_step, index);
    ck_assert_int_eq(kept->last_step, last_forward_reader(plan, op->out_map));
    ck_assert_int_eq(again->first_step, s);
    ck_assert_int_gt(again->last_step, s);
    ck_assert_uint_eq(again->bytes, kept->bytes);
    for (int before = plan->op_count + 1; before < s; ++before)
        if (out->first_slot >= 0) /* else a sum may pass gradients on, and look at nothing */
            ck_assert(!works_on(plan, before, op->out_map));
    ck_assert_int_eq(plan->steps[s].scratch[FG_SCRATCH_PARTIALS], -1);
    ck_assert_int_ge(plan->steps[s].scratch[FG_SCRATCH_PACKED], 0);
    ck_assert_int_ge(plan->steps[s].scratch[FG_SCRATCH_AFFINE], 0);
    ck_assert_int_eq(plan->steps[s].updates, 0);
    return rows[index].multiply_adds;
}

START_TEST(a_recomputation_stands_before_its_readers)
{
    int recomputing = 0;

    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_within(plan_models[i], 8, FG_MEMORY_LEAN);
        int64_t work = 0;
        int steps = 0;
        fg_row *rows;
        ck_assert_int_eq(fg_row_all(&rows, plan), FG_OK);
        for (int s = 0; s < plan->step_count; ++s)
            if (plan->steps[s].kind == FG_STEP_RECOMPUTE) {
                work += check_recomputation(plan, s, rows);
                ++steps;
            }
        ck_assert_int_eq(plan->step_count, 2 * plan->op_count + 1 + steps);
        ck_assert_int_eq(plan->recomputed_maps, steps);
        ck_assert_int_eq(plan->recomputed_multiply_adds, work);
        recomputing += steps > 0;
        free(rows);
        fg_plan_free(plan);
    }
    ck_assert_int_ge(recomputing, 10);
}
END_TEST

/* Updates stand behind the same backward steps as without recomputations. */
START_TEST(parameters_are_updated_as_without_it)
{
    fg_plan *fast = plan_of("densenet-bc-40-36", 8);
    fg_plan *lean = plan_within("densenet-bc-40-36", 8, FG_MEMORY_LEAN);

    ck_assert_int_gt(lean->recomputed_maps, 0);
    ck_assert_int_eq(lean->update_count, fast->update_count);
    for (int s = 0, t = 0; s < lean->step_count; ++s) {
        if (lean->steps[s].kind == FG_STEP_RECOMPUTE)
            continue;
        const fg_step *expected = &fast->steps[t++], *step = &lean->steps[s];
        ck_assert(step->kind == expected->kind && step->op == expected->op);
        ck_assert_int_eq(step->updates, expected->updates);
        if (step->updates > 0)
            ck_assert_int_eq(step->first_update, expected->first_update);
    }
    fg_plan_free(fast);
    fg_plan_free(lean);
}
END_TEST

/* ---- as much as is asked for ---- */

static const char *const dialled[] = {
    "densenet-bc-100-12",      "sparsenet-bc-100-12",  "preresnet-56",
    "resnext-29-2x4d",         "seqresnet-b-r2-k8-n2", "resnet-50:image=64",
    "sparsenet-bc-40-4:base=3"};

#define DIALLED (sizeof dialled / sizeof *dialled)

/* Where `bytes` can be reached they are, and more of them cost no more multiply-adds. */
START_TEST(bytes_are_reached_and_more_of_them_cost_less)
{
    for (size_t i = 0; i < DIALLED; ++i) {
        fg_plan *fast = plan_of(dialled[i], 32);
        fg_plan *lean = plan_within(dialled[i], 32, FG_MEMORY_LEAN);
        const size_t most = fast->device_bytes_peak, least = lean->device_bytes_peak;
        int64_t before = lean->recomputed_multiply_adds;
        ck_assert_uint_lt(least, most);
        for (size_t n = 0; n <= 16; ++n) {
            const size_t bytes = least + (most - least) * n / 16;
            fg_plan *plan = plan_within(dialled[i], 32, bytes);
            ck_assert_int_eq(fg_plan_fits(plan), FG_OK);
            ck_assert_uint_le(plan->device_bytes_peak, bytes);
            ck_assert_int_le(plan->recomputed_multiply_adds, before);
            before = plan->recomputed_multiply_adds;
            fg_plan_free(plan);
        }
        ck_assert_int_eq(before, 0);
        fg_plan_free(fast);
        fg_plan_free(lean);
    }
}
END_TEST

/* In a stage of a DenseNet layers grow wider one by one: the first ones are recomputed. */
START_TEST(narrow_layers_come_first)
{
    for (size_t bytes = 180000000; bytes < 380000000; bytes += 20000000) {
        fg_plan *plan = plan_within("densenet-bc-100-12", 64, bytes);
        int widest[3] = {0};
        for (int s = 0; s < plan->step_count; ++s)
            if (plan->steps[s].kind == FG_STEP_RECOMPUTE) {
                const fg_op *op = &plan->ops[plan->steps[s].op];
                if (widest[op->stage] < op->in[0].channels)
                    widest[op->stage] = op->in[0].channels;
            }
        for (int m = 0; m < plan->map_count; ++m) {
            const fg_map *map = &plan->maps[m];
            for (int o = 0; o < plan->op_count && map->kind == FG_MAP_INNER; ++o)
                if (plan->ops[o].out_map == m && map->recomputed < 0)
                    ck_assert_int_gt(plan->ops[o].in[0].channels, widest[map->stage]);
        }
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(bytes_that_cannot_be_reached_are_refused)
{
    fg_plan *lean = plan_within("densenet-bc-100-12", 64, FG_MEMORY_LEAN);
    fg_plan *plan = plan_within("densenet-bc-100-12", 64, 100000000);
    char expected[256];

    ck_assert_int_eq(fg_plan_fits(lean), FG_OK);
    ck_assert_int_eq(fg_plan_fits(plan), FG_ERR_FIT);
    snprintf(expected, sizeof expected,
             "densenet-bc-100-12 at batch 64 needs at least %zu bytes (%.1f MB) of device "
             "memory, its lean setting; asked for were 100000000 (100.0 MB); the largest batch "
             "that fits is %d",
             lean->device_bytes_peak, (double)lean->device_bytes_peak / 1e6,
             plan->largest_batch);
    ck_assert_str_eq(fg_error_message(), expected);
    ck_assert_uint_eq(plan->device_bytes_peak, lean->device_bytes_peak);
    fg_plan_free(lean);
    fg_plan_free(plan);
}
END_TEST

/* What the device has counts, too, where it is less than what was asked for. */
START_TEST(a_smaller_device_is_what_bytes_must_fit)
{
    fg_plan_config config = plan_config("densenet-bc-100-12", 64);

    config.memory_target = 370000000;
    config.memory_bytes = 200000000;
    fg_plan *plan = plan_create(&config);
    ck_assert_int_eq(fg_plan_fits(plan), FG_OK);
    ck_assert_uint_le(plan->device_bytes_peak, 200000000);
    fg_plan_free(plan);

    config.memory_bytes = 100000000;
    plan = plan_create(&config);
    ck_assert_int_eq(fg_plan_fits(plan), FG_ERR_FIT);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "the device has 100000000 (100.0 MB)"));
    fg_plan_free(plan);
}
END_TEST

START_TEST(a_huge_network_is_planned_quickly)
{
    fg_plan *plan = plan_within("sparsenet-bc-1000-12", 64, 2000000000);

    ck_assert_uint_le(plan->device_bytes_peak, 2000000000);
    fg_plan_free(plan);
}
END_TEST

/* ---- the range of settings ---- */

START_TEST(settings_are_what_plans_with_them_need)
{
    const size_t targets[] = {FG_MEMORY_FAST, FG_MEMORY_LEAN, 300000000};

    for (int own = 0; own < 3; ++own) {
        fg_plan *plan = plan_within("densenet-bc-100-12", 64, targets[own]);
        fg_setting settings[FG_SETTINGS];
        int count;
        ck_assert_int_eq(fg_trial_settings(settings, &count, plan), FG_OK);
        ck_assert_int_eq(count, own == 2 ? 3 : 2);
        for (int i = 0; i < count; ++i) {
            fg_plan *expected = plan_within("densenet-bc-100-12", 64, targets[i]);
            ck_assert_int_eq(settings[i].chosen, i == own);
            ck_assert_uint_eq(settings[i].device_bytes_peak, expected->device_bytes_peak);
            ck_assert_int_eq(settings[i].recomputed_maps, expected->recomputed_maps);
            ck_assert_int_eq(settings[i].recomputed_multiply_adds,
                             expected->recomputed_multiply_adds);
            fg_plan_free(expected);
        }
        ck_assert_str_eq(settings[own].name, own == 0   ? "fast"
                                             : own == 1 ? "lean"
                                                        : "300000000");
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {lean_needs_less_than_half,
                                  what_saves_nothing_is_not_recomputed,
                                  a_recomputation_stands_before_its_readers,
                                  parameters_are_updated_as_without_it,
                                  bytes_are_reached_and_more_of_them_cost_less,
                                  narrow_layers_come_first,
                                  bytes_that_cannot_be_reached_are_refused,
                                  a_smaller_device_is_what_bytes_must_fit,
                                  a_huge_network_is_planned_quickly,
                                  settings_are_what_plans_with_them_need,
                                  NULL};
    return plan_run("plan/recompute", tests);
}
