/* test_sources.c - which elements a layer reads: the rules, and the published table of one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/sources.h"

#include "plans.h"

#define LAYERS 200

static fg_stage sparse(int base)
{
    return (fg_stage){.layers = LAYERS, .sources = {.rule = FG_RULE_SPARSE, .base = base}};
}

static const fg_stage dense = {.layers = LAYERS, .sources = {.rule = FG_RULE_DENSE}};

static fg_stage window(int length)
{
    return (fg_stage){.layers = LAYERS, .sources = {.rule = FG_RULE_WINDOW, .window = length}};
}

/* expected ends with -1. */
static void expect(fg_stage stage, int layer, const int *expected)
{
    int got[LAYERS], i = 0;
    const int count = fg_sources_of(got, &stage, layer);

    for (; expected[i] >= 0; ++i)
        ck_assert_msg(i < count && got[i] == expected[i], "layer %d, source %d", layer, i);
    ck_assert_int_eq(count, i);
}

START_TEST(sparse_layers_read_what_the_published_table_says)
{
    static const struct {
        int layer, base;
        int sources[6];
    } rows[] = {
        {1, 2, {0, -1}},          {2, 2, {1, 0, -1}},       {3, 2, {2, 1, -1}},
        {4, 2, {3, 2, 0, -1}},    {8, 2, {7, 6, 4, 0, -1}}, {12, 2, {11, 10, 8, 4, -1}},
        {1, 3, {0, -1}},          {2, 3, {1, -1}},          {3, 3, {2, 0, -1}},
        {9, 3, {8, 6, 0, -1}},    {12, 3, {11, 9, 3, -1}},  {16, 2, {15, 14, 12, 8, 0, -1}},
        {16, 3, {15, 13, 7, -1}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        expect(sparse(rows[i].base), rows[i].layer, rows[i].sources);
}
END_TEST

START_TEST(stages_have_the_published_number_of_edges)
{
    static const int edges[][2] = {{12, 37}, {16, 54}, {32, 135}, {66, 342}};
    const fg_stage stage = sparse(2);
    int got[LAYERS];

    for (size_t i = 0; i < sizeof edges / sizeof *edges; ++i) {
        int few = 0, all = 0;
        for (int layer = 1; layer <= edges[i][0]; ++layer) {
            few += fg_sources_of(got, &stage, layer);
            all += fg_sources_of(got, &dense, layer);
        }
        ck_assert_int_eq(few, edges[i][1]);
        ck_assert_int_eq(all, edges[i][0] * (edges[i][0] + 1) / 2);
    }
}
END_TEST

static bool is_power(int value, int base)
{
    while (value % base == 0)
        value /= base;
    return value == 1;
}

START_TEST(readers_are_the_transpose_of_sources)
{
    int got[LAYERS];

    for (int base = 2; base <= 5; ++base)
        for (int reader = 1; reader < LAYERS; ++reader) {
            const fg_stage stage = sparse(base);
            bool reads[LAYERS] = {false};
            const int count = fg_sources_of(got, &stage, reader);
            for (int i = 0; i < count; ++i) {
                ck_assert(i == 0 || got[i] < got[i - 1]);
                reads[got[i]] = true;
            }
            for (int layer = 0; layer < reader; ++layer)
                ck_assert_msg(reads[layer] == is_power(reader - layer, base),
                              "base %d: layer %d reads %d", base, reader, layer);
        }
}
END_TEST

START_TEST(dense_layers_read_all_before_them_oldest_first)
{
    int got[LAYERS];

    ck_assert_int_eq(fg_sources_of(got, &dense, LAYERS), LAYERS);
    for (int i = 0; i < LAYERS; ++i)
        ck_assert_int_eq(got[i], i);
}
END_TEST

START_TEST(windows_are_the_last_elements_there_are_oldest_first)
{
    expect(window(1), 1, (const int[]){0, -1});
    expect(window(1), 7, (const int[]){6, -1});
    expect(window(3), 2, (const int[]){0, 1, -1});
    expect(window(3), 3, (const int[]){0, 1, 2, -1});
    expect(window(3), 4, (const int[]){1, 2, 3, -1});
}
END_TEST

START_TEST(lists_are_taken_as_they_are)
{
    int list[] = {0, 1, 0, 2}, first[] = {0, 1, 3, 4};
    const fg_stage stage = {.layers = 2,
                            .sources = {.rule = FG_RULE_LIST, .list = list, .first = first}};

    expect(stage, 1, (const int[]){0, -1});
    expect(stage, 2, (const int[]){1, 0, -1});
    expect(stage, 3, (const int[]){2, -1});
}
END_TEST

START_TEST(without_an_entry_the_list_begins_with_the_first_layer)
{
    fg_stage stages[] = {dense, sparse(2), window(2)};

    for (int i = 0; i < 3; ++i) {
        stages[i].entry = FG_ENTRY_NONE;
        ck_assert_int_eq(fg_sources_oldest(&stages[i]), 1);
        expect(stages[i], 1, (const int[]){-1});
        expect(stages[i], 2, (const int[]){1, -1});
    }
    expect(stages[0], 4, (const int[]){1, 2, 3, -1});
    expect(stages[1], 4, (const int[]){3, 2, -1});
    expect(stages[1], 5, (const int[]){4, 3, 1, -1});
    expect(stages[2], 3, (const int[]){1, 2, -1});
    expect(stages[2], 4, (const int[]){2, 3, -1});
    ck_assert_int_eq(fg_sources_oldest(&dense), 0);
}
END_TEST

START_TEST(large_bases_and_layers_do_not_overflow)
{
    const fg_stage two = sparse(2), largest = sparse(2147483647);
    int got[40];

    ck_assert_int_eq(fg_sources_of(got, &two, 2147483647), 31);
    ck_assert_int_eq(got[30], 2147483647 - (1 << 30));
    ck_assert_int_eq(fg_sources_of(got, &largest, 2147483647), 2);
    ck_assert_int_eq(got[1], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sparse_layers_read_what_the_published_table_says,
                                  stages_have_the_published_number_of_edges,
                                  readers_are_the_transpose_of_sources,
                                  dense_layers_read_all_before_them_oldest_first,
                                  windows_are_the_last_elements_there_are_oldest_first,
                                  lists_are_taken_as_they_are,
                                  without_an_entry_the_list_begins_with_the_first_layer,
                                  large_bases_and_layers_do_not_overflow,
                                  NULL};
    return plan_run("plan/sources", tests);
}
