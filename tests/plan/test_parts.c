/* test_parts.c - the pieces of a network: what reads and terms become in the table of ranges, and
 * limits of maps and norms.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/parts.h"

#include "plans.h"

static fg_plan *plan;
static int map, other;

#define EXPECT_OK(call) ck_assert_msg((call) == FG_OK, "%s", fg_error_message())

static void refused(fg_status status, const char *text)
{
    ck_assert_int_eq(status, FG_ERR_ARGUMENT);
    ck_assert_msg(strstr(fg_error_message(), text) != NULL, "\"%s\" lacks \"%s\"",
                  fg_error_message(), text);
}

/* An empty plan with two maps. */
static void begin(void)
{
    plan = calloc(1, sizeof *plan);
    ck_assert_ptr_nonnull(plan);
    EXPECT_OK(fg_part_map(&map, plan, FG_MAP_FEATURES, "stage1", 0, 40, 7));
    EXPECT_OK(fg_part_map(&other, plan, FG_MAP_FEATURES, "stage2", 1, 40, 7));
}

static void expect_range(const fg_reads *reads, int index, int first, int channels, int norm,
                         int norm_channel)
{
    const fg_range *range = &plan->ranges[reads->first + index];

    ck_assert_int_eq(range->first_channel, first);
    ck_assert_int_eq(range->channels, channels);
    ck_assert_int_eq(range->norm, norm);
    ck_assert_int_eq(range->norm_channel, norm_channel);
}

START_TEST(a_norm_of_the_reader_covers_all_that_it_reads)
{
    fg_element list[] = {{.first_channel = 30, .channels = 4, .norm = 5, .norm_channel = 9},
                         {.first_channel = 0, .channels = 8, .norm = -1, .relu = true},
                         {.first_channel = 8, .channels = 2, .norm = -1}};
    fg_reads reads;

    begin();
    EXPECT_OK(fg_part_reads(&reads, plan, &(fg_elements){list, 3}, 2, true));
    /* Neighbours are one range: their own norms do not count. */
    ck_assert_int_eq(reads.count, 2);
    ck_assert_int_eq(reads.channels, 14);
    ck_assert(reads.relu);
    ck_assert_int_eq(reads.stride, 1);
    expect_range(&reads, 0, 30, 4, 2, 0);
    expect_range(&reads, 1, 0, 10, 2, 4);
    ck_assert(plan->maps[map].normalised && !plan->maps[other].normalised);
    EXPECT_OK(fg_part_reads(&reads, plan, &(fg_elements){list, 1}, 2, false));
    ck_assert(!reads.relu);
    ck_assert_int_eq(reads.first, 2);
    fg_plan_free(plan);
}
END_TEST

START_TEST(without_one_elements_keep_their_own)
{
    fg_element list[] = {
        {.channels = 4, .norm = 1, .norm_channel = 3, .relu = true},
        {.first_channel = 4, .channels = 4, .norm = 1, .norm_channel = 7, .relu = true},
        {.first_channel = 8, .channels = 4, .norm = 2, .relu = true},
        {.first_channel = 12, .channels = 4, .norm = -1, .relu = true},
        {.first_channel = 16, .channels = 1, .norm = -1, .relu = true}};
    fg_reads reads;

    begin();
    EXPECT_OK(fg_part_reads(&reads, plan, &(fg_elements){list, 5}, -1, false));
    ck_assert_int_eq(reads.count, 3); /* a norm that goes on, another norm, none */
    ck_assert_int_eq(reads.channels, 17);
    ck_assert(reads.relu);
    expect_range(&reads, 0, 0, 8, 1, 3);
    expect_range(&reads, 1, 8, 4, 2, 0);
    expect_range(&reads, 2, 12, 5, -1, 0);
    ck_assert(fg_reads_normed(plan, &reads));
    fg_plan_free(plan);
}
END_TEST

START_TEST(terms_stay_apart)
{
    fg_element list[] = {{.channels = 4, .norm = -1},
                         {.first_channel = 4, .channels = 4, .norm = -1},
                         {.first_channel = 8, .channels = 4, .norm = -1}};
    const fg_reads none = {.map = -1};
    fg_reads reads;

    begin();
    EXPECT_OK(fg_part_terms(&reads, plan, &(fg_elements){list, 3}));
    ck_assert_int_eq(reads.count, 3);
    ck_assert_int_eq(reads.channels, 12);
    expect_range(&reads, 2, 8, 4, -1, 0);
    ck_assert(!fg_reads_normed(plan, &reads) && !fg_reads_normed(plan, &none));
    ck_assert(!plan->maps[map].normalised);
    fg_plan_free(plan);
}
END_TEST

START_TEST(what_cannot_be_read_together_is_refused)
{
    fg_element maps[] = {{.map = 0, .channels = 4, .norm = -1},
                         {.map = 1, .channels = 4, .norm = -1}};
    fg_element relus[] = {{.channels = 4, .norm = -1, .relu = true},
                          {.first_channel = 4, .channels = 4, .norm = -1}};
    fg_reads reads;

    begin();
    refused(fg_part_reads(&reads, plan, &(fg_elements){maps, 2}, -1, false), "one stage");
    refused(fg_part_reads(&reads, plan, &(fg_elements){maps, 2}, 0, false), "one stage");
    refused(fg_part_terms(&reads, plan, &(fg_elements){relus, 2}), "one stage");
    EXPECT_OK(fg_part_reads(&reads, plan, &(fg_elements){relus, 2}, 0, true));
    fg_plan_free(plan);
}
END_TEST

START_TEST(maps_and_norms_have_limits)
{
    int out;

    begin();
    refused(fg_part_map(&out, plan, FG_MAP_INNER, "wide", 0, (1 << 20) + 1, 1),
            "wide has 1048577");
    refused(fg_part_map(&out, plan, FG_MAP_INNER, "no", 0, 0, 1), "no has 0 channels");
    for (int i = 0; i < 64; ++i)
        EXPECT_OK(fg_part_norm(&out, plan, "norm", 1 << 20, 1.0f));
    ck_assert_int_eq(plan->norms[out].first_running, 63 << 20);
    refused(fg_part_norm(&out, plan, "norm", 1, 1.0f), "more than 67108864 channels");
    fg_plan_free(plan);
}
END_TEST

START_TEST(sides_round_up)
{
    static const int expected[][3] = {{1, 1, 1}, {1, 2, 1}, {2, 2, 1}, {7, 2, 4},
                                      {8, 2, 4}, {9, 2, 5}, {9, 1, 9}};

    for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i)
        ck_assert_int_eq(fg_part_side(expected[i][0], expected[i][1]), expected[i][2]);
}
END_TEST

START_TEST(dropout_goes_where_it_belongs)
{
    fg_network network = {.dropout = {FG_DROPOUT_CHANNELS, FG_DROPOUT_ALL_OUTPUTS, 0.5}};

    ck_assert_int_eq(fg_part_dropout(&network, FG_DROPOUT_OUTPUTS), FG_DROPOUT_CHANNELS);
    ck_assert_int_eq(fg_part_dropout(&network, FG_DROPOUT_ALL_OUTPUTS), FG_DROPOUT_CHANNELS);
    ck_assert_int_eq(fg_part_dropout(&network, FG_DROPOUT_VIEWS), FG_DROPOUT_NONE);
    network.dropout.place = FG_DROPOUT_OUTPUTS;
    ck_assert_int_eq(fg_part_dropout(&network, FG_DROPOUT_ALL_OUTPUTS), FG_DROPOUT_NONE);
    network.dropout.rate = 0;
    ck_assert_int_eq(fg_part_dropout(&network, FG_DROPOUT_OUTPUTS), FG_DROPOUT_NONE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_norm_of_the_reader_covers_all_that_it_reads,
                                  without_one_elements_keep_their_own,
                                  terms_stay_apart,
                                  what_cannot_be_read_together_is_refused,
                                  maps_and_norms_have_limits,
                                  sides_round_up,
                                  dropout_goes_where_it_belongs,
                                  NULL};
    return plan_run("plan/parts", tests);
}
