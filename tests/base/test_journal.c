/* test_journal.c - lines of many processes are all there, each whole; what is damaged goes aside.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/journal.h"
#include "support/scratch.h"

#define WRITERS 4
#define LINES 50
#define HEAD "head"

static const char *path; /* in the folder */

static void setup(void)
{
    scratch_setup();
    path = strdup(scratch_path("journal"));
}

static void teardown(void)
{
    free((char *)path);
    scratch_teardown();
}

static void append(const char *text)
{
    ck_assert_int_eq(fg_journal_append(path, HEAD, text), FG_OK);
}

static void expect_file(const char *name, const char *expected)
{
    size_t bytes;
    char *text = scratch_read(name, &bytes);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(lines_follow_the_head)
{
    append("one\n");
    append("two\n");
    expect_file(path, "head\none\ntwo\n");
}
END_TEST

START_TEST(a_line_without_an_end_does_not_take_the_next_one_with_it)
{
    scratch_text("journal", "head\nhal");
    append("whole\n");
    expect_file(path, "head\nhal\nwhole\n");
}
END_TEST

/* Each writer's lines are long, and different in every byte from those of others. */
static void write_lines(int writer)
{
    char line[1000];
    memset(line, 'a' + writer, sizeof line);
    strcpy(line + sizeof line - 2, "\n");
    for (int i = 0; i < LINES; ++i)
        if (fg_journal_append(path, HEAD, line) != FG_OK)
            _exit(1);
    _exit(0);
}

START_TEST(lines_of_many_processes_are_all_there)
{
    int status, lines[WRITERS] = {0};
    size_t bytes;
    char *rest = NULL;

    for (int i = 0; i < WRITERS; ++i)
        if (fork() == 0)
            write_lines(i);
    for (int i = 0; i < WRITERS; ++i) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    char *text = scratch_read(path, &bytes);
    ck_assert_str_eq(strtok_r(text, "\n", &rest), HEAD);
    for (char *line = strtok_r(NULL, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        ck_assert(line[0] >= 'a' && line[0] < 'a' + WRITERS);
        ck_assert_uint_eq(strlen(line), 998);
        ck_assert_uint_eq(strspn(line, (char[]){line[0], '\0'}), 998);
        ++lines[line[0] - 'a'];
    }
    for (int i = 0; i < WRITERS; ++i)
        ck_assert_int_eq(lines[i], LINES);
    free(text);
}
END_TEST

START_TEST(a_line_that_does_not_fit_leaves_nothing)
{
    const struct rlimit few = {20, 20};
    append("one\n");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    ck_assert_int_eq(fg_journal_append(path, HEAD, "a line of many bytes\n"), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), path));
    expect_file(path, "head\none\n");
}
END_TEST

/* What was there before, empty or not, stays. */
START_TEST(a_first_line_that_does_not_fit_leaves_no_file)
{
    const struct rlimit few = {3, 3};
    const char *empty = scratch_text("empty", "");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    ck_assert_int_eq(fg_journal_append(path, HEAD, "one\n"), FG_ERR_FILE);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(fg_journal_append(empty, HEAD, "one\n"), FG_ERR_FILE);
    expect_file(empty, "");
}
END_TEST

/* The check says the same of it as appending does. */
static void expect_refused(const char *name)
{
    ck_assert_int_eq(fg_journal_check(name, HEAD), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), name));
    ck_assert_int_eq(fg_journal_append(name, HEAD, "one\n"), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), name));
}

START_TEST(what_is_no_file_is_refused)
{
    ck_assert_int_eq(mkdir(path, 0700), 0);
    expect_refused(path);
    expect_refused(scratch_path("none/x"));
    expect_refused("/proc/x"); /* where nobody makes files */
}
END_TEST

/* A head of which another one is the beginning, and one that is all there is. */
START_TEST(what_has_another_head_is_refused)
{
    static const char *const heads[] = {"header\n", "hea\n", "head"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; ++i) {
        const char *other = scratch_text("other", heads[i]);
        expect_refused(other);
        expect_file(other, heads[i]);
    }
}
END_TEST

START_TEST(a_check_writes_nothing)
{
    ck_assert_int_eq(fg_journal_check(path, HEAD), FG_OK);
    ck_assert_int_eq(scratch_files(), 0);
    append("one\n");
    ck_assert_int_eq(fg_journal_check(path, HEAD), FG_OK);
    expect_file(path, "head\none\n");
}
END_TEST

START_TEST(a_file_is_replaced_and_put_aside)
{
    char *aside = NULL;
    append("bad\n");
    ck_assert_int_eq(fg_journal_replace(&aside, path, "head\nbad\n", 9, "head\n"), FG_OK);
    ck_assert_str_eq(aside, scratch_path("journal.damaged"));
    fg_text_free(aside);
    expect_file(path, "head\n");
    expect_file(scratch_path("journal.damaged"), "head\nbad\n");
    append("one\n");
    expect_file(path, "head\none\n");
    ck_assert_int_eq(fg_journal_replace(&aside, path, "head\none\n", 9, "head\n"), FG_OK);
    fg_text_free(aside);
    expect_file(path, "head\n");
    expect_file(scratch_path("journal.damaged"), "head\nbad\n");
    expect_file(scratch_path("journal.damaged.2"), "head\none\n");
}
END_TEST

/* What path leads to is replaced, and the link stays. */
START_TEST(what_a_link_leads_to_is_put_aside)
{
    const char *link = scratch_path("link");
    char *aside = NULL;
    append("bad\n");
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_int_eq(fg_journal_replace(&aside, link, "head\nbad\n", 9, "head\n"), FG_OK);
    expect_file(aside, "head\nbad\n");
    fg_text_free(aside);
    expect_file(path, "head\n");
    expect_file(link, "head\n");
}
END_TEST

START_TEST(a_file_that_changed_meanwhile_is_left_alone)
{
    char text[] = "", *aside = text;
    append("bad\n");
    append("one\n");
    ck_assert_int_eq(fg_journal_replace(&aside, path, "head\nbad\n", 9, "head\n"), FG_OK);
    ck_assert_ptr_null(aside);
    expect_file(path, "head\nbad\none\n");
    ck_assert_int_eq(scratch_files(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/journal");
    TCase *tests = tcase_create("journal");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, lines_follow_the_head);
    tcase_add_test(tests, a_line_without_an_end_does_not_take_the_next_one_with_it);
    tcase_add_test(tests, lines_of_many_processes_are_all_there);
    tcase_add_test(tests, a_line_that_does_not_fit_leaves_nothing);
    tcase_add_test(tests, a_first_line_that_does_not_fit_leaves_no_file);
    tcase_add_test(tests, what_is_no_file_is_refused);
    tcase_add_test(tests, what_has_another_head_is_refused);
    tcase_add_test(tests, a_check_writes_nothing);
    tcase_add_test(tests, a_file_is_replaced_and_put_aside);
    tcase_add_test(tests, what_a_link_leads_to_is_put_aside);
    tcase_add_test(tests, a_file_that_changed_meanwhile_is_left_alone);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
