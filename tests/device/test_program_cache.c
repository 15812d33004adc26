/* test_program_cache.c - programs are kept in files and taken from them, and what is wrong with a file
 * costs no more than building the program.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/program_cache.h"

#include <glob.h>
#include <spawn.h>
#include <sys/wait.h>
#include <zlib.h>

#include "device/buffer.h"
#include "device/program.h"
#include "support/device_fixture.h"
#include "support/scratch.h"

#define PROCESSES 3
#define MOST_LINES 64

extern char **environ;

/* ---- what a device logs ---- */

static char lines[MOST_LINES][600];
static int line_count;

static void keep_line(void *user, fg_log_level level, const char *line)
{
    (void)user, (void)level;
    ck_assert_int_lt(line_count, MOST_LINES);
    snprintf(lines[line_count++], sizeof lines[0], "%s", line);
}

static bool logged(const char *text)
{
    for (int i = 0; i < line_count; ++i)
        if (strstr(lines[i], text) != NULL)
            return true;
    return false;
}

/* ---- a program, and its file ---- */

/* Makes the program of cl/peak.cl on a fresh device, and has it copy. */
static void use_peak(const char *options)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    fg_kernel *kernel = NULL;

    config.log = keep_line;
    line_count = 0;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    FG_EXPECT_OK(fg_kernel_create(&kernel, device, FG_KERNEL_peak_copy, options));
    fg_kernel_free(kernel);
    fg_device_free(device);
}

/* The file of cl/peak.cl without options, for free(); NULL: there is none. */
static char *peak_file(void)
{
    glob_t files = {0};
    char *found = NULL;

    glob(scratch_path("program-*.bin"), 0, NULL, &files);
    for (size_t i = 0; i < files.gl_pathc; ++i) {
        char *content = scratch_read(files.gl_pathv[i], &(size_t){0});
        if (strstr(content, "program peak.cl\n") != NULL && strstr(content, "OTHER") == NULL)
            found = strdup(files.gl_pathv[i]);
        free(content);
    }
    globfree(&files);
    return found;
}

static void expect_built(void)
{
    use_peak("");
    ck_assert(logged("built peak.cl") && !logged("loaded peak.cl"));
}

static void expect_loaded(void)
{
    use_peak("");
    ck_assert(logged("loaded peak.cl") && !logged("built peak.cl"));
}

static void setup(void)
{
    scratch_setup();
    setenv("FG_CACHE_DIR", scratch_path(""), 1);
    setenv("FG_PROGRAM_CACHE", "on", 1);
}

/* ---- tests ---- */

START_TEST(a_program_is_built_once_and_loaded_after_that)
{
    expect_built();
    expect_loaded();
    ck_assert(logged("loaded plain.cl"));
    use_peak("-D OTHER=1");
    ck_assert(logged("built peak.cl"));
    use_peak("-D OTHER=1");
    ck_assert(logged("loaded peak.cl"));
    expect_loaded();
}
END_TEST

START_TEST(what_is_loaded_computes)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    fg_buffer *buffer = NULL;
    float values[4];

    config.log = keep_line;
    line_count = 0;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    FG_EXPECT_OK(fg_buffer_create(&buffer, device, sizeof values));
    FG_EXPECT_OK(fg_buffer_fill(buffer, 1, 2, 5.0f));
    FG_EXPECT_OK(fg_buffer_read(buffer, 1 * sizeof(float), values, 2 * sizeof(float)));
    ck_assert(values[0] == 5.0f && values[1] == 5.0f);
    ck_assert(logged("loaded plain.cl"));
    fg_buffer_free(buffer);
    fg_device_free(device);
}
END_TEST

/* Ways to damage a file of so many bytes; the binary's first byte is one. */
static void damage(char *content, size_t *bytes, size_t binary, int way)
{
    switch (way) {
    case 0:
        *bytes = 0;
        break;
    case 1:
        *bytes = binary - 4; /* in the midst of the lines */
        break;
    case 2:
        *bytes -= 1;
        break;
    case 3:
        content[*bytes / 2] ^= 1;
        break;
    case 4:
        content[0] ^= 1;
        break;
    default:
        memcpy(content + binary - 12, "-", 1); /* in the checksum */
    }
}

START_TEST(a_damaged_file_is_replaced)
{
    char *path = peak_file();
    size_t bytes = 0;

    ck_assert_ptr_nonnull(path);
    char *content = scratch_read(path, &bytes);
    const char *last = strstr(strstr(content, "\nbinary of ") + 1, "\n");
    damage(content, &bytes, (size_t)(last + 1 - content), _i);
    scratch_write(path, content, bytes);
    expect_built();
    ck_assert(logged("is damaged"));
    expect_loaded();
    ck_assert(!logged("is damaged"));
    free(content);
    free(path);
}
END_TEST

START_TEST(a_file_of_another_driver_is_replaced)
{
    char *path = peak_file();
    size_t bytes = 0;

    ck_assert_ptr_nonnull(path);
    char *content = scratch_read(path, &bytes);
    *(strstr(content, ", driver ") + strlen(", driver ")) = '~';
    scratch_write(path, content, bytes);
    expect_built();
    ck_assert(logged("is of another library, driver or source"));
    expect_loaded();
    free(content);
    free(path);
}
END_TEST

START_TEST(a_binary_that_the_driver_refuses_is_replaced)
{
    char *path = peak_file();
    char *head, text[4096];
    const char *binary = "no binary of any driver";

    ck_assert_ptr_nonnull(path);
    head = scratch_read(path, &(size_t){0});
    *(strstr(head, "\nbinary of ") + 1) = '\0';
    snprintf(text, sizeof text, "%sbinary of %zu bytes, checksum %08lx\n%s", head,
             strlen(binary), crc32(0, (const Bytef *)binary, (uInt)strlen(binary)), binary);
    scratch_write(path, text, strlen(text));
    expect_built();
    ck_assert(logged("is refused by the driver"));
    expect_loaded();
    free(head);
    free(path);
}
END_TEST

START_TEST(where_no_file_can_be_written_programs_are_built)
{
    setenv("FG_CACHE_DIR", scratch_text("taken", "a file"), 1);
    expect_built();
    ck_assert(logged("not kept in the cache"));
    expect_built();
    setenv("FG_CACHE_DIR", scratch_path(""), 1);
}
END_TEST

START_TEST(off_keeps_nothing_and_takes_nothing)
{
    setenv("FG_PROGRAM_CACHE", "off", 1);
    expect_built();
    setenv("FG_PROGRAM_CACHE", "on", 1);
    expect_loaded();
}
END_TEST

/* A header there may change without the file that is built. */
START_TEST(sources_in_a_folder_are_not_kept)
{
    const int files = scratch_files();

    setenv("FG_CL_DIR", FG_TEST_CL_DIR, 1);
    expect_built();
    expect_built();
    unsetenv("FG_CL_DIR");
    ck_assert_int_eq(scratch_files(), files);
}
END_TEST

START_TEST(processes_may_write_at_once)
{
    char *const argv[] = {"test_device_program_cache", "child", NULL};
    pid_t children[PROCESSES];
    char *path = peak_file();

    ck_assert_ptr_nonnull(path);
    unlink(path);
    for (int i = 0; i < PROCESSES; ++i)
        ck_assert_int_eq(posix_spawn(&children[i], "/proc/self/exe", NULL, NULL, argv, environ),
                         0);
    for (int i = 0; i < PROCESSES; ++i) {
        int result = -1;
        ck_assert_int_eq(waitpid(children[i], &result, 0), children[i]);
        ck_assert_int_eq(result, 0);
    }
    expect_loaded();
    free(path);
}
END_TEST

START_TEST(drivers_with_a_cache_of_their_own_are_left_to_it)
{
    static const struct {
        const char *platform;
        bool wanted;
    } cases[] = {
        {"Portable Computing Language", false},
        {"NVIDIA CUDA", false},
        {"Intel(R) OpenCL", true},
        {"rusticl", true},
        {"AMD Accelerated Parallel Processing", true},
    };
    bool wanted = false;

    unsetenv("FG_PROGRAM_CACHE");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        fg_device_info info = {0};
        snprintf(info.platform, sizeof info.platform, "%s", cases[i].platform);
        FG_EXPECT_OK(fg_program_cache_wanted(&wanted, &info));
        ck_assert_msg(wanted == cases[i].wanted, "%s", cases[i].platform);
    }
    setenv("FG_PROGRAM_CACHE", "yes", 1);
    FG_EXPECT_FAILS(fg_program_cache_wanted(&wanted, &(fg_device_info){0}), FG_ERR_ARGUMENT,
                    "FG_PROGRAM_CACHE is \"yes\"");
    setenv("FG_PROGRAM_CACHE", "on", 1);
}
END_TEST

/* What each of the processes that run at once does. */
static int run_child(void)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    fg_kernel *kernel = NULL;
    const bool done = fg_device_create(&device, &config) == FG_OK &&
                      fg_kernel_create(&kernel, device, FG_KERNEL_peak_copy, "") == FG_OK;

    fg_kernel_free(kernel);
    fg_device_free(device);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "child") == 0)
        return run_child();

    Suite *suite = suite_create("device/program_cache");
    TCase *tests = tcase_create("program_cache");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, setup,
                                scratch_teardown); /* the first test fills the folder */
    tcase_add_test(tests, a_program_is_built_once_and_loaded_after_that);
    tcase_add_test(tests, what_is_loaded_computes);
    tcase_add_loop_test(tests, a_damaged_file_is_replaced, 0, 6);
    tcase_add_test(tests, a_file_of_another_driver_is_replaced);
    tcase_add_test(tests, a_binary_that_the_driver_refuses_is_replaced);
    tcase_add_test(tests, where_no_file_can_be_written_programs_are_built);
    tcase_add_test(tests, off_keeps_nothing_and_takes_nothing);
    tcase_add_test(tests, sources_in_a_folder_are_not_kept);
    tcase_add_test(tests, processes_may_write_at_once);
    tcase_add_test(tests, drivers_with_a_cache_of_their_own_are_left_to_it);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
