/* test_tuning.c - the file of tuning: what is written is found again, what is damaged does no harm.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning.h"
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

static fg_tuning open_tuning(const fg_device *of, const char *file)
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

static void append_to(const fg_device *of, const char *file, fg_tuning_origin origin,
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

static fg_conv_variant found_in(const fg_device *of, const char *file)
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

START_TEST(a_damaged_file_that_is_named_is_refused_and_left_alone)
{
    fg_tuning tuning;
    write_damaged("mine.txt", _i);
    FG_EXPECT_FAILS(fg_tuning_open(&tuning, &device, scratch_path("mine.txt")), FG_ERR_FILE,
                    "mine.txt: line 3");
    FG_EXPECT_FAILS(fg_tuning_merge(NULL, scratch_path("mine.txt")), FG_ERR_FILE,
                    "mine.txt: line 3");
    ck_assert_int_eq(access(scratch_path("mine.txt.damaged"), F_OK), -1);
}
END_TEST

START_TEST(a_file_without_its_head_is_put_aside)
{
    scratch_text("cache/tuning.txt", "some text\n");
    expect_tiling(found_in(&device, NULL).forward, 0, 0, 0);
    ck_assert_ptr_nonnull(strstr(logged, "line 1 is damaged"));
    append(FG_TUNING_TUNE, FG_CONV_PART_FORWARD, "direct tile=6x1 pixels=64");
    expect_tiling(found_in(&device, NULL).forward, 6, 1, 64);
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
    FG_EXPECT_OK(fg_tuning_merge(NULL, shipped));
    expect_tiling(found_in(&device, NULL).forward, 4, 1, 64);
    expect_tiling(found_in(&device, NULL).backward, 6, 1, 64);
    expect_tiling(found_in(&other_device, NULL).forward, 8, 1, 64);

    size_t once, twice;
    free(scratch_read(path, &once));
    FG_EXPECT_OK(fg_tuning_merge(NULL, shipped));
    free(scratch_read(path, &twice));
    ck_assert_uint_eq(once, twice);
    FG_EXPECT_OK(fg_tuning_merge(scratch_path("new.txt"), shipped));
    expect_tiling(found_in(&device, scratch_path("new.txt")).backward, 6, 1, 64);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/tuning");
    TCase *tests = tcase_create("tuning");
    SRunner *runner = srunner_create(suite);
    const int damages = (int)(sizeof damage / sizeof *damage);
    int failed;

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
    tcase_add_test(tests, a_file_without_its_head_is_put_aside);
    tcase_add_test(tests, choices_of_other_versions_are_not_judged);
    tcase_add_test(tests, a_file_that_is_named_must_be_there);
    tcase_add_test(tests, a_cache_that_cannot_be_read_says_nothing);
    tcase_add_test(tests, merging_adds_what_is_not_there);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
