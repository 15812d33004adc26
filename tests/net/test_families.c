/* test_families.c - a small network of every family against numbers computed in double
 * precision by an independent implementation: tests/data/families.
 *
 * No weights are stored: pixels, parameters and running statistics follow from a formula whose
 * values are exact in float, or rounded once. A file of numbers has, of that network and batch,
 * the logits in evaluation and in training mode, the loss before and after one step of gradient
 * descent, and two numbers of every gradient and of every updated running statistic: its root
 * mean square, and its product with signs that a formula makes, divided by the root of the
 * number of elements. An element in a wrong place, or wrong, changes the second.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "nets.h"

/* Rounding to float. The seed of each file is one for which no input of a ReLU, and no two
 * candidates of a max-pool, come so close that rounding could choose the other side: that would
 * move single gradients in their third digit. Then the independent implementation is, in float,
 * off by up to 4e-6 of the largest logit, and 2e-5 of the root mean square of a gradient's
 * elements; another order of the same sums is off as much. A wrong term changes 1e-2 and more. */
#define LOGITS_TOLERANCE 4e-5
#define TENSOR_TOLERANCE 2e-4
#define LOSS_TOLERANCE 3e-4 /* of the second pass: an update widens what gradients are off by */

static const char *const families[] = {
    "plain-8",
    "resnet-14",
    "resnet-50",
    "resnext-20-2x4d",
    "resnext-50-4x4d",
    "preplain-20",
    "preresnet-20",
    "preresnet-basic-14",
    "wrn-16-2",
    "densenet-121-8",
    "sparsenet-121-8",
    "sparsenet-sum-29",
    "sparsenet-sum-29-base-3",
    "seqresnet-r1",
    "seqresnet-b-r2",
    "seqresnext-24",
    "delugenet-20",
    "delugenet-92",
};
#define FAMILIES (int)(sizeof families / sizeof families[0])

static const fg_sgd sgd = {0.1f, 0.9f, 1e-4f, 1};

/* A case while its file is read. */
static struct {
    const char *family;
    FILE *file;
    uint32_t seed;
    fg_net *net;
    float *pixels;
    int32_t *labels;
    int images;
} now;

static void teardown(void)
{
    fg_net_free(now.net);
    if (now.file != NULL)
        fclose(now.file);
    now.net = NULL;
    now.file = NULL;
    fg_arrays_clear();
}

/* ---- the formula ---- */

/* FNV-1a. */
static uint32_t hash_name(const char *name)
{
    uint32_t hash = 2166136261u ^ now.seed;

    for (; *name != '\0'; ++name)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

/* The finaliser of MurmurHash3. */
static uint32_t hash_element(uint32_t name, size_t element)
{
    uint32_t hash = name + (uint32_t)element * 0x9e3779b1u;

    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

/* centre + reach * v, v from -1 to 1. Exact, but where the reach is no power of two: then the
 * centre is 0. */
static void fill(float *values, size_t count, const char *name, float centre, float reach)
{
    const uint32_t hash = hash_name(name);

    for (size_t i = 0; i < count; ++i)
        values[i] = centre + reach * ((float)(hash_element(hash, i) >> 8) * 0x1p-23f - 1.0f);
}

static bool ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);

    return length >= tail && strcmp(name + length - tail, end) == 0;
}

static void fill_tensor(float *values, const fg_tensor_info *tensor)
{
    const size_t count = (size_t)tensor->elements;

    if (ends_in(tensor->name, ".running_var"))
        fill(values, count, tensor->name, 1.0f, 0.5f);
    else if (ends_in(tensor->name, ".running_mean"))
        fill(values, count, tensor->name, 0.0f, 0.25f);
    else if (ends_in(tensor->name, ".bias")) /* positive: a deep network is well-conditioned */
        fill(values, count, tensor->name, 0.5f, 0.5f);
    else if (tensor->dimensions == 1)
        fill(values, count, tensor->name, 1.0f, 0.25f);
    else /* the variance is that of He et al., 2 / inputs of an output */
        fill(values, count, tensor->name, 0.0f,
             sqrtf(6.0f / (float)(tensor->elements / tensor->shape[0])));
}

static void write_tensors(void)
{
    for (int i = 0; i < fg_net_tensors(now.net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(now.net, i);
        float *values = fg_arrays_floats((size_t)tensor.elements);
        fill_tensor(values, &tensor);
        FG_EXPECT_OK(fg_net_write(now.net, i, values));
    }
}

static void make_batch(void)
{
    const fg_plan_info info = fg_plan_information(fg_net_plan(now.net));
    const size_t pixels =
        (size_t)(now.images * info.image_channels * info.image_side * info.image_side);

    now.pixels = fg_arrays_floats(pixels);
    now.labels = (int32_t *)fg_arrays_floats((size_t)now.images);
    fill(now.pixels, pixels, "pixels", 0.0f, 1.75f);
    for (int n = 0; n < now.images; ++n)
        now.labels[n] = (n * 5 + 1) % info.classes;
}

/* ---- the numbers of the file ---- */

#define READ(values, ...)                                                                \
    ck_assert_msg(fscanf(now.file, __VA_ARGS__) == (values), "%s.txt is damaged at %ld", \
                  now.family, ftell(now.file))

static void expect_near(const char *what, double got, double expected, double allowed)
{
    ck_assert_msg(fabs(got - expected) <= allowed,
                  "%s: %s is %.8g, expected %.8g, rounding explains %.1e", now.family, what,
                  got, expected, allowed);
}

static void open_case(const char *family)
{
    char path[600], model[128];

    now.family = family;
    snprintf(path, sizeof path, "%s/%s.txt", FG_TEST_DATA, family);
    now.file = fopen(path, "r");
    ck_assert_msg(now.file != NULL, "%s cannot be read", path);
    READ(0, "%*[^\n] %*[^\n]"); /* what the file is, and its license */
    READ(3, " model %127s images %d seed %" SCNu32, model, &now.images, &now.seed);
    now.net = nets_create(fg_device_fixture(), model, now.images, 1);
}

/* Of every image's scores, by their largest. */
static void expect_logits(const char *word, fg_mode mode)
{
    const nets_batch batch = {now.pixels, now.labels, now.images};
    const nets_state logits = nets_logits(now.net, mode, &batch);
    double *expected = fg_arrays_doubles(logits.count);
    char found[16];

    READ(1, "%15s", found);
    ck_assert_str_eq(found, word);
    for (size_t i = 0; i < logits.count; ++i)
        READ(1, "%lf", &expected[i]);
    const double allowed = LOGITS_TOLERANCE * fg_arrays_largest(expected, logits.count);
    for (size_t i = 0; i < logits.count; ++i)
        expect_near(word, (double)logits.values[i], expected[i], allowed);
}

/* Of the last forward pass; makes its gradients. */
static void expect_loss(double tolerance)
{
    double expected;
    float loss;

    READ(1, " loss %lf", &expected);
    FG_EXPECT_OK(fg_net_backward(now.net, &loss, now.labels));
    expect_near("the loss", (double)loss, expected, tolerance * expected);
}

/* The next tensor of the file. Where it is 0 but for rounding, as the gradient of a shift that a
 * batch norm takes away again, it is judged by what others have: least. */
static void expect_tensor(fg_status (*read)(fg_net *, int, float *), int trained, double least)
{
    double expected_size, expected_product, squares = 0, product = 0;
    char name[128];

    READ(3, "%127s %lf %lf", name, &expected_size, &expected_product);
    const fg_tensor_info tensor = fg_net_tensor(now.net, fg_net_find(now.net, name));
    ck_assert_msg(tensor.name != NULL, "%s has no %s", now.family, name);
    ck_assert_int_eq(tensor.trained, trained);
    const size_t count = (size_t)tensor.elements;
    float *values = fg_arrays_floats(count);
    FG_EXPECT_OK(read(now.net, fg_net_find(now.net, name), values));
    const uint32_t signs = ~hash_name(name);
    for (size_t i = 0; i < count; ++i) {
        const double value = (double)values[i];
        squares += value * value;
        product += hash_element(signs, i) >> 31 == 1 ? -value : value;
    }
    const double allowed = TENSOR_TOLERANCE * fmax(expected_size, least);
    expect_near(name, sqrt(squares / (double)count), expected_size, allowed);
    expect_near(name, product / sqrt((double)count), expected_product, allowed);
}

static int trained_tensors(void)
{
    int trained = 0;

    for (int i = 0; i < fg_net_tensors(now.net); ++i)
        trained += fg_net_tensor(now.net, i).trained;
    return trained;
}

static void expect_gradients(void)
{
    double typical;
    int tensors;

    READ(2, " gradients %d typical %lf", &tensors, &typical);
    ck_assert_int_eq(tensors, trained_tensors());
    for (int i = 0; i < tensors; ++i)
        expect_tensor(fg_net_read_gradient, 1, 0.1 * typical);
}

static void expect_statistics(void)
{
    int tensors;

    READ(1, " statistics %d", &tensors);
    ck_assert_int_eq(tensors, fg_net_tensors(now.net) - trained_tensors());
    for (int i = 0; i < tensors; ++i)
        expect_tensor(fg_net_read, 0, 0);
}

/* ---- the test ---- */

START_TEST(test_family)
{
    open_case(families[_i]);
    write_tensors();
    make_batch();
    expect_logits("evaluation", FG_MODE_EVALUATION);
    expect_logits("training", FG_MODE_TRAINING);
    expect_loss(LOGITS_TOLERANCE);
    expect_gradients();
    expect_statistics();
    FG_EXPECT_OK(fg_net_update(now.net, &sgd));
    FG_EXPECT_OK(fg_net_forward(now.net, FG_MODE_TRAINING, NULL, now.pixels, now.images));
    expect_loss(LOSS_TOLERANCE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/families");
    TCase *tests = tcase_create("families");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_loop_test(tests, test_family, 0, FAMILIES);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
