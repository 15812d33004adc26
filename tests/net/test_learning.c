/* test_learning.c - running statistics, gradients and training of whole networks against what they
 * should be.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "nets.h"

/* ---- running statistics ---- */

/* Mean and unbiased variance of a channel of the stem's output, by plain loops. */
static void stem_moments(double *mean, double *variance, const float *weights,
                         const nets_batch *batch, int channels, int side)
{
    const int values = batch->images * side * side;
    double *x = fg_arrays_doubles((size_t)values);

    *mean = *variance = 0;
    for (int i = 0; i < values; ++i) {
        const int n = i / (side * side), row = i / side % side, column = i % side;
        for (int c = 0; c < channels; ++c)
            for (int tap = 0; tap < 9; ++tap) {
                const int y = row + tap / 3 - 1, z = column + tap % 3 - 1;
                if (y >= 0 && y < side && z >= 0 && z < side)
                    x[i] += (double)weights[c * 9 + tap] *
                            (double)batch->pixels[((n * channels + c) * side + y) * side + z];
            }
        *mean += x[i] / values;
    }
    for (int i = 0; i < values; ++i)
        *variance += (x[i] - *mean) * (x[i] - *mean) / (values - 1);
}

static void write_constant(fg_net *net, const char *name, float value)
{
    float values[64];
    const int index = fg_net_find(net, name);

    ck_assert_int_ge(index, 0);
    for (int i = 0; i < 64; ++i)
        values[i] = value;
    FG_EXPECT_OK(fg_net_write(net, index, values));
}

/* The element of the tensor after a step is 0.9 before + 0.1 batch. */
static void expect_running(fg_net *net, const char *name, int element, double before,
                           double batch)
{
    const double expected = 0.9 * before + 0.1 * batch;
    float values[64];

    FG_EXPECT_OK(fg_net_read(net, fg_net_find(net, name), values));
    ck_assert_msg(fabs((double)values[element] - expected) < 1e-5 * (1 + fabs(expected)),
                  "%s[%d] is %.9g, expected %.9g", name, element, (double)values[element],
                  expected);
}

START_TEST(test_every_reader_has_running_statistics_of_its_own)
{
    /* Of sparsenet, layer 1 reads x0; layer 2 reads x1 (4 channels), then x0. */
    fg_net *net = nets_create(fg_device_fixture(), "sparsenet-10-4:image=9,channels=2", 3, 1);
    const nets_batch batch = nets_batch_of(net, 3, 0);
    float stem[8 * 2 * 9];
    double mean, variance;

    ck_assert_uint_eq(sizeof stem / sizeof stem[0], (size_t)fg_net_tensor(net, 0).elements);
    FG_EXPECT_OK(fg_net_read(net, 0, stem));
    write_constant(net, "stage1.layer2.norm1.running_mean", 5.0f);
    write_constant(net, "stage1.layer2.norm1.running_var", 7.0f);
    nets_step(net, &batch);
    for (int k = 0; k < 8; ++k) {
        stem_moments(&mean, &variance, stem + k * 2 * 9, &batch, 2, 9);
        expect_running(net, "stage1.layer1.norm1.running_mean", k, 0, mean);
        expect_running(net, "stage1.layer1.norm1.running_var", k, 1, variance);
        expect_running(net, "stage1.layer2.norm1.running_mean", 4 + k, 5, mean);
        expect_running(net, "stage1.layer2.norm1.running_var", 4 + k, 7, variance);
    }
    fg_net_free(net);
}
END_TEST

/* ---- gradients ---- */

static double loss_of(fg_net *net, const nets_batch *batch)
{
    float loss = 0;

    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_TRAINING, NULL, batch->pixels, batch->images));
    FG_EXPECT_OK(fg_net_backward(net, &loss, batch->labels));
    return (double)loss;
}

/* Slope of the loss along a direction, by central differences; values are the tensor's. */
static double slope(fg_net *net, const nets_batch *batch, int index, const float *values,
                    const double *direction, size_t count)
{
    const double step = 3e-4; /* less drowns in rounding, more meets ReLUs' kinks */
    float *moved = fg_arrays_floats(count);
    double loss[2];

    for (int side = 0; side < 2; ++side) {
        for (size_t i = 0; i < count; ++i)
            moved[i] = (float)((double)values[i] + (side == 0 ? step : -step) * direction[i]);
        FG_EXPECT_OK(fg_net_write(net, index, moved));
        loss[side] = loss_of(net, batch);
    }
    FG_EXPECT_OK(fg_net_write(net, index, values));
    return (loss[0] - loss[1]) / (2 * step);
}

/* Along the gradient, and along another direction: half of it with other signs. */
START_TEST(test_gradients_are_slopes_of_the_loss)
{
    static const char *const names[] = {
        "stem.conv.weight",
        "stage1.layer1.norm1.weight",
        "stage1.layer1.norm1.bias",
        "stage1.layer2.conv1.weight",
        "stage1.layer2.norm2.weight",
        "stage1.layer2.conv2.weight",
        "stage1.transition.norm.bias",
        "stage1.transition.conv.weight",
        "stage3.layer1.conv2.weight",
        "head.norm.weight",
        "head.norm.bias",
        "head.linear.weight",
        "head.linear.bias",
    };
    fg_net *net = nets_create(fg_device_fixture(), NETS_MODEL, 8, 1);
    const nets_batch batch = nets_batch_of(net, 8, 0);

    for (size_t t = 0; t < sizeof names / sizeof names[0]; ++t) {
        const int index = fg_net_find(net, names[t]);
        ck_assert_int_ge(index, 0);
        const size_t count = (size_t)fg_net_tensor(net, index).elements;
        float *values = fg_arrays_floats(count), *gradient = fg_arrays_floats(count);
        double *direction = fg_arrays_doubles(count);
        double length = 0;
        FG_EXPECT_OK(fg_net_read(net, index, values));
        loss_of(net, &batch);
        FG_EXPECT_OK(fg_net_read_gradient(net, index, gradient));
        for (size_t i = 0; i < count; ++i)
            length += (double)gradient[i] * (double)gradient[i];
        length = sqrt(length);
        ck_assert_msg(length > 0.05, "%s has a gradient of length %g", names[t], length);
        for (int turned = 0; turned < 2; ++turned) {
            double expected = 0;
            for (size_t i = 0; i < count; ++i) {
                direction[i] = (double)gradient[i] / length * (turned && i % 2 == 1 ? -1 : 1);
                expected += direction[i] * (double)gradient[i];
            }
            const double got = slope(net, &batch, index, values, direction, count);
            ck_assert_msg(fabs(got - expected) < 0.02 * length,
                          "%s: slope %g, expected %g of a gradient of length %g", names[t], got,
                          expected, length);
        }
    }
    fg_net_free(net);
}
END_TEST

/* ---- training ---- */

START_TEST(test_few_images_are_learnt_by_heart)
{
    static const char *const models[] = {
        "sparsenet-10-4:image=8", "densenet-bc-16-4:image=8",    "resnet-8:image=8",
        "wrn-10-1:image=8",       "seqresnet-r1-k16-n1:image=8", "delugenet-20:image=8,m=0.25"};
    fg_net *net = nets_create_trained(fg_device_fixture(), models[_i], 8);
    const nets_batch batch = nets_batch_of(net, 8, 0);
    fg_step_result result = nets_step(net, &batch);

    ck_assert(result.loss > 1.5);
    for (int i = 0; i < 80; ++i)
        result = nets_step(net, &batch);
    ck_assert_msg(result.loss < 0.05, "the loss is %g", result.loss);
    ck_assert_int_eq(result.correct, 8);
    fg_net_free(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/learning");
    TCase *tests = tcase_create("learning");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_test(tests, test_every_reader_has_running_statistics_of_its_own);
    tcase_add_test(tests, test_gradients_are_slopes_of_the_loss);
    tcase_add_loop_test(tests, test_few_images_are_learnt_by_heart, 0, 6);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
