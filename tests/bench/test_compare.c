/* test_compare.c - ratios, regressions and bad files of bench/compare.
 *
 * The program's path is the first argument.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "support/scratch.h"

#define OLD                                                                      \
    "{\"mode\": \"train\", \"model\": \"a\", \"batch\": 64, \"device\": \"d\", " \
    "\"images_per_second\": 100, \"start_s\": 2.0, \"peak_gflops\": 200}\n"

static const char *program;
static char output[8192]; /* both streams of the last run */

static int run(const char *arguments)
{
    char command[2048];
    FILE *pipe;

    snprintf(command, sizeof command, "'%s' %s 2>&1", program, arguments);
    pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Compares files of these texts. */
static void expect(int status, const char *options, const char *old, const char *new)
{
    char arguments[1024];

    snprintf(arguments, sizeof arguments, "%s '%s' '%s'", options,
             scratch_text("old.json", old), scratch_text("new.json", new));
    const int got = run(arguments);
    ck_assert_msg(got == status, "status %d, expected %d: %s", got, status, output);
}

static void expect_output(const char *text)
{
    ck_assert_msg(strstr(output, text) != NULL, "expected \"%s\" in: %s", text, output);
}

/* A result as OLD with other figures. */
static const char *result(double images_per_second, double start_s, double peak)
{
    static char text[512];

    snprintf(text, sizeof text,
             "{\"mode\": \"train\", \"model\": \"a\", \"batch\": 64, \"device\": \"d\", "
             "\"images_per_second\": %g, \"start_s\": %g, \"peak_gflops\": %g}\n",
             images_per_second, start_s, peak);
    return text;
}

START_TEST(ratios_are_new_over_old)
{
    expect(0, "", OLD, result(150, 1.0, 200));
    expect_output("a, batch 64, train, memory fast, on d");
    expect_output("images_per_second");
    expect_output("1.500");
    expect_output("0.500");
    expect_output("0 of 3 figures worse by more than 5 %");
}
END_TEST

START_TEST(slower_is_worse_beyond_the_threshold)
{
    expect(0, "", OLD, result(95.5, 2.0, 200));
    expect(1, "", OLD, result(94.5, 2.0, 200));
    expect_output("1 of 3 figures worse");
    expect(0, "--threshold 6", OLD, result(94.5, 2.0, 200));
    expect(1, "--threshold=0", OLD, result(99.9, 2.0, 200));
}
END_TEST

START_TEST(more_seconds_are_worse)
{
    expect(0, "", OLD, result(100, 2.09, 200));
    expect(1, "", OLD, result(100, 2.11, 200));
    expect_output("worse");
}
END_TEST

START_TEST(the_machine_is_not_judged)
{
    expect(0, "", OLD, result(100, 2.0, 50));
    expect_output("peak_gflops");
}
END_TEST

START_TEST(arrays_and_lines_are_results_too)
{
    expect(0, "", "[" OLD "]", OLD);
    expect(0, "", OLD, "\n[" OLD ", " OLD "]\n");
    expect(0, "", OLD OLD, OLD);
}
END_TEST

START_TEST(several_results_of_one_thing_have_a_median)
{
    char lines[2048] = "";

    strcat(lines, result(10, 2.0, 200));
    strcat(lines, result(101, 2.0, 200));
    strcat(lines, result(102, 2.0, 200));
    expect(0, "", OLD, lines);
    expect_output("1.010");
    expect(1, "", lines, result(90, 2.0, 200));
}
END_TEST

START_TEST(results_of_other_things_are_not_compared)
{
    static const char other[] = "{\"mode\": \"infer\", \"model\": \"a\", \"batch\": 64, "
                                "\"device\": \"d\", \"images_per_second\": 1}\n";

    expect(2, "", OLD, other);
    expect_output("new.json: has no result");
    char both[1024];
    snprintf(both, sizeof both, "%s%s", OLD, other);
    expect(0, "", OLD, both); /* what is new is nothing to compare with */
}
END_TEST

/* A bench that failed leaves none, and must not pass for one that is as fast as before. */
START_TEST(a_result_that_is_missing_is_a_regression)
{
    static const char slow[] = "{\"mode\": \"train\", \"model\": \"a\", \"batch\": 64, "
                               "\"device\": \"d\", \"start_s\": 1}\n";
    static const char other[] = "{\"mode\": \"infer\", \"model\": \"a\", \"batch\": 64, "
                                "\"device\": \"d\", \"images_per_second\": 1}\n";
    char both[1024];

    snprintf(both, sizeof both, "%s%s", OLD, other);
    expect(1, "", both, OLD);
    expect_output("a, batch 64, infer, memory fast, on d\n    images_per_second");
    expect_output("0 of 3 figures worse by more than 5 %, 1 missing in ");
    expect(1, "", result(100, 1, 200), slow);
    expect_output(", 1 missing in ");
}
END_TEST

START_TEST(memory_settings_are_not_mixed)
{
    static const char lean[] =
        "{\"mode\": \"train\", \"model\": \"a\", \"batch\": 64, \"device\": \"d\", "
        "\"memory\": \"lean\", \"images_per_second\": 10}\n";
    static const char fast[] =
        "{\"mode\": \"train\", \"model\": \"a\", \"batch\": 64, \"device\": \"d\", "
        "\"memory\": \"fast\", \"images_per_second\": 100, \"start_s\": 2}\n";

    expect(2, "", OLD, lean);
    expect(0, "", OLD, fast); /* is what a result means that does not say */
    expect(0, "", lean, lean);
    expect_output("a, batch 64, train, memory lean, on d");
}
END_TEST

START_TEST(bad_files_are_one_line_with_file_and_field)
{
    expect(2, "", OLD, "{\"mode\": \"train\", \"model\": \"a\", \"batch\": 64}");
    expect_output("new.json: result 1: device is missing, expected a text");
    expect(2, "", OLD, OLD "{\"mode\": \"train\", \"model\": \"a\", \"batch\": \"64\"}");
    expect_output("new.json: result 2: batch is not a whole number");
    expect(2, "", "[3]", OLD);
    expect_output("old.json: result 1 is no JSON object");
    expect(2, "", OLD, OLD "{");
    expect_output("new.json: JSON value 2");
    expect(2, "", OLD, " \n");
    expect_output("new.json: has no results");
    ck_assert_ptr_eq(strchr(output, '\n'), output + strlen(output) - 1);
    ck_assert_int_eq(run("/no/such/file.json /no/such/other.json"), 2);
    expect_output("/no/such/file.json: cannot be read");
    char folder[512];
    snprintf(folder, sizeof folder, "'%s' '%s'", scratch_path(""), scratch_path(""));
    ck_assert_int_eq(run(folder), 2);
    expect_output("cannot be read");
}
END_TEST

START_TEST(mistakes_in_the_options_are_status_2)
{
    ck_assert_int_eq(run(""), 2);
    expect_output("the old file is missing");
    ck_assert_int_eq(run("a.json"), 2);
    expect_output("the new file is missing");
    ck_assert_int_eq(run("'' b"), 2);
    expect_output("the old file is '', expected the name of a file");
    ck_assert_int_eq(run("a ''"), 2);
    expect_output("the new file is '', expected the name of a file");
    ck_assert_int_eq(run("a b c"), 2);
    expect_output("'c' is one file too many");
    ck_assert_int_eq(run("a b --threshold 5%"), 2);
    expect_output("--threshold is '5%'");
    ck_assert_int_eq(run("a b --threshold -1"), 2);
    ck_assert_int_eq(run("--help"), 0);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("bench/compare");
    TCase *tests = tcase_create("compare");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (argc != 2) {
        fprintf(stderr, "test_compare: expected the path of compare\n");
        return 2;
    }
    program = argv[1];
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, ratios_are_new_over_old);
    tcase_add_test(tests, slower_is_worse_beyond_the_threshold);
    tcase_add_test(tests, more_seconds_are_worse);
    tcase_add_test(tests, the_machine_is_not_judged);
    tcase_add_test(tests, arrays_and_lines_are_results_too);
    tcase_add_test(tests, several_results_of_one_thing_have_a_median);
    tcase_add_test(tests, results_of_other_things_are_not_compared);
    tcase_add_test(tests, a_result_that_is_missing_is_a_regression);
    tcase_add_test(tests, memory_settings_are_not_mixed);
    tcase_add_test(tests, bad_files_are_one_line_with_file_and_field);
    tcase_add_test(tests, mistakes_in_the_options_are_status_2);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
