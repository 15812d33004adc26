/* test_counts.c - parameters and work of every network that the papers print, to the last digit.
 *
 * SPDX-License-Identifier: MIT
 */
#include "counts.h"

#include <inttypes.h>
#include <stdio.h>

#include "plans.h"

static fg_plan_info info_of(const char *model, double *flops, fg_flops convention)
{
    fg_plan *plan = plan_of(model, 1);
    fg_plan_info info = fg_plan_information(plan);

    *flops = fg_flops_of(plan, convention);
    info.model = NULL; /* goes with the plan */
    fg_plan_free(plan);
    return info;
}

static void equal(const char *model, const char *what, int64_t value, int64_t expected)
{
    ck_assert_msg(value == expected, "%s has %" PRId64 " %s, expected %" PRId64, model, value,
                  what, expected);
}

START_TEST(all_counts_are_exact)
{
    for (int i = 0; i < COUNTS_ROWS; ++i) {
        const counts_row *row = &counts_rows[i];
        double flops;
        char text[32];
        const fg_plan_info info = info_of(row->model, &flops, row->convention);

        equal(row->model, "parameters", info.parameters, row->parameters);
        equal(row->model, "multiply-adds", info.multiply_adds, row->multiply_adds);
        equal(row->model, "norm elements", info.norm_elements, row->norm_elements);
        equal(row->model, "ReLU elements", info.relu_elements, row->relu_elements);
        if (row->flops == NULL)
            continue;
        snprintf(text, sizeof text, "%.3f", flops);
        ck_assert_msg(strcmp(text, row->flops) == 0, "%s: %s GFLOPs, expected %s", row->model,
                      text, row->flops);
    }
}
END_TEST

START_TEST(conventions_differ_in_what_they_count)
{
    fg_plan *plan = plan_of("resnet-50", 1);
    const fg_plan_info info = fg_plan_information(plan);
    const double work = (double)info.multiply_adds, norm = (double)info.norm_elements;
    const double relu = (double)info.relu_elements;

    ck_assert_double_eq_tol(fg_flops_of(plan, FG_FLOPS_MAC), work / 1e9, 1e-12);
    ck_assert_double_eq_tol(fg_flops_of(plan, FG_FLOPS_SPARSENET),
                            (2 * work + norm + relu) / 1e9, 1e-12);
    ck_assert_double_eq_tol(fg_flops_of(plan, FG_FLOPS_SEQCONV),
                            (work + 4 * norm + relu) / 1073741824.0, 1e-12);
    fg_plan_free(plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {all_counts_are_exact, conventions_differ_in_what_they_count,
                                  NULL};
    return plan_run("plan/counts", tests);
}
