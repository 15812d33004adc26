/* test_ref.c - the references themselves: their gradients against finite differences, and known
 * answers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <math.h>

#include "cl/random.h"
#include "ref/batchnorm.h"
#include "ref/conv.h"
#include "ref/head_pool.h"
#include "ref/linear.h"
#include "ref/pool.h"
#include "ref/reader.h"
#include "ref/sgd.h"
#include "ref/softmax_loss.h"
#include "ref/weights.h"
#include "support/arrays.h"
#include "support/gradcheck.h"

static double *random_doubles(size_t count)
{
    double *values = fg_arrays_doubles(count);
    for (size_t i = 0; i < count; ++i)
        values[i] = fg_arrays_next(-1.0, 1.0);
    return values;
}

/* The loss of all checks: the output, weighted with its gradient. */
static double weighted(const double *out, const double *grad_out, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; ++i)
        sum += out[i] * grad_out[i];
    return sum;
}

typedef struct conv_check {
    fg_ref_conv conv;
    double *in, *weights, *bias, *out, *grad_out;
    size_t out_count;
} conv_check;

static double conv_loss(const void *user)
{
    const conv_check *c = user;
    fg_ref_conv_forward(c->out, &c->conv, c->in, c->weights, c->bias);
    return weighted(c->out, c->grad_out, c->out_count);
}

START_TEST(gradients_of_a_convolution)
{
    static const struct {
        int side, stride, groups;
    } cases[] = {{1, 1, 1}, {3, 1, 1}, {1, 2, 1}, {3, 2, 2}, {5, 2, 1}, {7, 1, 2}};
    const int stride = cases[_i].stride, groups = cases[_i].groups, side = cases[_i].side;
    const size_t pixels = 2 * 3 * 4, out_pixels = stride == 1 ? pixels : 2 * 2 * 2;
    const size_t ins = 4, outs = 2;
    const size_t weights = outs * (ins / (size_t)groups) * (size_t)(side * side);
    conv_check c = {{2, 3, 4, (int)ins, (int)outs, side, stride, groups},
                    random_doubles(ins * pixels),
                    random_doubles(weights),
                    random_doubles(outs),
                    fg_arrays_doubles(outs * out_pixels),
                    random_doubles(outs * out_pixels),
                    outs * out_pixels};
    double *grad_in = fg_arrays_doubles(ins * pixels);
    double *grad_weights = fg_arrays_doubles(weights);

    fg_ref_conv_backward_data(grad_in, &c.conv, c.weights, c.grad_out);
    fg_gradcheck("grad_in", conv_loss, &c, c.in, grad_in, ins * pixels);
    fg_ref_conv_backward_weights(grad_weights, &c.conv, c.in, c.grad_out);
    fg_gradcheck("grad_weights", conv_loss, &c, c.weights, grad_weights, weights);
}
END_TEST

START_TEST(a_3x3_sums_its_neighbours_inside_the_image)
{
    const fg_ref_conv conv = {1, 2, 3, 1, 1, 3, 1, 1};
    const double in[] = {1, 2, 3, 4, 5, 6},
                 weights[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    const double expected[] = {540210000, 654321000, 65032000, 540210, 654321, 65032};
    double out[6];

    fg_ref_conv_forward(out, &conv, in, weights, NULL);
    for (int i = 0; i < 6; ++i)
        ck_assert_double_eq(out[i], expected[i]);
}
END_TEST

typedef struct reader_check {
    fg_ref_reader reader;
    fg_ref_affine *affine;
    double *x, *gamma, *beta, *a, *grad_a;
} reader_check;

static double reader_loss(const void *user)
{
    const reader_check *c = user;
    for (int i = 0; i < c->reader.channels; ++i) {
        c->affine[i].scale = c->gamma[i] * c->affine[i].inverse;
        c->affine[i].shift = c->beta[i] - c->affine[i].mean * c->affine[i].scale;
    }
    fg_ref_reader_forward(c->a, &c->reader, c->x);
    return weighted(c->a, c->grad_a, (size_t)(c->reader.channels * c->reader.pixels));
}

START_TEST(gradients_of_a_reader)
{
    const struct fg_source sources[] = {{.first_channel = 4, .channels = 2},
                                        {.first_channel = 1, .channels = 1}};
    const int channels = 3, pixels = 5, map_channels = 6;
    fg_ref_affine affine[3];
    reader_check c = {{sources, affine, channels, pixels, _i != 0},
                      affine,
                      random_doubles((size_t)(map_channels * pixels)),
                      random_doubles(3),
                      random_doubles(3),
                      fg_arrays_doubles((size_t)(channels * pixels)),
                      random_doubles((size_t)(channels * pixels))};
    double *grad_x = fg_arrays_doubles((size_t)(map_channels * pixels));
    double grad_gamma[3], grad_beta[3];

    for (int i = 0; i < channels; ++i)
        affine[i] =
            (fg_ref_affine){0.0, 0.0, fg_arrays_next(-1.0, 1.0), fg_arrays_next(0.5, 2.0)};
    reader_loss(&c); /* sets scale and shift */
    fg_ref_reader_backward(grad_x, grad_gamma, grad_beta, &c.reader, c.x, c.grad_a);
    fg_gradcheck("grad_x", reader_loss, &c, c.x, grad_x, (size_t)(map_channels * pixels));
    fg_gradcheck("grad_gamma", reader_loss, &c, c.gamma, grad_gamma, 3);
    fg_gradcheck("grad_beta", reader_loss, &c, c.beta, grad_beta, 3);
}
END_TEST

typedef struct batchnorm_check {
    int channels, pixels;
    double *x, *gamma, *beta, *y, *grad_y;
} batchnorm_check;

static double batchnorm_loss(const void *user)
{
    const batchnorm_check *c = user;
    fg_ref_batchnorm_forward(c->y, c->x, c->gamma, c->beta, c->channels, c->pixels);
    return weighted(c->y, c->grad_y, (size_t)(c->channels * c->pixels));
}

START_TEST(gradients_of_batch_norm)
{
    batchnorm_check c = {3,
                         7,
                         random_doubles(21),
                         random_doubles(3),
                         random_doubles(3),
                         fg_arrays_doubles(21),
                         random_doubles(21)};
    double grad_x[21], grad_gamma[3], grad_beta[3];

    fg_ref_batchnorm_backward(grad_x, grad_gamma, grad_beta, c.x, c.gamma, c.grad_y, c.channels,
                              c.pixels);
    fg_gradcheck("grad_x", batchnorm_loss, &c, c.x, grad_x, 21);
    fg_gradcheck("grad_gamma", batchnorm_loss, &c, c.gamma, grad_gamma, 3);
    fg_gradcheck("grad_beta", batchnorm_loss, &c, c.beta, grad_beta, 3);
}
END_TEST

START_TEST(statistics_and_running_statistics)
{
    const double x[] = {1, 2, 3, 6};
    double mean, variance, running_mean = 10, running_variance = 20;

    fg_ref_batchnorm_statistics(&mean, &variance, x, 1, 4);
    ck_assert_double_eq(mean, 3.0);
    ck_assert_double_eq(variance, 3.5);
    fg_ref_batchnorm_running(&running_mean, &running_variance, &mean, &variance, 1, 4);
    ck_assert_double_eq_tol(running_mean, 0.9 * 10 + 0.1 * 3, 1e-7); /* 0.1 is a float */
    ck_assert_double_eq_tol(running_variance, 0.9 * 20 + 0.1 * 14 / 3, 1e-6);
}
END_TEST

typedef struct pool_check {
    fg_ref_pool pool;
    fg_ref_head_pool head;
    double *in, *out, *grad_out;
    size_t out_count;
} pool_check;

static double pool_loss(const void *user)
{
    const pool_check *c = user;
    fg_ref_pool_forward(c->out, &c->pool, c->in);
    return weighted(c->out, c->grad_out, c->out_count);
}

static double head_pool_loss(const void *user)
{
    const pool_check *c = user;
    fg_ref_head_pool_forward(c->out, &c->head, c->in);
    return weighted(c->out, c->grad_out, c->out_count);
}

START_TEST(gradients_of_pools)
{
    pool_check c = {{2, 2, 5, 4},          {2, 2, 5, 4, 1 + _i}, random_doubles(80),
                    fg_arrays_doubles(36), random_doubles(36),   2 * 2 * 2 * 2};
    double grad_in[80];

    fg_ref_pool_backward(grad_in, &c.pool, c.grad_out);
    fg_gradcheck("grad_in of the 2x2 pool", pool_loss, &c, c.in, grad_in, 80);
    c.out_count = (size_t)(2 * c.head.grid * c.head.grid * 2);
    fg_ref_head_pool_backward(grad_in, &c.head, c.grad_out);
    fg_gradcheck("grad_in of the grid pool", head_pool_loss, &c, c.in, grad_in, 80);
}
END_TEST

typedef struct linear_check {
    fg_ref_linear linear;
    double *in, *weights, *bias, *out, *grad_out;
} linear_check;

static double linear_loss(const void *user)
{
    const linear_check *c = user;
    fg_ref_linear_forward(c->out, &c->linear, c->in, c->weights, c->bias);
    return weighted(c->out, c->grad_out, (size_t)(c->linear.out_channels * c->linear.images));
}

START_TEST(a_linear_layer_is_a_1x1_convolution)
{
    linear_check c = {{4, 3, 5},         random_doubles(20),    random_doubles(12),
                      random_doubles(3), fg_arrays_doubles(15), random_doubles(15)};
    const fg_ref_conv conv = {5, 1, 1, 4, 3, 1, 1, 1};
    double out[15], grad_bias[3];

    fg_ref_linear_backward_bias(grad_bias, &c.linear, c.grad_out);
    fg_gradcheck("grad_bias", linear_loss, &c, c.bias, grad_bias, 3);
    linear_loss(&c);
    fg_ref_conv_forward(out, &conv, c.in, c.weights, c.bias);
    for (int i = 0; i < 15; ++i)
        ck_assert_double_eq_tol(out[i], c.out[i], 1e-15);
}
END_TEST

typedef struct softmax_check {
    double *logits;
    const int *labels;
    int classes, images;
} softmax_check;

static double mean_loss(const void *user)
{
    const softmax_check *c = user;
    double loss[4], sum = 0.0;
    fg_ref_softmax_loss_forward(loss, c->logits, c->labels, c->classes, c->images);
    for (int n = 0; n < c->images; ++n)
        sum += loss[n] / c->images;
    return sum;
}

START_TEST(gradient_of_the_loss)
{
    const int labels[] = {2, 0, 4, 2};
    softmax_check c = {random_doubles(20), labels, 5, 4};
    double grad[20];

    fg_ref_softmax_loss_backward(grad, c.logits, labels, 5, 4);
    fg_gradcheck("grad_logits", mean_loss, &c, c.logits, grad, 20);
}
END_TEST

START_TEST(ranks_count_better_classes_and_earlier_equal_ones)
{
    const double logits[] = {3, 1, 2, 3, 3};
    const int ranks[] = {0, 4, 3, 1, 2};

    for (int label = 0; label < 5; ++label)
        ck_assert_int_eq(fg_ref_softmax_loss_rank(logits, label, 0, 5, 1), ranks[label]);
}
END_TEST

START_TEST(two_steps_of_descent_by_hand)
{
    const double gradient = 2.0;
    double p[2] = {1.0, 1.0}, m[2] = {0.0, 0.0};
    fg_ref_sgd sgd = {0.5, 0.5, 0.0, false};

    for (int nesterov = 0; nesterov < 2; ++nesterov)
        for (int step = 0; step < 2; ++step) {
            sgd.nesterov = nesterov;
            fg_ref_sgd_update(&p[nesterov], &m[nesterov], &gradient, 1, &sgd);
        }
    /* Momentum 2, then 3; Nesterov's steps are 2 + 1 and 2 + 1.5. */
    ck_assert_double_eq(p[0], 1.0 - 0.5 * 2 - 0.5 * 3);
    ck_assert_double_eq(p[1], 1.0 - 0.5 * 3 - 0.5 * 3.5);
    sgd = (fg_ref_sgd){0.5, 0.0, 0.25, false};
    p[0] = 4.0;
    fg_ref_sgd_update(p, m, &gradient, 1, &sgd);
    ck_assert_double_eq(p[0], 4.0 - 0.5 * (2.0 + 0.25 * 4.0));
}
END_TEST

/* The known answers of Random123, which Philox's authors published with their paper. */
START_TEST(philox_gives_the_known_answers)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
        uint32_t out[4];
        fg_ref_weights_philox(out, known[i].counter, known[i].key);
        for (int j = 0; j < 4; ++j)
            ck_assert_uint_eq(out[j], known[i].out[j]);
    }
}
END_TEST

START_TEST(the_generator_is_philox)
{
    for (uint32_t i = 0; i < 100; ++i) {
        const uint32_t counter[4] = {i, i * i, i % 5, 0};
        const uint32_t key[2] = {i * UINT32_C(0x01234567), ~i};
        uint32_t out[4];
        const struct fg_random r =
            fg_random_block(key[0], key[1], counter[2], counter[1], counter[0]);
        fg_ref_weights_philox(out, counter, key);
        ck_assert(r.x == out[0] && r.y == out[1] && r.z == out[2] && r.w == out[3]);
    }
}
END_TEST

START_TEST(uniform_numbers_are_never_0_or_1)
{
    ck_assert(fg_random_uniform(0) > 0.0f);
    ck_assert(fg_random_uniform(UINT32_MAX) < 1.0f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/ref");
    TCase *tests = tcase_create("ref");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, gradients_of_a_convolution, 0, 6);
    tcase_add_test(tests, a_3x3_sums_its_neighbours_inside_the_image);
    tcase_add_loop_test(tests, gradients_of_a_reader, 0, 2);
    tcase_add_test(tests, gradients_of_batch_norm);
    tcase_add_test(tests, statistics_and_running_statistics);
    tcase_add_loop_test(tests, gradients_of_pools, 0, 3);
    tcase_add_test(tests, a_linear_layer_is_a_1x1_convolution);
    tcase_add_test(tests, gradient_of_the_loss);
    tcase_add_test(tests, ranks_count_better_classes_and_earlier_equal_ones);
    tcase_add_test(tests, two_steps_of_descent_by_hand);
    tcase_add_test(tests, philox_gives_the_known_answers);
    tcase_add_test(tests, the_generator_is_philox);
    tcase_add_test(tests, uniform_numbers_are_never_0_or_1);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
