/* test_probe.c - a probe's file holds what the net's own calls say, and bad inputs write
 * nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "data/safetensors_writer.h"
#include "support/compare.h"
#include "tiny.h"

#define IMAGES 3
#define STEPS 2

static float pixels[IMAGES * TINY_PLANE];
static const int32_t labels[IMAGES] = {2, 0, 3};
static fg_net *net; /* has the weights that are in the file */
static fg_probe_config config;
static char paths[3][600];

static void write_batch(const char *path, int side, int64_t last_label)
{
    fg_safetensors_writer *writer = NULL;
    const int64_t stored[IMAGES] = {labels[0], labels[1], last_label};

    FG_EXPECT_OK(fg_safetensors_writer_create(&writer));
    FG_EXPECT_OK(
        fg_safetensors_writer_declare(writer, "labels", FG_DTYPE_I64, 1, (int64_t[]){IMAGES}));
    FG_EXPECT_OK(fg_safetensors_writer_declare(writer, "images", FG_DTYPE_F32, 4,
                                               (int64_t[]){IMAGES, 1, side, side}));
    FG_EXPECT_OK(fg_safetensors_writer_open(writer, path));
    FG_EXPECT_OK(fg_safetensors_writer_append(writer, stored));
    FG_EXPECT_OK(fg_safetensors_writer_append(writer, pixels));
    FG_EXPECT_OK(fg_safetensors_writer_commit(writer));
    fg_safetensors_writer_free(writer);
}

static void setup(void)
{
    fg_net_config net_config = FG_NET_CONFIG_INIT;
    static const char *const names[] = {"weights", "batch", "out"};

    scratch_setup();
    for (int i = 0; i < 3; ++i)
        snprintf(paths[i], sizeof paths[i], "%s", scratch_path(names[i]));
    for (int i = 0; i < IMAGES * TINY_PLANE; ++i)
        pixels[i] = (float)sin(i * 0.7 + i / TINY_PLANE);
    net_config.model = TINY_FULL_MODEL;
    net_config.images = IMAGES;
    net_config.keep_gradients = 1;
    FG_EXPECT_OK(fg_net_create(&net, fg_device_fixture(), &net_config));
    FG_EXPECT_OK(fg_net_save(net, paths[0]));
    write_batch(paths[1], TINY_SIDE, labels[2]);
    config = (fg_probe_config)FG_PROBE_CONFIG_INIT;
    config.model = TINY_FULL_MODEL;
    config.weights = paths[0];
    config.batch = paths[1];
    config.out = paths[2];
    config.steps = STEPS;
}

static void teardown(void)
{
    fg_net_free(net);
    scratch_teardown();
}

static void expect_values(const fg_safetensors *file, const char *prefix, const char *name,
                          const float *values)
{
    char full[256];

    snprintf(full, sizeof full, "%s%s", prefix, name);
    const fg_safetensor *tensor = fg_safetensors_find(file, full);
    ck_assert_msg(tensor != NULL && tensor->dtype == FG_DTYPE_F32, "%s is not there", full);
    float *got = malloc(tensor->bytes);
    ck_assert_ptr_nonnull(got);
    memcpy(got, tensor->data, tensor->bytes);
    fg_compare_bits(full, got, values, (size_t)tensor->elements);
    free(got);
}

typedef fg_status read_function(fg_net *net, int index, float *values);

/* Compares what read says of each tensor, or of those that are trained or are not (part 1, 0;
 * -1: all). Returns how many. */
static int expect_tensors(const fg_safetensors *file, const char *prefix, read_function *read,
                          int part)
{
    int count = 0;

    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        if (part >= 0 && part != tensor.trained)
            continue;
        float *values = calloc((size_t)tensor.elements, sizeof *values);
        ck_assert_ptr_nonnull(values);
        FG_EXPECT_OK(read(net, i, values));
        expect_values(file, prefix, tensor.name, values);
        free(values);
        ++count;
    }
    return count;
}

START_TEST(test_all_that_comes_out)
{
    float logits[IMAGES * TINY_CLASSES], loss = 0, losses[STEPS];
    fg_safetensors *file = NULL;
    int count = 0;

    FG_EXPECT_OK(fg_probe_run(fg_device_fixture(), &config));
    FG_EXPECT_OK(fg_safetensors_open(&file, paths[2]));
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_EVALUATION, logits, pixels, IMAGES));
    expect_values(file, "", "eval_logits", logits);
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, logits, pixels, IMAGES));
    expect_values(file, "", "logits", logits);
    FG_EXPECT_OK(fg_net_backward(net, &loss, labels));
    expect_values(file, "", "loss", &loss);
    count += expect_tensors(file, "grad.", fg_net_read_gradient, 1);
    count += expect_tensors(file, "after1.", fg_net_read, 0);
    FG_EXPECT_OK(fg_net_load(net, paths[0]));
    for (int i = 0; i < STEPS; ++i) {
        fg_step_result result;
        uint64_t number = 0;
        FG_EXPECT_OK(fg_net_step(net, &number, pixels, labels, IMAGES, &config.sgd));
        FG_EXPECT_OK(fg_net_step_result(net, number, &result));
        losses[i] = (float)result.loss;
    }
    expect_values(file, "", "losses", losses);
    count += expect_tensors(file, "after.", fg_net_read, -1);
    ck_assert_int_eq(fg_safetensors_tensors(file), count + 4);
    fg_safetensors_free(file);
}
END_TEST

START_TEST(test_without_steps)
{
    fg_safetensors *file = NULL;

    config.steps = 0;
    FG_EXPECT_OK(fg_probe_run(fg_device_fixture(), &config));
    FG_EXPECT_OK(fg_safetensors_open(&file, paths[2]));
    ck_assert_ptr_nonnull(fg_safetensors_find(file, "loss"));
    ck_assert_ptr_null(fg_safetensors_find(file, "losses"));
    ck_assert_int_eq(fg_safetensors_tensors(file), 3 + fg_net_tensors(net));
    fg_safetensors_free(file);
}
END_TEST

static void expect_refused(fg_status code, const char *text)
{
    FG_EXPECT_FAILS(fg_probe_run(fg_device_fixture(), &config), code, text);
    ck_assert_int_eq(scratch_files(), 2); /* weights and batch: nothing was written */
}

START_TEST(test_bad_inputs)
{
    const fg_probe_config good = config;

    write_batch(paths[1], TINY_SIDE, TINY_CLASSES);
    expect_refused(FG_ERR_FILE, "label 2 is 4, expected 0..3");
    write_batch(paths[1], TINY_SIDE, -1);
    expect_refused(FG_ERR_FILE, "label 2 is -1");
    write_batch(paths[1], TINY_SIDE - 1, 0);
    expect_refused(FG_ERR_FILE, "images is F32 [3][1][7][7], expected F32 [3][1][8][8]");
    config.batch = paths[0];
    expect_refused(FG_ERR_FILE, "has no tensor images");
    config = good;
    write_batch(paths[1], TINY_SIDE, 0);
    config.model = "sparsenet-10-5:classes=4,channels=1,image=8";
    expect_refused(FG_ERR_FILE, "stem.conv.weight");
    config.model = "resnet-20:dropout=0.2";
    expect_refused(FG_ERR_ARGUMENT, "dropout");
    config = good;
    config.weights = NULL;
    expect_refused(FG_ERR_ARGUMENT, "NULL");
    config = good;
    config.steps = -1;
    expect_refused(FG_ERR_ARGUMENT, "steps is -1");
    config = good;
    config.sgd.rate = NAN;
    expect_refused(FG_ERR_ARGUMENT, "not finite");
    config = good;
    config.out = scratch_path("none/out");
    expect_refused(FG_ERR_FILE, "No such file or directory");
    config.out = config.batch;
    expect_refused(FG_ERR_ARGUMENT, "batch: is an input");
    config.out = scratch_path("./weights");
    expect_refused(FG_ERR_ARGUMENT, "weights: is an input");
    config = good;
    config.struct_size = 0;
    expect_refused(FG_ERR_ARGUMENT, "FG_PROBE_CONFIG_INIT");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe");
    TCase *tests = tcase_create("probe");

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_test(tests, test_all_that_comes_out);
    tcase_add_test(tests, test_without_steps);
    tcase_add_test(tests, test_bad_inputs);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
