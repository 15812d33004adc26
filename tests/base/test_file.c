/* test_file.c - files appear complete or not at all, and every failure names the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "support/scratch.h"

static const char *path; /* in the folder */

static void setup(void)
{
    scratch_setup();
    path = strdup(scratch_path("out"));
}

static void teardown(void)
{
    free((char *)path);
    scratch_teardown();
}

static void write_to(const char *name, const char *text)
{
    fg_file *file = NULL;

    ck_assert_int_eq(fg_file_create(&file, name), FG_OK);
    ck_assert_int_eq(fg_file_write(file, text, strlen(text)), FG_OK);
    ck_assert_int_eq(fg_file_commit(file), FG_OK);
    fg_file_free(file);
}

static void write_text(const char *text)
{
    write_to(path, text);
}

static void expect_text(const char *text)
{
    char *data = NULL;
    size_t bytes = 0;

    ck_assert_int_eq(fg_file_read(&data, &bytes, path), FG_OK);
    ck_assert_uint_eq(bytes, strlen(text));
    ck_assert_str_eq(data, text);
    free(data);
}

START_TEST(test_written_is_read)
{
    ck_assert(!fg_file_exists(path));
    write_text("one");
    ck_assert(fg_file_exists(path));
    expect_text("one");
    write_text("two");
    expect_text("two");
    write_text("");
    expect_text("");
    ck_assert_int_eq(scratch_files(), 1);
}
END_TEST

START_TEST(test_without_commit_nothing_changes)
{
    fg_file *file = NULL;

    write_text("old");
    ck_assert_int_eq(fg_file_create(&file, path), FG_OK);
    ck_assert_int_eq(fg_file_write(file, "new", 3), FG_OK);
    expect_text("old");
    fg_file_free(file);
    expect_text("old");
    ck_assert_int_eq(scratch_files(), 1);
}
END_TEST

/* A killed process leaves its temporary; the next one with its id must not stumble over it. */
START_TEST(test_foreign_temporary_is_left_alone)
{
    char name[64];

    snprintf(name, sizeof name, "out.%ld-0.tmp", (long)getpid());
    scratch_write(scratch_path(name), "theirs", 6);
    write_text("text");
    expect_text("text");
    ck_assert_int_eq(scratch_files(), 2);
}
END_TEST

START_TEST(test_usual_permissions)
{
    struct stat info;
    const mode_t mask = umask(022);

    write_text("text");
    umask(mask);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0644);
}
END_TEST

/* A limit on the size of files stops a write as a full disk does. */
static struct rlimit limit_before;

static void limit_files(rlim_t bytes)
{
    struct rlimit low;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit_before), 0);
    low = limit_before;
    low.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
}

static void unlimit_files(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit_before), 0);
}

static const char block[4096];

START_TEST(test_full_disk)
{
    fg_file *file = NULL;

    write_text("old");
    ck_assert_int_eq(fg_file_create(&file, path), FG_OK);
    limit_files(6000);
    const fg_status first = fg_file_write(file, block, sizeof block);
    const fg_status second = fg_file_write(file, block, sizeof block);
    unlimit_files();
    ck_assert_int_eq(first, FG_OK);
    ck_assert_int_eq(second, FG_ERR_FILE);
    ck_assert_ptr_eq(strstr(fg_error_message(), path), fg_error_message());
    fg_file_free(file);
    expect_text("old");
    ck_assert_int_eq(scratch_files(), 1);
}
END_TEST

START_TEST(test_append)
{
    ck_assert_int_eq(fg_file_append(path, "x", 1), FG_ERR_FILE);
    ck_assert(!fg_file_exists(path));
    write_text("one");
    ck_assert_int_eq(fg_file_append(path, ", two", 5), FG_OK);
    expect_text("one, two");
    limit_files(4000);
    const fg_status status = fg_file_append(path, block, sizeof block);
    unlimit_files();
    ck_assert_int_eq(status, FG_ERR_FILE);
    ck_assert_ptr_eq(strstr(fg_error_message(), path), fg_error_message());
    expect_text("one, two");
    ck_assert_int_eq(fg_file_append("/dev/null", "x", 1), FG_ERR_FILE);
}
END_TEST

static void expect_refused(const char *name, const char *reason)
{
    fg_file *file = NULL;

    ck_assert_int_eq(fg_file_check(name), FG_ERR_FILE);
    ck_assert_int_eq(fg_file_create(&file, name), FG_ERR_FILE);
    ck_assert_ptr_null(file);
    ck_assert_msg(strstr(fg_error_message(), name) == fg_error_message() &&
                      strstr(fg_error_message(), reason) != NULL,
                  "message is: %s", fg_error_message());
}

START_TEST(test_places_that_are_refused)
{
    expect_refused("/dev/null", "not a regular file");
    expect_refused(scratch_path(""), "not a regular file");
    expect_refused("", "not the name of a file");
    expect_refused(scratch_path("none/out"), "No such file or directory");
    expect_refused(scratch_path("none/"), "not the name of a file");
    write_text("text");
    expect_refused(scratch_path("out/out"), "Not a directory");
}
END_TEST

START_TEST(test_a_link_stays_and_its_file_is_replaced)
{
    const char *link = scratch_path("link");
    struct stat info;
    bool same = false;

    ck_assert_int_eq(symlink("out", link), 0);
    expect_refused(link, "link to a file that is not there");
    scratch_write(path, "old", 3);
    write_to(link, "new");
    expect_text("new");
    ck_assert_int_eq(lstat(link, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(scratch_files(), 2);
    ck_assert_int_eq(fg_file_same(&same, path, link), FG_OK);
    ck_assert(same);
}
END_TEST

START_TEST(test_one_file_under_two_names)
{
    bool same = false;

    for (int there = 0; there <= 1; ++there) {
        ck_assert_int_eq(fg_file_same(&same, path, scratch_path("x/./../out")), FG_ERR_FILE);
        ck_assert_int_eq(mkdir(scratch_path("x"), 0700), 0);
        ck_assert_int_eq(fg_file_same(&same, path, scratch_path("x/./../out")), FG_OK);
        ck_assert(same);
        ck_assert_int_eq(fg_file_same(&same, path, scratch_path("x/out")), FG_OK);
        ck_assert(!same);
        ck_assert_int_eq(fg_file_same(&same, path, scratch_path("other")), FG_OK);
        ck_assert(!same);
        ck_assert_int_eq(rmdir(scratch_path("x")), 0);
        write_text("text");
    }
}
END_TEST

START_TEST(test_what_cannot_be_read)
{
    char *data = NULL;
    size_t bytes = 0;

    ck_assert_int_eq(fg_file_read(&data, &bytes, path), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "No such file"));
    ck_assert_int_eq(fg_file_read(&data, &bytes, scratch_path("")), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "not a regular file"));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(fg_file_read(&data, &bytes, path), FG_ERR_FILE);
    ck_assert_ptr_null(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_written_is_read);
    tcase_add_test(tests, test_without_commit_nothing_changes);
    tcase_add_test(tests, test_foreign_temporary_is_left_alone);
    tcase_add_test(tests, test_usual_permissions);
    tcase_add_test(tests, test_full_disk);
    tcase_add_test(tests, test_append);
    tcase_add_test(tests, test_places_that_are_refused);
    tcase_add_test(tests, test_a_link_stays_and_its_file_is_replaced);
    tcase_add_test(tests, test_one_file_under_two_names);
    tcase_add_test(tests, test_what_cannot_be_read);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
