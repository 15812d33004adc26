/* test_ops.c - bench_ops lists every pass of a network, and its lines add up to the step.
 *
 * The program's path is the first argument.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "sparsenet-bc-16-8"
#define OPERATIONS 17 /* that `filigree plan` lists for it */

/* Text of 6 digits, and a sum of some hundred numbers of it. */
#define TOLERANCE 1e-4

static const char *program;

/* Standard output of the program, for free(). */
static char *run(const char *arguments)
{
    char command[1024];
    char *text = NULL;
    size_t bytes = 0;
    FILE *pipe;
    ssize_t length;

    snprintf(command, sizeof command, "'%s' %s", program, arguments);
    pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    length = getdelim(&text, &bytes, '\0', pipe);
    const int status = pclose(pipe);
    ck_assert_msg(status == 0, "%s: status %d, expected 0", command, status);
    if (length < 0 && text != NULL)
        text[0] = '\0';
    return text;
}

static json_t *run_json(const char *arguments)
{
    char *text = run(arguments);
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);

    ck_assert_msg(root != NULL, "column %d: %s", error.column, error.text);
    free(text);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "%s is missing", key);
    return json_number_value(value);
}

static double sum_of(const json_t *array, const char *key)
{
    double sum = 0.0;
    const json_t *object;
    size_t i;

    json_array_foreach((json_t *)array, i, object) sum += number(object, key);
    return sum;
}

static void expect_near(double value, double expected, const char *what)
{
    ck_assert_msg(fabs(value - expected) <= TOLERANCE * fabs(expected), "%s: %g, expected %g",
                  what, value, expected);
}

/* So many layers have that pass. */
static int passes(const json_t *root, const char *pass)
{
    int count = 0;
    const json_t *object;
    size_t i;

    json_array_foreach(json_object_get(root, "layers"), i, object) count +=
        strcmp(json_string_value(json_object_get(object, "pass")), pass) == 0;
    return count;
}

static void expect_sums(const json_t *root)
{
    const json_t *layers = json_object_get(root, "layers");
    const json_t *kernels = json_object_get(root, "kernels");
    const double wall = number(root, "wall_ms");

    ck_assert_double_gt(wall, 0.0);
    expect_near(number(root, "rows_ms") + number(root, "above_medians_ms") +
                    number(root, "idle_ms") + number(root, "host_ms"),
                wall, "parts of the step");
    ck_assert_double_ge(number(root, "idle_ms"), 0.0);
    ck_assert_double_ge(number(root, "host_ms"), 0.0);
    expect_near(sum_of(layers, "ms"), number(root, "rows_ms"), "layers");
    expect_near(sum_of(layers, "floor_ms"), number(root, "floor_ms"), "floors");
    ck_assert_double_eq(sum_of(layers, "launches"), number(root, "launches"));
    ck_assert_double_eq(sum_of(kernels, "launches"), number(root, "launches"));
}

static double above(const json_t *layers, size_t i)
{
    return number(json_array_get(layers, i), "above_ms");
}

START_TEST(training_step_adds_up)
{
    json_t *root = run_json("--model " MODEL " --batch 4 --steps 3 --warmup 1 --json");
    const json_t *layers = json_object_get(root, "layers");

    expect_sums(root);
    ck_assert_int_eq(passes(root, "forward"), OPERATIONS);
    ck_assert_int_eq(passes(root, "backward"), OPERATIONS);
    ck_assert_int_eq(passes(root, ""), 4); /* loss, running statistics, write, read */
    for (size_t i = 1; i < json_array_size(layers); ++i)
        ck_assert_double_ge(above(layers, i - 1), above(layers, i));
    json_decref(root);
}
END_TEST

START_TEST(inference_step_adds_up)
{
    json_t *root = run_json("--model " MODEL " --batch 4 --steps 2 --infer --json");

    expect_sums(root);
    ck_assert_int_eq(passes(root, "forward"), OPERATIONS);
    ck_assert_int_eq(passes(root, "backward"), 0);
    ck_assert_int_eq(passes(root, ""), 2); /* write, read */
    json_decref(root);
}
END_TEST

START_TEST(recomputation_is_a_pass_of_its_own)
{
    json_t *root = run_json("--model " MODEL " --batch 4 --steps 2 --memory lean --json");

    expect_sums(root);
    ck_assert_int_eq(passes(root, "forward"), OPERATIONS);
    ck_assert_int_ge(passes(root, "recompute"), 1);
    ck_assert_int_eq(passes(root, "backward"), OPERATIONS);
    ck_assert_str_eq(json_string_value(json_object_get(root, "memory")), "lean");
    json_decref(root);
}
END_TEST

START_TEST(table_has_the_rows_that_are_asked_for)
{
    char *text = run("--model " MODEL " --batch 4 --steps 1 --rows 3");
    ck_assert_ptr_nonnull(strstr(text, "... and 35 more"));
    ck_assert_ptr_nonnull(strstr(text, "wall"));
    free(text);
    text = run("--model " MODEL " --batch 4 --steps 1 --all");
    ck_assert_ptr_nonnull(strstr(text, "stem.conv conv3x3 backward"));
    ck_assert_ptr_nonnull(strstr(text, "    batchnorm_affine"));
    ck_assert_ptr_null(strstr(text, " more"));
    free(text);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("bench/ops");
    TCase *tests = tcase_create("ops");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (argc != 2) {
        fprintf(stderr, "test_ops: expected the path of bench_ops\n");
        return 2;
    }
    program = argv[1];
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_test(tests, training_step_adds_up);
    tcase_add_test(tests, inference_step_adds_up);
    tcase_add_test(tests, recomputation_is_a_pass_of_its_own);
    tcase_add_test(tests, table_has_the_rows_that_are_asked_for);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
