/* test_oracle.c - a probe of small networks against results that PyTorch computed in double
 * precision from the same weights and images: tests/data/oracle.
 *
 * A case holds, for each tensor, the relative error that rounding to float explains in PyTorch
 * itself (float32.json). A tensor may be eight times as far off, since we round in another
 * order, and always 2e-6 of its size: some tens of roundings. A gradient's size is at least a
 * tenth of what all gradients have on average, for some are zero but for rounding.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <math.h>

#include "data/safetensors.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/scratch.h"

#define FACTOR 8
#define FLOOR 2e-6 /* both as said above */

static double value_of(const fg_safetensor *tensor, int64_t i)
{
    double wide;
    float narrow;

    if (tensor->dtype == FG_DTYPE_F64) {
        memcpy(&wide, (const char *)tensor->data + (size_t)i * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)tensor->data + (size_t)i * sizeof narrow, sizeof narrow);
    return (double)narrow;
}

static bool is_gradient(const fg_safetensor *tensor)
{
    return strncmp(tensor->name, "grad.", 5) == 0;
}

static double square_norm(const fg_safetensor *tensor)
{
    double sum = 0;

    for (int64_t i = 0; i < tensor->elements; ++i)
        sum += value_of(tensor, i) * value_of(tensor, i);
    return sum;
}

/* Root mean square of all gradient elements. */
static double typical_gradient(const fg_safetensors *expected)
{
    double sum = 0, elements = 0;

    for (int i = 0; i < fg_safetensors_tensors(expected); ++i) {
        const fg_safetensor *tensor = fg_safetensors_tensor(expected, i);
        if (is_gradient(tensor)) {
            sum += square_norm(tensor);
            elements += (double)tensor->elements;
        }
    }
    return sqrt(sum / elements);
}

static void compare_tensor(const fg_safetensor *want, const fg_safetensors *actual,
                           const json_t *yardstick, double typical)
{
    const fg_safetensor *got = fg_safetensors_find(actual, want->name);
    const double norm = sqrt(square_norm(want));
    double size = norm, error = 0;

    ck_assert_msg(got != NULL, "%s is missing", want->name);
    ck_assert_int_eq(got->elements, want->elements);
    if (is_gradient(want))
        size = fmax(norm, 0.1 * typical * sqrt((double)want->elements));
    for (int64_t i = 0; i < want->elements; ++i)
        error += pow(value_of(got, i) - value_of(want, i), 2);
    error = sqrt(error);
    const double rounding = json_real_value(json_object_get(yardstick, want->name));
    const double limit = fmax(FLOOR * size, FACTOR * rounding * norm);
    ck_assert_msg(error <= limit, "%s is off by %g, at most %g is rounding", want->name, error,
                  limit);
}

static void compare_case(const char *folder)
{
    fg_probe_config config = FG_PROBE_CONFIG_INIT;
    fg_safetensors *expected = NULL, *actual = NULL;
    char weights[600], batch[600], path[600];
    json_error_t reason;

    snprintf(weights, sizeof weights, "%s/%s/weights.safetensors", FG_TEST_DATA, folder);
    snprintf(batch, sizeof batch, "%s/%s/batch.safetensors", FG_TEST_DATA, folder);
    snprintf(path, sizeof path, "%s/%s/expected.safetensors", FG_TEST_DATA, folder);
    FG_EXPECT_OK(fg_safetensors_open(&expected, path));
    snprintf(path, sizeof path, "%s/%s/float32.json", FG_TEST_DATA, folder);
    json_t *yardstick = json_load_file(path, 0, &reason);
    ck_assert_msg(yardstick != NULL, "%s: %s", path, reason.text);
    config.model = fg_safetensors_metadata(expected, "model");
    config.weights = weights;
    config.batch = batch;
    config.out = scratch_path("actual");
    config.steps = 3;
    FG_EXPECT_OK(fg_probe_run(fg_device_fixture(), &config));
    FG_EXPECT_OK(fg_safetensors_open(&actual, config.out));
    ck_assert_int_eq(fg_safetensors_tensors(actual), fg_safetensors_tensors(expected));
    for (int i = 0; i < fg_safetensors_tensors(expected); ++i)
        compare_tensor(fg_safetensors_tensor(expected, i), actual, yardstick,
                       typical_gradient(expected));
    fg_safetensors_free(expected);
    fg_safetensors_free(actual);
    json_decref(yardstick);
}

START_TEST(sparse_bottlenecks_with_odd_sides_agree)
{
    compare_case("sparsenet-bc-16-4");
}
END_TEST

START_TEST(dense_layers_with_a_pooled_grid_agree)
{
    compare_case("densenet-13-3");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/oracle");
    TCase *tcase = tcase_create("oracle");
    SRunner *runner = srunner_create(suite);

    tcase_add_unchecked_fixture(tcase, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 0); /* ctest has one */
    tcase_add_test(tcase, sparse_bottlenecks_with_odd_sides_agree);
    tcase_add_test(tcase, dense_layers_with_a_pooled_grid_agree);
    suite_add_tcase(suite, tcase);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
