/* test_lifetimes.c - from which step to which memory lives.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/fold.h"
#include "plan/lifetimes.h"

#include "plans.h"

/* Some of its shortcuts are added by several sums, so that only some gradients begin with one. */
#define READ_AGAIN NETWORKS "/shortcuts-read-again.yaml"

/* ---- every use, from the steps alone ---- */

struct uses {
    int first, last; /* first -1: none */
};

static void use(struct uses *uses, int region, int step)
{
    ck_assert_int_ge(region, 0);
    if (uses[region].first < 0)
        uses[region].first = step;
    uses[region].last = step;
}

/* Backward, what an operation needs of the values that it read: a convolution for its weights'
 * gradients, others for norms and ReLUs alone, a mean for nothing. */
static bool looks_back(const fg_plan *plan, const fg_op *op, const fg_reads *reads)
{
    switch (op->kind) {
    case FG_OP_MEAN_POOL:
        return false;
    case FG_OP_SUM:
        return reads->relu || fg_reads_normed(plan, reads);
    case FG_OP_CONV:
    case FG_OP_MAX_POOL:
    case FG_OP_HEAD_POOL:
        break;
    }
    return true;
}

/* What a convolution adds to its output. */
static const fg_map *shortcut_of(const fg_plan *plan, const fg_op *op)
{
    const fg_reads *reads;

    if (op->kind != FG_OP_CONV || op->sum < 0)
        return NULL;
    fg_fold_shortcut(&reads, plan, op);
    return &plan->maps[reads->map];
}

/* Behind the loss, what is recomputed has a region of its own. */
static int values_of(const fg_plan *plan, const fg_map *map, int step)
{
    return step > plan->op_count && map->recomputed >= 0 ? map->recomputed : map->values;
}

/* For the first time, or to recompute. */
static void use_forward(const fg_plan *plan, struct uses *uses, int step)
{
    const fg_op *op = &plan->ops[plan->steps[step].op];
    const fg_map *shortcut = shortcut_of(plan, op);

    if (op->folded)
        return;
    if (shortcut != NULL)
        use(uses, shortcut->values, step);
    for (int j = 0; j < FG_OP_INPUTS && op->in[j].map >= 0; ++j)
        use(uses, values_of(plan, &plan->maps[op->in[j].map], step), step);
    use(uses, values_of(plan, fg_op_out(plan, fg_op_stored(plan, op)), step), step);
}

/* A normalised feature's gradient is G + q (x - mean) + c, so its producer needs x. */
static void use_backward(const fg_plan *plan, struct uses *uses, int step)
{
    const fg_op *op = &plan->ops[plan->steps[step].op];
    const fg_map *out = fg_op_out(plan, fg_op_stored(plan, op));
    const fg_map *shortcut = shortcut_of(plan, op);

    if (op->folded)
        return;
    if (shortcut != NULL)
        use(uses, shortcut->gradients, step);
    use(uses, out->gradients, step);
    if (out->first_slot >= 0)
        use(uses, values_of(plan, out, step), step);
    for (int j = 0; j < FG_OP_INPUTS && op->in[j].map >= 0; ++j) {
        const fg_map *in = &plan->maps[op->in[j].map];
        if (looks_back(plan, op, &op->in[j]))
            use(uses, values_of(plan, in, step), step);
        if (op->in[j].map != plan->input_map)
            use(uses, in->gradients, step);
    }
}

/* In inference, packed weights and norms are there from pass to pass; there is no other scratch. */
static void use_scratch(const fg_plan *plan, struct uses *uses, int step, int scratch)
{
    const int region = plan->steps[step].scratch[scratch];

    if (region < 0)
        return;
    if (!plan->training)
        use(uses, region, 0);
    use(uses, region, plan->training ? step : plan->step_count - 1);
    ck_assert_int_eq(plan->regions[region].kept, !plan->training);
}

static struct uses *uses_of(const fg_plan *plan)
{
    struct uses *uses = calloc((size_t)plan->region_count, sizeof *uses);
    const fg_map *logits = &plan->maps[plan->logits_map];

    ck_assert_ptr_nonnull(uses);
    for (int r = 0; r < plan->region_count; ++r)
        uses[r].first = -1;
    for (int s = 0; s < plan->step_count; ++s) {
        if (plan->steps[s].kind == FG_STEP_FORWARD ||
            plan->steps[s].kind == FG_STEP_RECOMPUTE) {
            use_forward(plan, uses, s);
        } else if (plan->steps[s].kind == FG_STEP_BACKWARD) {
            use_backward(plan, uses, s);
        } else {
            use(uses, logits->values, s);
            use(uses, logits->gradients, s);
        }
        for (int i = 0; i < FG_SCRATCHES; ++i)
            use_scratch(plan, uses, s, i);
    }
    /* Callers write a batch before the first step, and read the logits behind the last one. */
    use(uses, plan->maps[plan->input_map].values, plan->step_count - 1);
    use(uses, logits->values, plan->step_count - 1);
    return uses;
}

START_TEST(memory_lives_from_its_first_use_to_its_last)
{
    for (int i = 0; i < PLAN_MODELS; ++i)
        for (int mode = 0; mode < 3; ++mode) {
            const int training = mode > 0;
            fg_plan_config config = plan_config(plan_models[i], 2);
            config.training = training;
            config.memory_target = mode < 2 ? FG_MEMORY_FAST : FG_MEMORY_LEAN;
            fg_plan *plan = plan_create(&config);
            struct uses *uses = uses_of(plan);
            ck_assert_int_eq(plan->step_count,
                             (training ? 2 * plan->op_count + 1 : plan->op_count) +
                                 plan->recomputed_maps);
            for (int r = 0; r < plan->region_count; ++r)
                ck_assert_msg(plan->regions[r].first_step == uses[r].first &&
                                  plan->regions[r].last_step == uses[r].last,
                              "%s: region %d (%s) lives %d..%d, expected %d..%d",
                              plan->network.name, r, plan->regions[r].kind,
                              plan->regions[r].first_step, plan->regions[r].last_step,
                              uses[r].first, uses[r].last);
            for (int m = 0; m < plan->map_count; ++m)
                ck_assert_int_eq(plan->maps[m].gradients >= 0,
                                 training && m != plan->input_map && plan->maps[m].values >= 0);
            free(uses);
            fg_plan_free(plan);
        }
}
END_TEST

/* ---- what that comes to ---- */

static int last_forward_use(const fg_plan *plan, int map)
{
    int last = -1;

    for (int o = 0; o < plan->op_count; ++o)
        for (int j = 0; j < FG_OP_INPUTS; ++j)
            if (!plan->ops[o].folded && plan->ops[o].in[j].map == map)
                last = o;
    for (int o = 0; o < plan->op_count; ++o)
        if (shortcut_of(plan, &plan->ops[o]) == &plan->maps[map] && o > last)
            last = o;
    return last;
}

/* What only sums and means read as it is, and nobody normalises, is not kept for the way back. */
START_TEST(what_is_only_added_up_is_not_kept)
{
    static const char *const models[] = {"sparsenet-sum-38", "preresnet-basic-20",
                                         "seqresnet-r1-k16-n1", "densenet-22-12:dropout=0.2"};

    for (size_t i = 0; i < sizeof models / sizeof *models; ++i) {
        fg_plan *plan = plan_of(models[i], 2);
        int dropped = 0;
        for (int m = 0; m < plan->map_count; ++m) {
            const fg_map *map = &plan->maps[m];
            const bool raw = map->kind == FG_MAP_INNER && map->first_slot < 0;
            if (map->values < 0 ||
                (map->kind != FG_MAP_RING && map->kind != FG_MAP_TRANSITION && !raw))
                continue;
            ++dropped;
            ck_assert_int_eq(plan->regions[map->values].last_step, last_forward_use(plan, m));
        }
        ck_assert_msg(dropped > 0, "%s drops nothing", models[i]);
        fg_plan_free(plan);
    }
}
END_TEST

/* A stage of concatenations: from the operation that writes x_0 to that one's way back. */
START_TEST(concatenated_stages_live_there_and_back)
{
    static const char *const models[] = {"sparsenet-22-8", "densenet-bc-40-36",
                                         "seqresnet-b-r1-k16-n1", "delugenet-20"};

    for (size_t i = 0; i < sizeof models / sizeof *models; ++i) {
        fg_plan *plan = plan_of(models[i], 2);
        const int mirror = 2 * plan->op_count;
        for (int m = 0; m < plan->map_count; ++m) {
            const fg_map *map = &plan->maps[m];
            if (map->kind != FG_MAP_FEATURES)
                continue;
            const fg_region *values = &plan->regions[map->values];
            const fg_region *gradients = &plan->regions[map->gradients];
            ck_assert_int_eq(values->last_step, mirror - values->first_step);
            ck_assert_int_eq(gradients->last_step, values->last_step);
            ck_assert_int_eq(gradients->first_step, mirror - last_forward_use(plan, m));
        }
        fg_plan_free(plan);
    }
}
END_TEST

/* Blocks whose sum takes over its shortcut's memory: of values, or of gradients. */
static int count_takeovers(const char *model, bool training, bool gradients)
{
    fg_plan_config config = plan_config(model, 2);
    int count = 0;

    config.training = training;
    fg_plan *plan = plan_create(&config);
    for (int i = 0; i < plan->op_count; ++i) {
        const fg_map *term = shortcut_of(plan, &plan->ops[i]);
        if (term == NULL)
            continue;
        const fg_map *out = fg_op_out(plan, fg_op_stored(plan, &plan->ops[i]));
        const int from = gradients ? term->gradients : term->values;
        count += from >= 0 && from == (gradients ? out->gradients : out->values);
    }
    fg_plan_free(plan);
    return count;
}

/* Two uses of one region: one is over when the other one begins, or ends in the step that begins the
 * other, whose operation then adds the one as its shortcut and writes the other. */
static void expect_apart(const fg_plan *plan, const struct uses *uses, const int map[2],
                         const int region[2])
{
    const int first = uses[region[0]].first <= uses[region[1]].first ? 0 : 1;
    const int end = uses[region[first]].last, begin = uses[region[1 - first]].first;

    ck_assert_msg(end <= begin, "%s: maps %s and %s are there at once", plan->network.name,
                  plan->maps[map[0]].name, plan->maps[map[1]].name);
    if (end < begin)
        return;
    const fg_op *op = &plan->ops[plan->steps[end].op];
    const fg_map *forth = &plan->maps[map[first]], *back = &plan->maps[map[1 - first]];
    const bool backward = plan->steps[end].kind == FG_STEP_BACKWARD;
    ck_assert_ptr_eq(shortcut_of(plan, op), backward ? back : forth);
    ck_assert_ptr_eq(fg_op_out(plan, fg_op_stored(plan, op)), backward ? forth : back);
    ck_assert(!backward || op->side == 1);
}

/* Numbers of their own for all maps, in place of regions: what uses_of() finds are the maps' uses. */
static int *number_maps(fg_plan *plan, bool gradients)
{
    int *shared = calloc((size_t)plan->map_count, sizeof *shared);

    ck_assert_ptr_nonnull(shared);
    for (int m = 0; m < plan->map_count; ++m) {
        int *region = gradients ? &plan->maps[m].gradients : &plan->maps[m].values;
        shared[m] = *region;
        if (*region >= 0)
            *region = plan->region_count++;
    }
    return shared;
}

START_TEST(maps_that_share_memory_are_never_there_at_once)
{
    for (int i = 0; i <= PLAN_MODELS; ++i)
        for (int mode = 0; mode < 6; ++mode) {
            const bool gradients = mode >= 3;
            fg_plan_config config =
                plan_config(i < PLAN_MODELS ? plan_models[i] : READ_AGAIN, 2);
            config.training = mode % 3 > 0;
            config.memory_target = mode % 3 < 2 ? FG_MEMORY_FAST : FG_MEMORY_LEAN;
            fg_plan *plan = plan_create(&config);
            int *shared = number_maps(plan, gradients);
            struct uses *uses = uses_of(plan);
            for (int m = 0; m < plan->map_count; ++m)
                for (int n = 0; n < m; ++n) {
                    const fg_map *a = &plan->maps[m], *b = &plan->maps[n];
                    const int maps[] = {m, n};
                    const int regions[] = {gradients ? a->gradients : a->values,
                                           gradients ? b->gradients : b->values};
                    if (shared[m] >= 0 && shared[m] == shared[n])
                        expect_apart(plan, uses, maps, regions);
                }
            free(uses);
            free(shared);
            fg_plan_free(plan);
        }
}
END_TEST

/* Inference adds to an identity in place, training keeps what backward reads again. A gradient is
 * handed on in place by 1x1 convolutions alone: the tiles of a 3x3 read each other's. A
 * projection is in a map with something else. */
START_TEST(sums_take_over_the_memory_of_their_shortcut)
{
    static const struct {
        const char *model;
        int values, gradients;
    } cases[] = {{"preresnet-29", 6, 6},
                 {"preresnet-basic-20", 7, 0},
                 {"densenet-22-12", 0, 0},
                 {READ_AGAIN, 2, 2}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const char *model = cases[i].model;
        ck_assert_int_eq(count_takeovers(model, false, false), cases[i].values);
        ck_assert_int_eq(count_takeovers(model, true, false), 0);
        ck_assert_int_eq(count_takeovers(model, true, true), cases[i].gradients);
    }
}
END_TEST

/* ---- scratch ---- */

static void expect_scratch(const fg_plan *plan, int s, enum fg_scratch scratch, bool wanted)
{
    ck_assert_msg((plan->steps[s].scratch[scratch] >= 0) == wanted,
                  "%s: step %d (%s), scratch %d", plan->network.name, s,
                  plan->ops[plan->steps[s].op].name, (int)scratch);
}

static void check_scratch(const fg_plan *plan, int s)
{
    const fg_op *op = &plan->ops[plan->steps[s].op];
    const bool back = plan->steps[s].kind == FG_STEP_BACKWARD;
    const bool conv = op->kind == FG_OP_CONV;
    const bool counted =
        !op->folded && fg_op_out(plan, fg_op_stored(plan, op))->first_slot >= 0;
    const bool normed = fg_reads_normed(plan, &op->in[0]);

    expect_scratch(plan, s, FG_SCRATCH_PACKED, conv);
    expect_scratch(plan, s, FG_SCRATCH_WEIGHTS, conv && back);
    expect_scratch(plan, s, FG_SCRATCH_AFFINE, op->kind != FG_OP_MEAN_POOL && !op->folded);
    expect_scratch(plan, s, FG_SCRATCH_AFFINE_SECOND, op->in[1].map >= 0 && !op->folded);
    expect_scratch(plan, s, FG_SCRATCH_PARTIALS, back ? normed : counted);
    expect_scratch(plan, s, FG_SCRATCH_PARTIALS_SECOND,
                   back && fg_reads_normed(plan, &op->in[1]));
    expect_scratch(plan, s, FG_SCRATCH_COEFFICIENTS, back && counted);
    expect_scratch(plan, s, FG_SCRATCH_TILE, false);
}

START_TEST(steps_have_the_scratch_that_their_kernels_need)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int s = 0; s < plan->step_count; ++s)
            if (plan->steps[s].kind != FG_STEP_LOSS)
                check_scratch(plan, s);
        for (int k = 0; k < FG_SCRATCHES; ++k)
            ck_assert_int_eq(plan->steps[plan->op_count].scratch[k], -1);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {memory_lives_from_its_first_use_to_its_last,
                                  what_is_only_added_up_is_not_kept,
                                  concatenated_stages_live_there_and_back,
                                  maps_that_share_memory_are_never_there_at_once,
                                  sums_take_over_the_memory_of_their_shortcut,
                                  steps_have_the_scratch_that_their_kernels_need,
                                  NULL};
    return plan_run("plan/lifetimes", tests);
}
