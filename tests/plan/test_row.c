/* test_row.c - operations as reports show them: counts, ranges, list elements.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/row.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/sources.h"
#include "plans.h"

static fg_row *rows_of(const fg_plan *plan)
{
    fg_row *rows;

    ck_assert_msg(fg_row_all(&rows, plan) == FG_OK, "%s", fg_error_message());
    return rows;
}

static const fg_row *row_of(const fg_row *rows, const fg_plan *plan, const char *name)
{
    for (int i = 0; i < plan->op_count; ++i)
        if (strcmp(rows[i].op->name, name) == 0)
            return &rows[i];
    ck_abort_msg("%s has no %s", plan->network.name, name);
}

START_TEST(rows_add_up_to_the_plan)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        fg_row *rows = rows_of(plan);
        int64_t parameters = 0, work = 0;
        for (int j = 0; j < plan->op_count; ++j) {
            parameters += rows[j].parameters;
            work += rows[j].multiply_adds;
        }
        ck_assert_msg(parameters == plan->parameters && work == plan->multiply_adds,
                      "%s: %lld parameters, %lld multiply-adds", plan_models[i],
                      (long long)parameters, (long long)work);
        free(rows);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(ranges_are_what_is_read)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        fg_row *rows = rows_of(plan);
        for (int j = 0; j < plan->op_count; ++j) {
            fg_row_cursor cursor = {0};
            fg_row_range range;
            int channels = 0;
            while (fg_row_next(&range, &cursor, plan, rows[j].op)) {
                ck_assert_int_ge(range.first_channel, 0);
                ck_assert_int_gt(range.channels, 0);
                ck_assert_int_le(range.first_channel + range.channels, range.map->channels);
                ck_assert_int_ge(range.last_element, range.first_element);
                channels += range.channels;
            }
            ck_assert_int_eq(channels, rows[j].in_channels);
        }
        free(rows);
        fg_plan_free(plan);
    }
}
END_TEST

/* The elements that an operation's ranges name, one by one. Returns their count. */
static int elements_of(int *out, const fg_plan *plan, const fg_op *op)
{
    fg_row_cursor cursor = {0};
    fg_row_range range;
    int count = 0;

    while (fg_row_next(&range, &cursor, plan, op))
        for (int e = range.first_element; e <= range.last_element; ++e)
            out[count++] = e;
    return count;
}

/* Of every layer of a stage; `what` is the operation of a layer that reads list elements. */
static void check_elements(const char *model, int s, int first, const char *what, bool newest)
{
    fg_plan *plan = plan_of(model, 2);
    fg_row *rows = rows_of(plan);
    const fg_stage *stage = &plan->network.stage[s];
    int expected[64], found[64];

    for (int layer = first; layer <= stage->layers; ++layer) {
        char name[64];
        snprintf(name, sizeof name, what, s + 1, layer);
        const int count = fg_sources_of(expected, stage, layer);
        ck_assert_int_eq(elements_of(found, plan, row_of(rows, plan, name)->op), count);
        for (int i = 0; i < count; ++i)
            ck_assert_msg(found[newest ? count - 1 - i : i] == expected[i],
                          "%s: %s reads x_%d as number %d, expected x_%d", model, name,
                          found[i], i, expected[i]);
    }
    free(rows);
    fg_plan_free(plan);
}

START_TEST(elements_are_those_of_the_rule)
{
    check_elements("sparsenet-40-12", 0, 1, "stage%d.layer%d.conv1", false);
    check_elements("sparsenet-bc-40-4:base=3", 2, 1, "stage%d.layer%d.conv1", false);
    check_elements("densenet-22-12:image=31", 1, 1, "stage%d.layer%d.conv1", false);
    check_elements("sparsenet-sum-110", 1, 2, "stage%d.sum%d", false);
    check_elements("delugenet-38", 2, 2, "stage%d.layer%d.cross", true);
}
END_TEST

START_TEST(kinds_strides_and_groups_are_told)
{
    static const struct {
        const char *model, *name, *kind;
        int side, stride, groups;
    } known[] = {
        {"resnet-50:image=64", "stem.conv", "conv7x7", 7, 2, 1},
        {"resnet-50:image=64", "stem.pool", "max_pool", 3, 2, 1},
        {"resnet-50:image=64", "stage2.layer1.conv2", "conv3x3", 3, 2, 1},
        {"resnet-50:image=64", "stage2.layer1.shortcut.conv", "conv1x1", 1, 2, 1},
        {"resnet-50:image=64", "stage2.layer1.sum", "sum", 1, 1, 1},
        {"resnet-50:image=64", "head.pool", "head_pool", 2, 2, 1},
        {"resnet-50:image=64", "head.linear", "linear", 1, 1, 1},
        {"resnext-29-2x8d", "stage1.layer1.conv2", "conv3x3", 3, 1, 2},
        {"sparsenet-22-8", "stage1.transition.conv", "conv1x1", 1, 1, 1},
        {"densenet-22-12:dropout=0.2", "stage1.transition.pool", "pool", 2, 2, 1},
        {"delugenet-38", "stage2.layer2.cross", "depthwise", 1, 1, 1},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        fg_plan *plan = plan_of(known[i].model, 2);
        fg_row *rows = rows_of(plan);
        const fg_row *row = row_of(rows, plan, known[i].name);
        ck_assert_str_eq(row->kind, known[i].kind);
        ck_assert_int_eq(row->side, known[i].side);
        ck_assert_int_eq(row->stride, known[i].stride);
        ck_assert_int_eq(row->op->groups, known[i].groups);
        free(rows);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rows_add_up_to_the_plan, ranges_are_what_is_read,
                                  elements_are_those_of_the_rule,
                                  kinds_strides_and_groups_are_told, NULL};
    return plan_run("plan/row", tests);
}
