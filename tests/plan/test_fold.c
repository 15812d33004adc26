/* test_fold.c - which sums a convolution stores in its output's stead.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/fold.h"

#include "plans.h"

/* In no named model does what a strided convolution makes go into a sum as it is. */
#define STRIDED NETWORKS "/strided-sums.yaml"

static int count_sums(const fg_plan *plan, bool folded)
{
    int count = 0;

    for (int i = 0; i < plan->op_count; ++i)
        count += plan->ops[i].kind == FG_OP_SUM && (plan->ops[i].folded || !folded);
    return count;
}

/* Pre-activation blocks add what they have just computed to what came in. Elsewhere a sum's terms go
 * through norms, are more than two, or have other readers. */
START_TEST(sums_of_preactivation_blocks_are_folded)
{
    static const struct {
        const char *model;
        int sums, folded;
    } cases[] = {
        {"preresnet-29", 9, 9},      {"preresnet-basic-20", 11, 9},
        {"wrn-10-1", 3, 3},          {"resnet-20", 9, 0},
        {"sparsenet-sum-38", 12, 0}, {"seqresnet-r2-k8-n1", 24, 0},
        {"resnext-29-2x8d", 9, 0},   {"wrn-10-1:dropout=0.1", 3, 3},
        {"densenet-22-12", 0, 0},    {"seqresnet-b-r2-k8-n1", 24, 24},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        fg_plan *plan = plan_of(cases[i].model, 2);
        ck_assert_msg(count_sums(plan, false) == cases[i].sums &&
                          count_sums(plan, true) == cases[i].folded,
                      "%s: %d sums, %d of them folded", cases[i].model, count_sums(plan, false),
                      count_sums(plan, true));
        fg_plan_free(plan);
    }
}
END_TEST

/* A sum has the side of what a strided convolution makes, not of what it reads. */
START_TEST(strided_convolutions_store_sums)
{
    fg_plan *plan = plan_of(STRIDED, 2);
    int strided[] = {0, 0, 0, 0}; /* by side */

    for (int i = 0; i < plan->op_count; ++i) {
        const fg_op *op = &plan->ops[i];
        if (op->kind != FG_OP_CONV || op->stride == 1 || op->sum < 0)
            continue;
        ck_assert(plan->ops[op->sum].folded);
        ck_assert_int_eq(plan->maps[op->in[0].map].height,
                         2 * plan->maps[plan->ops[op->sum].out_map].height - 1);
        ++strided[op->side];
    }
    ck_assert_int_eq(strided[1], 1);
    ck_assert_int_eq(strided[3], 1);
    fg_plan_free(plan);
}
END_TEST

/* The convolution before a folded sum reads the other term as its shortcut, of another map than its
 * input, and what it would have written is kept nowhere. */
START_TEST(folded_sums_take_the_place_of_their_terms)
{
    for (int m = 0; m <= PLAN_MODELS; ++m) {
        fg_plan *plan = plan_of(m < PLAN_MODELS ? plan_models[m] : STRIDED, 2);
        for (int i = 0; i < plan->op_count; ++i) {
            const fg_op *op = &plan->ops[i];
            const fg_reads *reads;
            if (op->kind != FG_OP_CONV || op->sum < 0)
                continue;
            ck_assert_int_eq(op->sum, i + 1);
            ck_assert(plan->ops[op->sum].folded);
            ck_assert_ptr_eq(fg_op_stored(plan, op), &plan->ops[op->sum]);
            const fg_range *range = fg_fold_shortcut(&reads, plan, op);
            ck_assert_int_eq(range->channels, op->out_channels);
            ck_assert_int_lt(range->norm, 0);
            ck_assert_int_ne(reads->map, op->in[0].map);
            ck_assert_int_ne(plan->ops[op->sum].out_map, op->in[0].map);
            ck_assert(reads->map != op->out_map ||
                      range->first_channel != op->out_first_channel);
            ck_assert(reads->map != plan->ops[op->sum].out_map ||
                      range->first_channel != plan->ops[op->sum].out_first_channel);
        }
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sums_of_preactivation_blocks_are_folded,
                                  strided_convolutions_store_sums,
                                  folded_sums_take_the_place_of_their_terms, NULL};
    return plan_run("plan/fold", tests);
}
