/* test_harness.c - figures of samples, clock and memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "harness.h"

#include <check.h>
#include <string.h>

START_TEST(median_of_an_odd_count_is_the_middle_sample)
{
    double samples[] = {5.0, 1.0, 3.0};
    const fg_harness_figure figure = fg_harness_figure_of(samples, 3);
    ck_assert_double_eq(figure.median, 3.0);
    ck_assert_double_eq(figure.min, 1.0);
    ck_assert_double_eq(figure.max, 5.0);
    ck_assert_int_eq(figure.samples, 3);
}
END_TEST

START_TEST(median_of_an_even_count_lies_between_the_middle_two)
{
    double samples[] = {8.0, 2.0, 1.0, 4.0};
    ck_assert_double_eq(fg_harness_figure_of(samples, 4).median, 3.0);
}
END_TEST

START_TEST(one_sample_is_its_own_figure)
{
    double sample = 2.0;
    const fg_harness_figure figure = fg_harness_figure_of(&sample, 1);
    ck_assert_double_eq(figure.median, 2.0);
    ck_assert_double_eq(figure.min, 2.0);
    ck_assert_double_eq(figure.max, 2.0);
}
END_TEST

START_TEST(clock_memory_and_commit_say_something)
{
    const double start = fg_harness_seconds();
    ck_assert_double_ge(fg_harness_seconds(), start);
    ck_assert_uint_gt(fg_harness_resident_peak(), 1 << 16);
    ck_assert_uint_gt(strlen(fg_harness_commit()), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bench/harness");
    TCase *tests = tcase_create("harness");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, median_of_an_odd_count_is_the_middle_sample);
    tcase_add_test(tests, median_of_an_even_count_lies_between_the_middle_two);
    tcase_add_test(tests, one_sample_is_its_own_figure);
    tcase_add_test(tests, clock_memory_and_commit_say_something);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
