/* test_sources.c - which layers a layer reads: the rule, and the published table of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/sources.h"

#include "plans.h"

#define LAYERS 200

static void expect(const int *got, int count, int layer, int base, const int *expected)
{
    int i = 0;
    for (; expected[i] >= 0; ++i)
        ck_assert_msg(i < count && got[i] == expected[i], "layer %d base %d, source %d", layer,
                      base, i);
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
    int got[32];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        const int count = fg_sources_sparse(got, rows[i].layer, rows[i].base);
        expect(got, count, rows[i].layer, rows[i].base, rows[i].sources);
    }
}
END_TEST

START_TEST(stages_have_the_published_number_of_edges)
{
    static const int edges[][2] = {{12, 37}, {16, 54}, {32, 135}, {66, 342}};
    int got[LAYERS];

    for (size_t i = 0; i < sizeof edges / sizeof *edges; ++i) {
        int sparse = 0, dense = 0;
        for (int layer = 1; layer <= edges[i][0]; ++layer) {
            sparse += fg_sources_sparse(got, layer, 2);
            dense += fg_sources_dense(got, layer);
        }
        ck_assert_int_eq(sparse, edges[i][1]);
        ck_assert_int_eq(dense, edges[i][0] * (edges[i][0] + 1) / 2);
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
            bool reads[LAYERS] = {false};
            const int count = fg_sources_sparse(got, reader, base);
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

    ck_assert_int_eq(fg_sources_dense(got, 0), 0);
    ck_assert_int_eq(fg_sources_dense(got, LAYERS), LAYERS);
    for (int i = 0; i < LAYERS; ++i)
        ck_assert_int_eq(got[i], i);
}
END_TEST

START_TEST(large_bases_and_layers_do_not_overflow)
{
    int got[40];

    ck_assert_int_eq(fg_sources_sparse(got, 2147483647, 2), 31);
    ck_assert_int_eq(got[30], 2147483647 - (1 << 30));
    ck_assert_int_eq(fg_sources_sparse(got, 2147483647, 2147483647), 2);
    ck_assert_int_eq(got[1], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sparse_layers_read_what_the_published_table_says,
                                  stages_have_the_published_number_of_edges,
                                  readers_are_the_transpose_of_sources,
                                  dense_layers_read_all_before_them_oldest_first,
                                  large_bases_and_layers_do_not_overflow,
                                  NULL};
    return plan_run("plan/sources", tests);
}
