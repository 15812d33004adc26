/* test_status.c - texts of statuses, and the message of the thread that failed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

START_TEST(every_status_has_its_text)
{
#define EXPECT_TEXT(name, value, text) ck_assert_str_eq(fg_status_text(name), text);
    FG_STATUS_LIST(EXPECT_TEXT)
#undef EXPECT_TEXT
    ck_assert_str_eq(fg_status_text((fg_status)-1000), "unknown status");
}
END_TEST

START_TEST(fail_returns_the_status_and_sets_the_message)
{
    ck_assert_int_eq(fg_fail(FG_ERR_FILE, "%s: %d bytes", "a.bin", 3), FG_ERR_FILE);
    ck_assert_str_eq(fg_error_message(), "a.bin: 3 bytes");
}
END_TEST

START_TEST(message_may_quote_the_one_before)
{
    fg_fail(FG_ERR_FILE, "inner");
    fg_fail(FG_ERR_FILE, "outer (%s)", fg_error_message());
    ck_assert_str_eq(fg_error_message(), "outer (inner)");
}
END_TEST

START_TEST(prefix_stands_before_the_message)
{
    fg_fail(FG_ERR_FILE, "truncated");
    ck_assert_int_eq(fg_fail_prefix(FG_ERR_FILE, "%s: ", "a.bin"), FG_ERR_FILE);
    ck_assert_str_eq(fg_error_message(), "a.bin: truncated");
}
END_TEST

START_TEST(message_is_always_one_line)
{
    fg_fail(FG_ERR_DEVICE, "one\ntwo\tthree");
    ck_assert_str_eq(fg_error_message(), "one two three");
}
END_TEST

START_TEST(too_long_a_message_is_cut)
{
    fg_fail(FG_ERR_DEVICE, "%5000d", 1);
    ck_assert_uint_lt(strlen(fg_error_message()), 5000);
    ck_assert_uint_gt(strlen(fg_error_message()), 500);
    fg_fail_prefix(FG_ERR_DEVICE, "%5000d", 2);
    ck_assert_uint_lt(strlen(fg_error_message()), 5000);
    ck_assert_uint_gt(strlen(fg_error_message()), 500);
}
END_TEST

static void *fail_elsewhere(void *unused)
{
    fg_fail(FG_ERR_DEVICE, "the other thread's");
    return unused;
}

START_TEST(every_thread_has_its_own_message)
{
    pthread_t thread;

    fg_fail(FG_ERR_DEVICE, "mine");
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_str_eq(fg_error_message(), "mine");
}
END_TEST

static fg_status try_all(int required, fg_status checked, fg_status tried, int *cleanups)
{
    fg_status status = FG_OK;

    FG_REQUIRE(required == 1, "required is %d, expected 1", required);
    FG_CHECK(checked == FG_OK, checked, "checked is %d", (int)checked);
    FG_TRY(tried);

cleanup:
    ++*cleanups;
    return status;
}

START_TEST(macros_end_at_cleanup_with_their_status)
{
    int cleanups = 0;

    ck_assert_int_eq(try_all(1, FG_OK, FG_OK, &cleanups), FG_OK);
    ck_assert_int_eq(try_all(2, FG_OK, FG_OK, &cleanups), FG_ERR_ARGUMENT);
    ck_assert_str_eq(fg_error_message(), "required is 2, expected 1");
    ck_assert_int_eq(try_all(1, FG_ERR_FILE, FG_OK, &cleanups), FG_ERR_FILE);
    ck_assert_str_eq(fg_error_message(), "checked is -4");
    ck_assert_int_eq(try_all(1, FG_OK, FG_ERR_FIT, &cleanups), FG_ERR_FIT);
    ck_assert_int_eq(cleanups, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/status");
    TCase *tests = tcase_create("status");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, every_status_has_its_text);
    tcase_add_test(tests, fail_returns_the_status_and_sets_the_message);
    tcase_add_test(tests, message_may_quote_the_one_before);
    tcase_add_test(tests, prefix_stands_before_the_message);
    tcase_add_test(tests, message_is_always_one_line);
    tcase_add_test(tests, too_long_a_message_is_cut);
    tcase_add_test(tests, every_thread_has_its_own_message);
    tcase_add_test(tests, macros_end_at_cleanup_with_their_status);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
