/* test_profile.c - rows, groups and sums of events whose times are made up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profile.h"

#include <check.h>

#include "support/device_fixture.h"

#define MS 1000000u

static fg_profile *profile;

static void teardown(void)
{
    fg_profile_free(profile);
    profile = NULL;
}

/* A step of 20 ms by the wall: two kernels of step 3, one of them twice, around one of step 1,
 * behind an upload. `slow` ms come on top of the first of step 3, and of the wall. */
static void add_step(unsigned slow)
{
    const cl_ulong late = (cl_ulong)slow * MS;
    const fg_trace_event events[] = {
        {"write", -1, 100 * MS, 101 * MS},
        {"conv_forward", 3, 102 * MS, 105 * MS + late},
        {"statistics", 3, 105 * MS + late, 106 * MS + late},
        {"conv_forward", 1, 107 * MS + late, 109 * MS + late},
        {"conv_forward", 3, 109 * MS + late, 114 * MS + late},
    };

    FG_EXPECT_OK(fg_profile_add(profile, events, 5, 20.0 + slow));
}

static void expect_row(int index, const char *label, int step, int launches, double ms)
{
    const fg_profile_row *row = &profile->rows[index];

    ck_assert_str_eq(row->label, label);
    ck_assert_int_eq(row->step, step);
    ck_assert_int_eq(row->launches, launches);
    ck_assert_double_eq_tol(row->median, ms, 1e-9);
}

START_TEST(launches_of_a_kernel_in_a_step_are_one_row)
{
    FG_EXPECT_OK(fg_profile_create(&profile, 1));
    add_step(0);
    FG_EXPECT_OK(fg_profile_finish(profile));
    ck_assert_int_eq(profile->row_count, 4);
    expect_row(0, "write", -1, 1, 1.0);
    expect_row(1, "conv_forward", 1, 1, 2.0);
    expect_row(2, "conv_forward", 3, 2, 8.0);
    expect_row(3, "statistics", 3, 1, 1.0);
}
END_TEST

START_TEST(parts_of_a_step_add_up)
{
    FG_EXPECT_OK(fg_profile_create(&profile, 1));
    add_step(0);
    FG_EXPECT_OK(fg_profile_finish(profile));
    ck_assert_double_eq_tol(profile->median.rows, 12.0, 1e-9);
    ck_assert_double_eq_tol(profile->median.idle, 2.0, 1e-9);
    ck_assert_double_eq_tol(profile->median.host, 6.0, 1e-9);
    ck_assert_double_eq_tol(profile->median.wall, 20.0, 1e-9);
}
END_TEST

START_TEST(medians_are_of_rows_and_of_groups)
{
    FG_EXPECT_OK(fg_profile_create(&profile, 3));
    add_step(50);
    add_step(0);
    add_step(4);
    FG_EXPECT_OK(fg_profile_finish(profile));
    expect_row(2, "conv_forward", 3, 2, 12.0);
    ck_assert_double_eq_tol(profile->median.wall, 24.0, 1e-9);
    ck_assert_double_eq_tol(profile->median.rows, 16.0, 1e-9);
    ck_assert_int_eq(profile->group_count, 3);
    ck_assert_int_eq(profile->groups[0].count, 1);
    ck_assert_int_eq(profile->groups[2].first, 2);
    ck_assert_int_eq(profile->groups[2].count, 2);
    ck_assert_double_eq_tol(profile->groups[2].median, 13.0, 1e-9);
}
END_TEST

START_TEST(what_belongs_to_no_step_is_not_one_group)
{
    const fg_trace_event events[] = {{"write", -1, 0, MS}, {"read", -1, MS, 3 * MS}};

    FG_EXPECT_OK(fg_profile_create(&profile, 1));
    FG_EXPECT_OK(fg_profile_add(profile, events, 2, 3.0));
    FG_EXPECT_OK(fg_profile_finish(profile));
    ck_assert_int_eq(profile->group_count, 2);
    expect_row(0, "read", -1, 1, 2.0);
}
END_TEST

START_TEST(row_that_is_not_in_every_step_counts_as_0_there)
{
    const fg_trace_event first[] = {{"tuned", 0, 0, MS}, {"kernel", 0, MS, 2 * MS}};

    FG_EXPECT_OK(fg_profile_create(&profile, 3));
    FG_EXPECT_OK(fg_profile_add(profile, first, 2, 2.0));
    FG_EXPECT_OK(fg_profile_add(profile, first + 1, 1, 1.0));
    FG_EXPECT_OK(fg_profile_add(profile, first + 1, 1, 1.0));
    FG_EXPECT_OK(fg_profile_finish(profile));
    expect_row(0, "kernel", 0, 1, 1.0);
    expect_row(1, "tuned", 0, 0, 0.0);
    ck_assert_double_eq_tol(profile->median.rows, 1.0, 1e-9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bench/profile");
    TCase *tests = tcase_create("profile");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, launches_of_a_kernel_in_a_step_are_one_row);
    tcase_add_test(tests, parts_of_a_step_add_up);
    tcase_add_test(tests, medians_are_of_rows_and_of_groups);
    tcase_add_test(tests, what_belongs_to_no_step_is_not_one_group);
    tcase_add_test(tests, row_that_is_not_in_every_step_counts_as_0_there);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
