/* test_program.c - kernels are built once per device, from the library or from FG_CL_DIR.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <pthread.h>
#include <stdlib.h>

#include "device/program.h"
#include "support/scratch.h"

#define THREADS 4

static int lines; /* that the device logged */
static fg_device *device;
static bool calls_library; /* the log function, once */

static void count_line(void *user, fg_log_level level, const char *line)
{
    (void)user, (void)line;
    lines += level == FG_LOG_ERROR;
    if (calls_library) {
        fg_kernel *kernel = NULL;
        calls_library = false;
        FG_EXPECT_OK(fg_kernel_create(&kernel, device, FG_KERNEL_peak_copy, ""));
        fg_kernel_free(kernel);
    }
}

static void setup(void)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;

    scratch_setup();
    unsetenv("FG_CL_DIR");
    config.log = count_line;
    lines = 0;
    FG_EXPECT_OK(fg_device_create(&device, &config));
}

static void teardown(void)
{
    fg_device_free(device);
    unsetenv("FG_CL_DIR");
    scratch_teardown();
}

static cl_program program_of(const fg_kernel *kernel)
{
    cl_program program = NULL;
    ck_assert_int_eq(
        clGetKernelInfo(kernel->kernel, CL_KERNEL_PROGRAM, sizeof program, &program, NULL),
        CL_SUCCESS);
    return program;
}

START_TEST(every_kernel_builds_and_is_found_by_its_name)
{
    for (int id = 0; id < FG_KERNELS; ++id) {
        fg_kernel *kernel = NULL;
        char name[64];
        FG_EXPECT_OK(fg_kernel_create(&kernel, device, (enum fg_kernel_id)id, ""));
        ck_assert_int_eq(
            clGetKernelInfo(kernel->kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL),
            CL_SUCCESS);
        ck_assert_str_eq(name, fg_kernel_name((enum fg_kernel_id)id));
        fg_kernel_free(kernel);
    }
    fg_kernel_free(NULL);
}
END_TEST

START_TEST(names_and_files_are_those_of_the_list)
{
    ck_assert_str_eq(fg_kernel_name(FG_KERNEL_peak_copy), "peak_copy");
    ck_assert_str_eq(fg_kernel_file(FG_KERNEL_peak_copy), "peak");
}
END_TEST

START_TEST(same_file_and_options_share_a_program_but_no_kernel)
{
    fg_kernel *fma = NULL, *copy = NULL, *again = NULL, *other = NULL;

    FG_EXPECT_OK(fg_kernel_create(&fma, device, FG_KERNEL_peak_fma, ""));
    FG_EXPECT_OK(fg_kernel_create(&copy, device, FG_KERNEL_peak_copy, ""));
    FG_EXPECT_OK(fg_kernel_create(&again, device, FG_KERNEL_peak_fma, ""));
    FG_EXPECT_OK(fg_kernel_create(&other, device, FG_KERNEL_peak_fma, "-D OTHER=1"));
    ck_assert_ptr_eq(program_of(fma), program_of(copy));
    ck_assert_ptr_eq(program_of(fma), program_of(again));
    ck_assert_ptr_ne(fma->kernel, again->kernel);
    ck_assert_ptr_ne(program_of(fma), program_of(other));
    fg_kernel_free(fma);
    fg_kernel_free(copy);
    fg_kernel_free(again);
    fg_kernel_free(other);
}
END_TEST

START_TEST(plain_kernels_share_a_program_unless_they_have_options)
{
    fg_kernel *fill = NULL, *update = NULL, *other = NULL;

    FG_EXPECT_OK(fg_kernel_create(&fill, device, FG_KERNEL_fill, ""));
    FG_EXPECT_OK(fg_kernel_create(&update, device, FG_KERNEL_sgd_update, ""));
    FG_EXPECT_OK(fg_kernel_create(&other, device, FG_KERNEL_sgd_update, "-D OTHER=1"));
    ck_assert_ptr_eq(program_of(fill), program_of(update));
    ck_assert_ptr_ne(program_of(fill), program_of(other));
    fg_kernel_free(fill);
    fg_kernel_free(update);
    fg_kernel_free(other);
}
END_TEST

static void *create_kernel(void *out)
{
    return fg_kernel_create(out, device, FG_KERNEL_fill, "") == FG_OK ? out : NULL;
}

START_TEST(threads_may_create_kernels_at_once)
{
    pthread_t threads[THREADS];
    fg_kernel *kernels[THREADS] = {NULL};

    for (int i = 0; i < THREADS; ++i)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, create_kernel, &kernels[i]), 0);
    for (int i = 0; i < THREADS; ++i) {
        void *result = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_nonnull(result);
        ck_assert_ptr_eq(program_of(kernels[i]), program_of(kernels[0]));
    }
    for (int i = 0; i < THREADS; ++i)
        fg_kernel_free(kernels[i]);
}
END_TEST

START_TEST(the_log_function_may_call_the_library)
{
    fg_kernel *kernel = NULL;

    calls_library = true;
    FG_EXPECT_OK(fg_kernel_create(&kernel, device, FG_KERNEL_fill, "-D UNUSED=1"));
    ck_assert(!calls_library);
    fg_kernel_free(kernel);
    calls_library = true;
    FG_EXPECT_FAILS(fg_kernel_create(&kernel, device, FG_KERNEL_fill, "-D value=5"),
                    FG_ERR_DEVICE, "fill.cl");
    ck_assert(!calls_library);
}
END_TEST

START_TEST(error_in_an_embedded_kernel_names_its_file_and_line)
{
    fg_kernel *kernel = (fg_kernel *)1;

    FG_EXPECT_FAILS(fg_kernel_create(&kernel, device, FG_KERNEL_fill, "-D value=5"),
                    FG_ERR_DEVICE, "fill.cl:");
    ck_assert_ptr_null(kernel);
    ck_assert_int_ge(lines, 1);
}
END_TEST

START_TEST(folder_replaces_the_embedded_sources)
{
    fg_kernel *kernel = NULL;

    scratch_text("half.h", "#define HALF fill\n");
    scratch_text(
        "fill.cl",
        "#include \"half.h\"\n__kernel void HALF(__global float *a) { a[0] = 1.0f; }\n");
    setenv("FG_CL_DIR", scratch_path(""), 1);
    FG_EXPECT_OK(fg_kernel_create(&kernel, device, FG_KERNEL_fill, ""));
    fg_kernel_free(kernel);
    FG_EXPECT_FAILS(fg_kernel_create(&kernel, device, FG_KERNEL_peak_fma, ""), FG_ERR_FILE,
                    "peak.cl");
    ck_assert_ptr_null(kernel);
}
END_TEST

START_TEST(error_in_a_folders_kernel_names_its_file_and_line)
{
    fg_kernel *kernel = NULL;

    scratch_text("fill.cl", "__kernel void fill(__global float *a)\n{\n    a[0] = wrong;\n}\n");
    setenv("FG_CL_DIR", scratch_path(""), 1);
    FG_EXPECT_FAILS(fg_kernel_create(&kernel, device, FG_KERNEL_fill, ""), FG_ERR_DEVICE,
                    "fill.cl:3");
    ck_assert_int_ge(lines, 1);
}
END_TEST

START_TEST(kernel_that_a_file_lacks_is_named)
{
    fg_kernel *kernel = NULL;

    scratch_text("fill.cl", "__kernel void empty(__global float *a) { a[0] = 1.0f; }\n");
    setenv("FG_CL_DIR", scratch_path(""), 1);
    FG_EXPECT_FAILS(fg_kernel_create(&kernel, device, FG_KERNEL_fill, ""), FG_ERR_DEVICE,
                    "kernel fill of fill.cl: CL_INVALID_KERNEL_NAME");
}
END_TEST

START_TEST(folder_with_a_blank_is_refused)
{
    fg_kernel *kernel = NULL;

    setenv("FG_CL_DIR", "/tmp/no such folder", 1);
    FG_EXPECT_FAILS(fg_kernel_create(&kernel, device, FG_KERNEL_fill, ""), FG_ERR_ARGUMENT,
                    "/tmp/no such folder");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/program");
    TCase *tests = tcase_create("program");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_kernel_builds_and_is_found_by_its_name);
    tcase_add_test(tests, names_and_files_are_those_of_the_list);
    tcase_add_test(tests, same_file_and_options_share_a_program_but_no_kernel);
    tcase_add_test(tests, plain_kernels_share_a_program_unless_they_have_options);
    tcase_add_test(tests, threads_may_create_kernels_at_once);
    tcase_add_test(tests, the_log_function_may_call_the_library);
    tcase_add_test(tests, error_in_an_embedded_kernel_names_its_file_and_line);
    tcase_add_test(tests, folder_replaces_the_embedded_sources);
    tcase_add_test(tests, error_in_a_folders_kernel_names_its_file_and_line);
    tcase_add_test(tests, kernel_that_a_file_lacks_is_named);
    tcase_add_test(tests, folder_with_a_blank_is_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
