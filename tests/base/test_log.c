/* test_log.c - lines reach the caller's function whole, or cut.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <string.h>

#include "base/log.h"

struct seen {
    int lines;
    fg_log_level level;
    char line[4096];
};

static void keep_line(void *user, fg_log_level level, const char *line)
{
    struct seen *seen = user;
    ++seen->lines;
    seen->level = level;
    strcpy(seen->line, line);
}

START_TEST(line_is_formatted_for_the_callers_function)
{
    struct seen seen = {0};
    const fg_log log = {keep_line, &seen};

    fg_log_line(&log, FG_LOG_WARN, "%s %d", "device", 7);
    ck_assert_int_eq(seen.lines, 1);
    ck_assert_int_eq(seen.level, FG_LOG_WARN);
    ck_assert_str_eq(seen.line, "device 7");
}
END_TEST

START_TEST(without_a_function_lines_are_dropped)
{
    const fg_log log = {NULL, NULL};
    fg_log_line(&log, FG_LOG_ERROR, "%d", 1);
}
END_TEST

START_TEST(too_long_a_line_is_cut)
{
    struct seen seen = {0};
    const fg_log log = {keep_line, &seen};

    fg_log_line(&log, FG_LOG_INFO, "%3000d", 1);
    ck_assert_int_eq(seen.lines, 1);
    ck_assert_uint_lt(strlen(seen.line), 3000);
    ck_assert_uint_gt(strlen(seen.line), 500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/log");
    TCase *tests = tcase_create("log");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, line_is_formatted_for_the_callers_function);
    tcase_add_test(tests, without_a_function_lines_are_dropped);
    tcase_add_test(tests, too_long_a_line_is_cut);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
