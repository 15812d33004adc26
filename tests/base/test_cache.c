/* test_cache.c - which folder the cache is in, and that it is made.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/cache.h"
#include "support/scratch.h"

static void set(const char *own, const char *xdg, const char *home)
{
    setenv("FG_CACHE_DIR", own, 1);
    setenv("XDG_CACHE_HOME", xdg, 1);
    setenv("HOME", home, 1);
}

static void expect_path(const char *expected)
{
    char *path = NULL;
    ck_assert_int_eq(fg_cache_path(&path, "file"), FG_OK);
    ck_assert_str_eq(path, expected);
    fg_text_free(path);
}

START_TEST(the_first_variable_that_is_set_counts)
{
    set("/own", "/xdg", "/home/me");
    expect_path("/own/file");
    set("", "/xdg", "/home/me");
    expect_path("/xdg/filigree/file");
    set("", "relative", "/home/me");
    expect_path("/home/me/.cache/filigree/file");
    set("", "", "/home/me");
    expect_path("/home/me/.cache/filigree/file");
}
END_TEST

START_TEST(without_a_variable_there_is_no_folder)
{
    char *path = NULL;
    set("", "", "");
    ck_assert_int_eq(fg_cache_path(&path, "file"), FG_ERR_FILE);
    ck_assert_ptr_null(path);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "HOME"));
    ck_assert_int_eq(fg_cache_create(), FG_ERR_FILE);
}
END_TEST

START_TEST(the_folder_and_those_above_it_are_made)
{
    struct stat info;
    set(scratch_path("a/b/c"), "", "");
    ck_assert_int_eq(fg_cache_create(), FG_OK);
    ck_assert(stat(scratch_path("a/b/c"), &info) == 0 && S_ISDIR(info.st_mode));
    ck_assert_int_eq(fg_cache_create(), FG_OK);
}
END_TEST

START_TEST(a_file_in_its_place_is_named)
{
    const char *path = scratch_text("taken", "text");
    set(path, "", "");
    ck_assert_int_eq(fg_cache_create(), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), path));
    set(scratch_path("taken/below"), "", "");
    ck_assert_int_eq(fg_cache_create(), FG_ERR_FILE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/cache");
    TCase *tests = tcase_create("cache");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, the_first_variable_that_is_set_counts);
    tcase_add_test(tests, without_a_variable_there_is_no_folder);
    tcase_add_test(tests, the_folder_and_those_above_it_are_made);
    tcase_add_test(tests, a_file_in_its_place_is_named);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
