/* test_tuning.c - the file of tuning: what is written is found again, what is damaged does no harm.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning.h"

#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

#include "ops/tuning_text.h"
#include "support/device_fixture.h"
#include "support/scratch.h"

static fg_device device, other_device;
static char *path; /* the cache folder's */
static char logged[1024];
static int lines_logged;

static void log_line(void *user, fg_log_level level, const char *line)
{
    (void)user;
    (void)level;
    snprintf(logged, sizeof logged, "%s", line);
    ++lines_logged;
}

static void name_device(fg_device *out, const char *name)
{
    *out = (fg_device){.log = {log_line, NULL}};
    snprintf(out->info.name, sizeof out->info.name, "%s", name);
    snprintf(out->info.driver, sizeof out->info.driver, "1.2");
}

static void setup(void)
{
    scratch_setup();
    setenv("FG_CACHE_DIR", scratch_path("cache"), 1);
    path = strdup(scratch_path("cache/tuning.txt"));
    name_device(&device, "a device\twith a tab");
    name_device(&other_device, "another device");
    lines_logged = 0;
}

static void teardown(void)
{
    free(path);
    scratch_teardown();
}

static const fg_conv_shape shape = {.side = 3,
                                    .stride = 1,
                                    .groups = 1,
                                    .in_channels = 48,
                                    .out_channels = 12,
                                    .height = 32,
                                    .width = 32,
                                    .in_height = 32,
                                    .in_width = 32,
                                    .images = 64,
                                    .in_place = true,
                                    .backward = true,
                                    .data = true};

static fg_tuning open_tuning(fg_device *of, const char *file)
{
    fg_tuning tuning;
    FG_EXPECT_OK(fg_tuning_open(&tuning, of, file));
    return tuning;
}

static char *operation_of(fg_conv_part part, const fg_conv_shape *of)
{
    fg_text text = {0};
    char *operation = NULL;
    fg_tuning_operation(&text, part, of);
    FG_EXPECT_OK(fg_text_take(&operation, &text));
    return operation;
}

static void append_to(fg_device *of, const char *file, fg_tuning_origin origin,
                      fg_conv_part part, const char *choice)
{
    fg_tuning tuning;
    char *operation = operation_of(part, &shape);
    FG_EXPECT_OK(fg_tuning_open_new(&tuning, of, file));
    FG_EXPECT_OK(fg_tuning_append(&tuning, &(fg_tuning_line){.origin = origin,
                                                             .operation = operation,
                                                             .choice = choice,
                                                             .before_ms = 2.5,
                                                             .after_ms = 1.25}));
    fg_tuning_close(&tuning);
    fg_text_free(operation);
}

static void append(fg_tuning_origin origin, fg_conv_part part, const char *choice)
{
    append_to(&device, NULL, origin, part, choice);
}

static fg_conv_variant found_in(fg_device *of, const char *file)
{
    fg_conv_variant variant;
    fg_tuning tuning = open_tuning(of, file);
    FG_EXPECT_OK(fg_tuning_variant(&variant, &tuning, &shape));
    fg_tuning_close(&tuning);
    return variant;
}

static fg_algorithm algorithm_found(void)
{
    fg_algorithm algorithm;
    fg_tuning tuning = open_tuning(&device, NULL);
    FG_EXPECT_OK(fg_tuning_algorithm(&algorithm, &tuning, &shape));
    fg_tuning_close(&tuning);
    return algorithm;
}

static void expect_tiling(fg_conv_tiling tiling, int channels, int vectors, int pixels)
{
    ck_assert_int_eq(tiling.channels, channels);
    ck_assert_int_eq(tiling.vectors, vectors);
    ck_assert_int_eq(tiling.pixels, pixels);
}

START_TEST(what_is_appended_is_found)
{
    append(FG_TUNING_FIRST_USE, FG_CONV_PART_FORWARD, "direct tile=12x2 pixels=512");
    append(FG_TUNING_TUNE, FG_CONV_PART_BACKWARD, "direct tile=6x4 pixels=128 lanes=5");
    const fg_conv_variant variant = found_in(&device, NULL);
    expect_tiling(variant.forward, 12, 2, 512);
    expect_tiling(variant.backward, 6, 4, 128);
    ck_assert_int_eq(variant.lane_vectors, 5);
    expect_tiling(variant.phases, 0, 0, 0);
    ck_assert_int_eq(lines_logged, 0);
}
END_TEST

START_TEST(a_choice_is_printed_as_it_is_read)
{
    const char *const texts[] = {"direct tile=12x2 pixels=512", "gemm", "winograd"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        fg_tuning_choice choice;
        fg_text text = {0};
        char *printed = NULL;
        ck_assert(fg_tuning_choice_parse(&choice, texts[i]));
        fg_tuning_choice_print(&text, FG_CONV_PART_FORWARD, &choice);
        FG_EXPECT_OK(fg_text_take(&printed, &text));
        ck_assert_str_eq(printed, texts[i]);
        fg_text_free(printed);
    }
}
END_TEST

START_TEST(no_file_says_nothing)
{
    expect_tiling(found_in(&device, NULL).forward, 0, 0, 0);
    ck_assert_int_eq(lines_logged, 0);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(a_later_line_counts_and_tune_counts_more)
{
    append(FG_TUNING_FIRST_USE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    append(FG_TUNING_FIRST_USE, FG_CONV_PART_FORWARD, "direct tile=4x2 pixels=64");
    expect_tiling(found_in(&device, NULL).forward, 4, 2, 64);
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=6x1 pixels=64");
    append(FG_TUNING_FIRST_USE, FG_CONV_PART_FORWARD, "direct tile=8x1 pixels=64");
    expect_tiling(found_in(&device, NULL).forward, 6, 1, 64);
}
END_TEST

START_TEST(other_devices_drivers_and_shapes_have_results_of_their_own)
{
    fg_device newer = device;
    fg_conv_variant variant;
    fg_conv_shape wider = shape;

    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    append_to(&other_device, NULL, FG_TUNING_TUNE, FG_CONV_PART_FORWARD,
              "direct tile=8x1 pixels=64");
    snprintf(newer.info.driver, sizeof newer.info.driver, "1.3");
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    expect_tiling(found_in(&other_device, NULL).forward, 8, 1, 64);
    expect_tiling(found_in(&newer, NULL).forward, 0, 0, 0);
    wider.in_channels = 60;
    fg_tuning tuning = open_tuning(&device, NULL);
    FG_EXPECT_OK(fg_tuning_variant(&variant, &tuning, &wider));
    expect_tiling(variant.forward, 0, 0, 0);
    fg_tuning_close(&tuning);
}
END_TEST

START_TEST(only_a_line_of_tune_names_an_algorithm)
{
    ck_assert_int_eq(algorithm_found(), FG_ALGORITHM_DIRECT);
    append(FG_TUNING_FIRST_USE, FG_CONV_PART_FORWARD, "gemm");
    ck_assert_int_eq(algorithm_found(), FG_ALGORITHM_DIRECT);
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "gemm");
    ck_assert_int_eq(algorithm_found(), FG_ALGORITHM_GEMM);
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    ck_assert_int_eq(algorithm_found(), FG_ALGORITHM_DIRECT);
}
END_TEST

/* What follows a good line in a file. */
static const struct {
    const char *text;
    size_t bytes;
} damage[] = {
#define DAMAGE(text)           \
    {                          \
        text, sizeof(text) - 1 \
    }
    DAMAGE("half a line without an end"),
    DAMAGE("no fields\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\tx\tdirect tile=4x1 pixels=64\t1.0\t1.0\tmore\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\tsomeone\tx\tdirect tile=4x1 pixels=64\t1.0\t1.0\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\tx\tdirect tile=4x pixels=64\t1.0\t1.0\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\tx\tdirect tile=4x1 pixels=64x\t1.0\t1.0\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\tx\tdirect tile=4x1 pixels=64\tnan\t1.0\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\tx\tdirect tile=4x1 pixels=64\t1.0\t\n"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\tx\tdirect tile=4x1 pixels=64\t1.0\t1.0"),
    DAMAGE("d\t1\t" FG_VERSION_TEXT "\ttune\t\tdirect tile=4x1 pixels=64\t1.0\t1.0\n"),
    DAMAGE("zero \0 zero\n"),
    DAMAGE("\xff\xfe\x01\x02\n\n\x7f"),
};

static void write_damaged(const char *name, int index)
{
    size_t bytes;
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    char *text = scratch_read(path, &bytes);
    text = realloc(text, bytes + damage[index].bytes);
    memcpy(text + bytes, damage[index].text, damage[index].bytes);
    scratch_file(name, text, bytes + damage[index].bytes);
    free(text);
}

START_TEST(a_damaged_file_is_put_aside_and_what_is_whole_kept)
{
    write_damaged("cache/tuning.txt", _i);
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    ck_assert_int_eq(lines_logged, 1);
    ck_assert_ptr_nonnull(strstr(logged, "line 3 is damaged"));
    ck_assert_int_eq(access(scratch_path("cache/tuning.txt.damaged"), F_OK), 0);
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    ck_assert_int_eq(lines_logged, 1);
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=6x1 pixels=64");
    expect_tiling(found_in(&device, NULL).forward, 6, 1, 64);
}
END_TEST

/* A source or an output that is named, of fg_tuning_open, fg_tuning_open_new and fg_tuning_merge. */
static void expect_refused(const char *file, bool as_output, const char *why)
{
    fg_tuning tuning;
    fg_tuning_merged merged;
    const char *good = scratch_path("good.txt");

    FG_EXPECT_FAILS(fg_tuning_open(&tuning, &device, file), FG_ERR_FILE, why);
    FG_EXPECT_FAILS(fg_tuning_merge(&merged, NULL, file, NULL, NULL), FG_ERR_FILE, why);
    ck_assert_ptr_null(merged.file);
    if (as_output) {
        append_to(&device, good, FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "gemm");
        FG_EXPECT_FAILS(fg_tuning_open_new(&tuning, &device, file), FG_ERR_FILE, why);
        FG_EXPECT_FAILS(fg_tuning_merge(&merged, file, good, NULL, NULL), FG_ERR_FILE, why);
    }
}

START_TEST(a_damaged_file_that_is_named_is_refused_and_left_alone)
{
    size_t bytes, bytes_after;
    write_damaged("mine.txt", _i);
    char *before = scratch_read(scratch_path("mine.txt"), &bytes);
    expect_refused(scratch_path("mine.txt"), true, "mine.txt: line 3 is damaged");
    char *after = scratch_read(scratch_path("mine.txt"), &bytes_after);
    ck_assert(bytes == bytes_after && memcmp(before, after, bytes) == 0);
    ck_assert_int_eq(access(scratch_path("mine.txt.damaged"), F_OK), -1);
    free(before);
    free(after);
}
END_TEST

/* First lines of a file, and whether the lines behind it are kept. */
static const struct {
    const char *text, *damage;
    bool kept;
} heads[] = {
    {"", "line 1 is damaged, expected the head", true}, /* the line is lost */
    {"some text\n", "line 1 is damaged, expected the head", true},
    {"# filigree tuning 1: device, dri\1er\n", "line 1 is damaged, expected the head", true},
    {"# filigrXe tuning 2: fields\n", "line 1 is damaged, expected the head", true},
    {"# filigree tuning 2: fields\n", "its format is 2, expected 1", false},
    {"# filigree tuning 12: fields\n", "its format is 12, expected 1", false},
};

static void write_headed(const char *name, const char *head)
{
    size_t bytes;
    fg_text text = {0};
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    char *good = scratch_read(path, &bytes);
    fg_text_append(&text, "%s%s", head, strchr(good, '\n') + 1);
    scratch_file(name, text.data, text.length);
    free(text.data);
    free(good);
}

START_TEST(damage_to_the_head_takes_no_line_with_it_and_another_format_all)
{
    write_headed("cache/tuning.txt", heads[_i].text);
    const int kept = heads[_i].kept ? 4 : 0;
    expect_tiling(found_in(&device, NULL).forward, kept, kept / 4, 16 * kept);
    ck_assert_int_eq(lines_logged, 1);
    ck_assert_ptr_nonnull(strstr(logged, heads[_i].damage));
    ck_assert_ptr_nonnull(strstr(logged, heads[_i].kept ? "what is whole kept" : "nothing"));
    ck_assert_int_eq(access(scratch_path("cache/tuning.txt.damaged"), F_OK), 0);
    expect_tiling(found_in(&device, NULL).forward, kept, kept / 4, 16 * kept);
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=6x1 pixels=64");
    expect_tiling(found_in(&device, NULL).forward, 6, 1, 64);
    ck_assert_int_eq(lines_logged, 1);
}
END_TEST

START_TEST(a_file_with_another_head_is_refused_where_it_is_named)
{
    write_headed("mine.txt", heads[_i].text);
    expect_refused(scratch_path("mine.txt"), true, heads[_i].damage);
}
END_TEST

START_TEST(a_file_of_something_else_is_put_aside_or_refused)
{
    const char *script = "#!/bin/sh\n\n# a remark\nexit 0\n";
    size_t bytes;
    scratch_text("cache/tuning.txt", script);
    expect_tiling(found_in(&device, NULL).forward, 0, 0, 0);
    ck_assert_ptr_nonnull(strstr(logged, "line 1 is damaged"));
    ck_assert_ptr_nonnull(strstr(logged, "nothing of it kept"));
    char *text = scratch_read(path, &bytes);
    ck_assert_str_eq(text, FG_TUNING_HEAD "\n");
    free(text);
    expect_refused(scratch_text("mine.txt", script), true, "mine.txt: line 1 is damaged");
}
END_TEST

START_TEST(an_empty_file_may_be_appended_to_but_is_no_source)
{
    fg_tuning_merged merged;
    const char *empty = scratch_text("empty.txt", "");
    scratch_text("cache/tuning.txt", "");
    expect_refused(empty, false, "empty.txt: is empty");
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    FG_EXPECT_OK(fg_tuning_merge(&merged, empty, path, NULL, NULL));
    fg_text_free(merged.file);
    expect_tiling(found_in(&device, empty).forward, 4, 1, 64);
    ck_assert_int_eq(lines_logged, 0);
}
END_TEST

/* Each net of a device reads the file. */
START_TEST(a_damaged_file_that_cannot_be_put_aside_is_used_and_told_of_once)
{
    const struct rlimit few = {10, 10};
    write_damaged("cache/tuning.txt", 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    for (int i = 0; i < 2; ++i)
        expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    ck_assert_int_eq(lines_logged, 1);
    ck_assert_ptr_nonnull(strstr(logged, "line 3 is damaged"));
    ck_assert_ptr_nonnull(strstr(logged, "File too large"));
    ck_assert_int_eq(access(scratch_path("cache/tuning.txt.damaged"), F_OK), -1);
}
END_TEST

/* Where it is not installed, this tests nothing new. */
START_TEST(a_locale_with_a_decimal_comma_changes_nothing)
{
    setlocale(LC_ALL, "de_DE.UTF-8");
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    setlocale(LC_ALL, "C");
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    setlocale(LC_ALL, "de_DE.UTF-8");
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    setlocale(LC_ALL, "C");
    ck_assert_int_eq(lines_logged, 0);
}
END_TEST

/* A newer library may know more. */
START_TEST(choices_of_other_versions_are_not_judged)
{
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    size_t bytes;
    char *text = scratch_read(path, &bytes);
    fg_text more = {0};
    fg_text_append(&more, "%s# a remark\n\na\t1\t99.0.0\ttune\tx\tquantum\t1.0\t1.0\n", text);
    scratch_write(path, more.data, more.length);
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    ck_assert_int_eq(lines_logged, 0);
    free(more.data);
    free(text);
}
END_TEST

START_TEST(a_file_that_is_named_must_be_there)
{
    fg_tuning tuning;
    FG_EXPECT_FAILS(fg_tuning_open(&tuning, &device, scratch_path("none.txt")), FG_ERR_FILE,
                    "none.txt");
    append_to(&device, scratch_path("new.txt"), FG_TUNING_TUNE, FG_CONV_PART_FORWARD,
              "direct tile=6x1 pixels=64");
    expect_tiling(found_in(&device, scratch_path("new.txt")).forward, 6, 1, 64);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* It stands in nobody's way. */
START_TEST(a_cache_that_cannot_be_read_says_nothing)
{
    scratch_text("cache/tuning.txt/file", "in a folder of that name");
    expect_tiling(found_in(&device, NULL).forward, 0, 0, 0);
    ck_assert_int_eq(lines_logged, 1);
    unsetenv("FG_CACHE_DIR");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    expect_tiling(found_in(&device, NULL).forward, 0, 0, 0);
}
END_TEST

static void expect_merged(const char *into, const char *from, int appended, int known)
{
    fg_tuning_merged merged;
    FG_EXPECT_OK(fg_tuning_merge(&merged, into, from, log_line, NULL));
    ck_assert_str_eq(merged.file, into != NULL ? into : path);
    ck_assert_int_eq(merged.appended, appended);
    ck_assert_int_eq(merged.known, known);
    fg_text_free(merged.file);
}

START_TEST(merging_adds_what_is_not_there)
{
    const char *shipped = scratch_path("shipped.txt");
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=4x1 pixels=64");
    append_to(&device, shipped, FG_TUNING_TUNE, FG_CONV_PART_FORWARD,
              "direct tile=4x1 pixels=64");
    append_to(&device, shipped, FG_TUNING_TUNE, FG_CONV_PART_BACKWARD,
              "direct tile=6x1 pixels=64 lanes=3");
    append_to(&other_device, shipped, FG_TUNING_TUNE, FG_CONV_PART_FORWARD,
              "direct tile=8x1 pixels=64");
    expect_merged(NULL, shipped, 2, 1);
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    expect_tiling(found_in(&device, NULL).backward, 6, 1, 64);
    expect_tiling(found_in(&other_device, NULL).forward, 8, 1, 64);

    size_t once, twice;
    free(scratch_read(path, &once));
    expect_merged(NULL, shipped, 0, 3);
    free(scratch_read(path, &twice));
    ck_assert_uint_eq(once, twice);
    expect_merged(scratch_path("new.txt"), shipped, 3, 0);
    expect_tiling(found_in(&device, scratch_path("new.txt")).backward, 6, 1, 64);
    ck_assert_int_eq(lines_logged, 0);
}
END_TEST

START_TEST(merging_into_a_damaged_cache_puts_it_aside)
{
    const char *shipped = scratch_path("shipped.txt");
    append_to(&device, shipped, FG_TUNING_TUNE, FG_CONV_PART_BACKWARD,
              "direct tile=6x1 pixels=64 lanes=3");
    write_damaged("cache/tuning.txt", 0);
    expect_merged(NULL, shipped, 1, 0);
    ck_assert_int_eq(lines_logged, 1);
    ck_assert_ptr_nonnull(strstr(logged, "line 3 is damaged"));
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    expect_tiling(found_in(&device, NULL).backward, 6, 1, 64);
    ck_assert_int_eq(lines_logged, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/tuning");
    TCase *tests = tcase_create("tuning");
    SRunner *runner = srunner_create(suite);
    const int damages = (int)(sizeof damage / sizeof *damage);
    const int headings = (int)(sizeof heads / sizeof *heads);
    int failed;

    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_is_appended_is_found);
    tcase_add_test(tests, a_choice_is_printed_as_it_is_read);
    tcase_add_test(tests, no_file_says_nothing);
    tcase_add_test(tests, a_later_line_counts_and_tune_counts_more);
    tcase_add_test(tests, other_devices_drivers_and_shapes_have_results_of_their_own);
    tcase_add_test(tests, only_a_line_of_tune_names_an_algorithm);
    tcase_add_loop_test(tests, a_damaged_file_is_put_aside_and_what_is_whole_kept, 0, damages);
    tcase_add_loop_test(tests, a_damaged_file_that_is_named_is_refused_and_left_alone, 0,
                        damages);
    tcase_add_loop_test(tests, damage_to_the_head_takes_no_line_with_it_and_another_format_all,
                        0, headings);
    tcase_add_loop_test(tests, a_file_with_another_head_is_refused_where_it_is_named, 0,
                        headings);
    tcase_add_test(tests, a_file_of_something_else_is_put_aside_or_refused);
    tcase_add_test(tests, an_empty_file_may_be_appended_to_but_is_no_source);
    tcase_add_test(tests, a_damaged_file_that_cannot_be_put_aside_is_used_and_told_of_once);
    tcase_add_test(tests, a_locale_with_a_decimal_comma_changes_nothing);
    tcase_add_test(tests, choices_of_other_versions_are_not_judged);
    tcase_add_test(tests, a_file_that_is_named_must_be_there);
    tcase_add_test(tests, a_cache_that_cannot_be_read_says_nothing);
    tcase_add_test(tests, merging_adds_what_is_not_there);
    tcase_add_test(tests, merging_into_a_damaged_cache_puts_it_aside);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
