/* test_history.c - the CSV log: its lines, what resuming removes, what is left alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include <locale.h>

#include "support/scratch.h"
#include "train/history.h"

#define HEADER                                                                 \
    "epoch,rate,training_loss,training_accuracy,training_top,validation_loss," \
    "validation_accuracy,validation_top,images_per_second,seconds\n"

static const char *path;

static void setup(void)
{
    scratch_setup();
    path = strdup(scratch_path("log.csv"));
}

static void teardown(void)
{
    free((char *)path);
    scratch_teardown();
}

static void expect_text(const char *text)
{
    size_t bytes = 0;
    char *data = scratch_read(path, &bytes);

    ck_assert_str_eq(data, text);
    free(data);
    ck_assert_int_eq(scratch_files(), 1);
}

static fg_history_line example(int epoch)
{
    return (fg_history_line){
        .epoch = epoch,
        .rate = 0.1f,
        .training = {.images = 8, .loss = 2.0 / 3, .correct = 6, .correct_top = 8},
        .validation = {.images = 4, .loss = 1.5, .correct = 1, .correct_top = 2},
        .images_per_second = 123.45,
        .seconds = 67.8901};
}

#define LINE(epoch) epoch ",0.1,0.666667,0.750000,1.000000,1.5,0.250000,0.500000,123.5,67.890\n"

START_TEST(test_lines)
{
    bool empty = false;

    ck_assert_int_eq(fg_history_check(&empty, path), FG_OK);
    ck_assert(empty);
    ck_assert_int_eq(scratch_files(), 0);
    ck_assert_int_eq(fg_history_begin(path, 0, NULL), FG_OK);
    expect_text(HEADER);
    ck_assert_int_eq(fg_history_check(&empty, path), FG_OK);
    ck_assert(!empty);
    for (int epoch = 1; epoch <= 2; ++epoch) {
        const fg_history_line line = example(epoch);
        ck_assert_int_eq(fg_history_add(path, &line), FG_OK);
    }
    expect_text(HEADER LINE("1") LINE("2"));
}
END_TEST

START_TEST(test_nothing_held_out)
{
    fg_history_line line = example(1);

    line.validation = (fg_score){0};
    ck_assert_int_eq(fg_history_begin(path, 0, NULL), FG_OK);
    ck_assert_int_eq(fg_history_add(path, &line), FG_OK);
    expect_text(HEADER "1,0.1,0.666667,0.750000,1.000000,,,,123.5,67.890\n");
}
END_TEST

START_TEST(test_decimal_comma)
{
    const fg_history_line line = example(1);

    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is not installed, this tests nothing new */
    ck_assert_int_eq(fg_history_begin(path, 0, NULL), FG_OK);
    ck_assert_int_eq(fg_history_add(path, &line), FG_OK);
    setlocale(LC_ALL, "C");
    expect_text(HEADER LINE("1"));
}
END_TEST

START_TEST(test_later_lines_are_removed)
{
    const char *old = HEADER LINE("1") LINE("2") LINE("3") LINE("10") "11,0.1,0.6";

    scratch_write(path, old, strlen(old));
    ck_assert_int_eq(fg_history_begin(path, 11, NULL), FG_OK);
    expect_text(HEADER LINE("1") LINE("2") LINE("3") LINE("10"));
    ck_assert_int_eq(fg_history_begin(path, 2, NULL), FG_OK);
    expect_text(HEADER LINE("1") LINE("2"));
    ck_assert_int_eq(fg_history_begin(path, 0, NULL), FG_OK);
    expect_text(HEADER);
}
END_TEST

START_TEST(test_begun_with_a_line)
{
    const fg_history_line first = example(1), third = example(3);

    ck_assert_int_eq(fg_history_begin(path, 0, &first), FG_OK);
    expect_text(HEADER LINE("1"));
    ck_assert_int_eq(fg_history_begin(path, 2, &third), FG_OK);
    expect_text(HEADER LINE("1") LINE("3"));
    ck_assert_int_eq(fg_history_begin(path, 0, &first), FG_OK);
    expect_text(HEADER LINE("1"));
}
END_TEST

START_TEST(test_an_empty_file_becomes_a_log)
{
    bool empty = false;

    scratch_write(path, "", 0);
    ck_assert_int_eq(fg_history_check(&empty, path), FG_OK);
    ck_assert(empty);
    ck_assert_int_eq(fg_history_begin(path, 3, NULL), FG_OK);
    expect_text(HEADER);
}
END_TEST

START_TEST(test_other_files_are_left_alone)
{
    bool empty = false;

    scratch_write(path, "thesis\n", 7);
    ck_assert_int_eq(fg_history_check(&empty, path), FG_ERR_FILE);
    ck_assert_int_eq(fg_history_begin(path, 0, NULL), FG_ERR_FILE);
    ck_assert_ptr_eq(strstr(fg_error_message(), path), fg_error_message());
    expect_text("thesis\n");
    ck_assert_int_eq(fg_history_check(&empty, "/dev/null"), FG_ERR_FILE);
    ck_assert_int_eq(fg_history_check(&empty, scratch_path("none/log.csv")), FG_ERR_FILE);
}
END_TEST

START_TEST(test_a_log_that_vanished)
{
    const fg_history_line line = example(1);

    ck_assert_int_eq(fg_history_add(path, &line), FG_ERR_FILE);
    ck_assert_ptr_eq(strstr(fg_error_message(), path), fg_error_message());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history");
    TCase *tests = tcase_create("history");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_lines);
    tcase_add_test(tests, test_nothing_held_out);
    tcase_add_test(tests, test_decimal_comma);
    tcase_add_test(tests, test_later_lines_are_removed);
    tcase_add_test(tests, test_begun_with_a_line);
    tcase_add_test(tests, test_an_empty_file_becomes_a_log);
    tcase_add_test(tests, test_other_files_are_left_alone);
    tcase_add_test(tests, test_a_log_that_vanished);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
