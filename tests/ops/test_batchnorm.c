/* test_batchnorm.c - what batch norm does per channel, against the reference.
 *
 * The passes over pixels are in the kernels beside it: test_conv.c, test_pool.c,
 * test_head_pool.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/batchnorm.h"

#include <math.h>

#include "ref/batchnorm.h"
#include "ref/reader.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/shapes.h"

#define FIRST_SLOT 3
#define MAP_CHANNELS 40

static fg_kernels kernels;
static fg_batchnorm_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_batchnorm_prepare(&op, &kernels, true));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

/* Two readers of one map: ranges in scattered order; the second one adds to what it shares. */
static const struct fg_source first_list[] = {{20, 5, 0}, {0, 1, 0}, {7, 12, 0}};
static const struct fg_source second_list[] = {{7, 12, 1}, {30, 10, 0}, {20, 5, 1}};
#define FIRST_CHANNELS 18
#define SECOND_CHANNELS 27

static fg_input input_of(const fg_features *map, const struct fg_source *list, int channels)
{
    return (fg_input){map, fg_arrays_buffer(list, 3 * sizeof *list), 0, 3, channels};
}

static fg_buffer *upload(const float *values, size_t count)
{
    return fg_arrays_buffer(values, count * sizeof *values);
}

/* What a chunk's lanes hold of one channel, as a kernel that writes a feature would leave it:
 * exact sums, rounded once. */
static void fill_partials(float *to, const double *x, struct fg_chunk chunk, int image,
                          bool image_runs)
{
    for (int lane = 0; lane < FG_LANES; ++lane) {
        double mean = 0.0, squares = 0.0, count = 0.0;
        for (int n = 0, seen = 0; n < chunk.images; ++n)
            for (int p = 0; p < chunk.pixels; ++p, ++seen)
                if ((image_runs ? p : seen) % FG_LANES == lane) {
                    const double off = x[chunk.first + n * image + p] - mean;
                    count += 1.0;
                    mean += off / count;
                    squares += off * (x[chunk.first + n * image + p] - mean);
                }
        to[lane] = (float)mean;
        to[FG_LANES + lane] = (float)squares;
    }
}

/* Statistics of channels of random numbers in center +- 1, by way of partial sums. */
static void check_statistics(fg_map_shape shape, double center, double units, bool image_runs)
{
    enum { channels = 17 };
    const int image = shape.height * shape.width;
    const int pixels = shape.images * image;
    const struct fg_chunks chunks = fg_chunks_of(shape.images, shape.height, shape.width);
    const size_t slots = FIRST_SLOT + 1 + channels + 1;
    const size_t count = FG_PARTIALS_FLOATS((size_t)chunks.chunks, (size_t)channels);
    float *partials = fg_arrays_floats(count);
    double *x = fg_arrays_doubles((size_t)(channels * pixels));
    double *mean = fg_arrays_doubles(channels), *variance = fg_arrays_doubles(channels);
    const fg_features map = {NULL, NULL, shape.height, shape.width, 0, FIRST_SLOT};
    const fg_output written = {&map, 1, channels};
    fg_buffer *table = fg_arrays_scratch(2 * slots);

    for (int i = 0; i < channels * pixels; ++i)
        x[i] = center + fg_arrays_next(-1.0, 1.0);
    for (int i = 0; i < chunks.chunks; ++i)
        for (int c = 0; c < channels; ++c)
            fill_partials(partials + (i * channels + c) * 2 * FG_LANES, x + c * pixels,
                          fg_chunks_at(chunks, i), image, image_runs);
    FG_EXPECT_OK(fg_batchnorm_statistics(&op, table, upload(partials, count), &written,
                                         shape.images, image_runs));

    fg_ref_batchnorm_statistics(mean, variance, x, channels, pixels);
    const struct fg_statistics *got = fg_arrays_read(table);
    fg_compare_poisoned("slots before", &got[0].mean, 2 * (FIRST_SLOT + 1));
    fg_compare_poisoned("slots behind", &got[slots - 1].mean, 2);
    for (int c = 0; c < channels; ++c) {
        fg_compare_rounded("mean", &got[FIRST_SLOT + 1 + c].mean, &mean[c], 1, 8.0, 1.0);
        fg_compare_rounded("variance", &got[FIRST_SLOT + 1 + c].variance, &variance[c], 1,
                           units, 0.0);
    }
}

START_TEST(statistics_merge_chunks_and_lanes)
{
    for (int image_runs = 0; image_runs < 2; ++image_runs)
        check_statistics(fg_shapes_maps[_i], 0.0, 32.0, image_runs);
}
END_TEST

/* At a mean of 1000 sigma a lane's mean is rounded by up to 2^-15 sigma, which makes the square
 * of two lanes' difference wrong by twice that times the difference: 2^10 units. E[x^2] -
 * mean^2 would be off by 10^6 units if only its two terms were rounded. */
START_TEST(statistics_stand_a_mean_of_1000_sigma)
{
    check_statistics(fg_shapes_maps[_i], 600.0, 1500.0, false);
}
END_TEST

START_TEST(a_constant_channel_has_no_variance)
{
    const fg_map_shape shape = fg_shapes_maps[_i];
    const struct fg_chunks chunks = fg_chunks_of(shape.images, shape.height, shape.width);
    const size_t count = FG_PARTIALS_FLOATS((size_t)chunks.chunks, 1);
    const fg_features map = {NULL, NULL, shape.height, shape.width, 0, 0};
    const fg_output written = {&map, 0, 1};
    const double constant = (double)0.1f;
    float *partials = fg_arrays_floats(count);
    double *x = fg_arrays_doubles((size_t)(shape.images * shape.height * shape.width));
    fg_buffer *table = fg_arrays_scratch(2);

    for (int i = 0; i < shape.images * shape.height * shape.width; ++i)
        x[i] = constant;
    for (int i = 0; i < chunks.chunks; ++i)
        fill_partials(partials + i * 2 * FG_LANES, x, fg_chunks_at(chunks, i),
                      shape.height * shape.width, false);
    FG_EXPECT_OK(fg_batchnorm_statistics(&op, table, upload(partials, count), &written,
                                         shape.images, false));
    const struct fg_statistics *got = fg_arrays_read(table);
    ck_assert_double_eq((double)got->mean, constant);
    ck_assert_double_eq((double)got->variance, 0.0);
}
END_TEST

START_TEST(affine_has_the_statistics_of_its_mode)
{
    const fg_features map = {.first_slot = FIRST_SLOT};
    const fg_input in = input_of(&map, first_list, FIRST_CHANNELS);
    const fg_batchnorm_norm norm = {5, 30, 10, 50};
    float *table = fg_arrays_random(2 * (FIRST_SLOT + MAP_CHANNELS), 0.1f, 2.0f);
    float *parameters = fg_arrays_random(60, -1.0f, 1.0f);
    float *running = fg_arrays_random(80, 0.1f, 2.0f);
    fg_buffer *affine = fg_arrays_scratch(4 * FIRST_CHANNELS);

    FG_EXPECT_OK(fg_batchnorm_affine(&op, affine, &in, &norm, (enum fg_affine_mode)_i,
                                     upload(table, 2 * (FIRST_SLOT + MAP_CHANNELS)),
                                     upload(parameters, 60), upload(running, 80)));
    const struct fg_affine *got = fg_arrays_read(affine);
    for (int c = 0; c < FIRST_CHANNELS; ++c) {
        const int slot = 2 * (FIRST_SLOT + fg_sources_channel(first_list, c));
        const bool batch = _i == FG_AFFINE_BATCH;
        const double mean = (double)(batch ? table[slot] : running[norm.mean + (size_t)c]);
        const double variance =
            (double)(batch ? table[slot + 1] : running[norm.variance + (size_t)c]);
        const double inverse = 1.0 / sqrt(variance + (double)FG_NORM_EPSILON);
        const double scale = (double)parameters[norm.scale + (size_t)c] * inverse;
        const double shift = (double)parameters[norm.shift + (size_t)c] - mean * scale;
        fg_compare_rounded("mean", &got[c].mean, &mean, 1, 0.0, 0.0);
        /* A root and a division of OpenCL C may be 3 units off each; there are few steps. */
        fg_compare_rounded("inverse", &got[c].inverse, &inverse, 1, 8.0, 0.0);
        fg_compare_rounded("scale", &got[c].scale, &scale, 1, 10.0, 0.0);
        fg_compare_rounded("shift", &got[c].shift, &shift, 1, 12.0, fabs(mean * scale));
    }
}
END_TEST

START_TEST(affine_without_a_norm_is_the_identity)
{
    const fg_features map = {.first_slot = -1};
    const fg_input in = input_of(&map, first_list, FIRST_CHANNELS);
    fg_buffer *affine = fg_arrays_scratch(4 * FIRST_CHANNELS);

    FG_EXPECT_OK(
        fg_batchnorm_affine(&op, affine, &in, NULL, FG_AFFINE_BATCH, NULL, NULL, NULL));
    const struct fg_affine *got = fg_arrays_read(affine);
    for (int c = 0; c < FIRST_CHANNELS; ++c)
        ck_assert(got[c].scale == 1.0f && got[c].shift == 0.0f && got[c].mean == 0.0f &&
                  got[c].inverse == 1.0f);
}
END_TEST

START_TEST(running_statistics_follow_the_batch)
{
    const struct fg_running table[] = {{4, 0, 1, 9}, {0, 2, 3, 4}, {4, 5, 4, 9}};
    const int images = 3;
    float *statistics = fg_arrays_random(10, 0.1f, 2.0f);
    float *before = fg_arrays_random(7, 0.1f, 2.0f);
    fg_buffer *running = upload(before, 7);

    FG_EXPECT_OK(fg_batchnorm_running(&op, running, fg_arrays_buffer(table, sizeof table),
                                      upload(statistics, 10), 3, images));
    const float *got = fg_arrays_read(running);
    for (int i = 0; i < 3; ++i) {
        double mean = (double)before[table[i].mean],
               variance = (double)before[table[i].variance];
        const double batch_mean = (double)statistics[2 * table[i].slot];
        const double batch_variance = (double)statistics[2 * table[i].slot + 1];
        fg_ref_batchnorm_running(&mean, &variance, &batch_mean, &batch_variance, 1,
                                 images * table[i].pixels);
        fg_compare_rounded("running mean", &got[table[i].mean], &mean, 1, 4.0, 0.0);
        fg_compare_rounded("running variance", &got[table[i].variance], &variance, 1, 6.0, 0.0);
    }
    fg_compare_bits("nobody's", got + 6, before + 6, 1);
}
END_TEST

/* A reader in the backward pass: the textbook's result, and what kernels are given instead. */
typedef struct reader_case {
    fg_ref_reader reader;
    fg_input in;
    fg_batchnorm_norm norm;
    double *gamma, *grad_a; /* grad_a: of what stands behind the norm */
    float *partials;
} reader_case;

static struct {
    fg_map_shape shape;
    fg_features map;
    int pixels;
    double *x, *mean, *variance;
    double *expected; /* [MAP_CHANNELS][pixels]: the textbook's gradients of both readers */
    double *summed;   /* the same size: G, what readers add up */
    float *parameters;
} backward;

static void create_reader(reader_case *out, const struct fg_source *list, int channels,
                          size_t scale)
{
    const int pixels = backward.pixels;
    fg_ref_affine *affine = (fg_ref_affine *)fg_arrays_doubles((size_t)channels * 4);

    out->gamma = fg_arrays_doubles((size_t)channels);
    out->grad_a = fg_arrays_doubles((size_t)(channels * pixels));
    for (int c = 0; c < channels; ++c) {
        const int channel = fg_sources_channel(list, c);
        out->gamma[c] = (double)backward.parameters[scale + (size_t)c];
        affine[c].mean = backward.mean[channel];
        affine[c].inverse = 1.0 / sqrt(backward.variance[channel] + (double)FG_NORM_EPSILON);
        affine[c].scale = out->gamma[c] * affine[c].inverse;
        affine[c].shift = -affine[c].mean * affine[c].scale;
    }
    for (int i = 0; i < channels * pixels; ++i)
        out->grad_a[i] = fg_arrays_next(-1.0, 1.0);
    out->reader = (fg_ref_reader){list, affine, channels, pixels, false};
    out->in = input_of(&backward.map, list, channels);
    out->norm = (fg_batchnorm_norm){scale, scale + (size_t)channels, 0, 0};
}

static void add_textbook(const reader_case *r)
{
    const int pixels = backward.pixels;
    double *grad_x = fg_arrays_doubles((size_t)pixels), grad_gamma, grad_beta;

    for (int c = 0; c < r->reader.channels; ++c) {
        const int first = fg_sources_channel(r->reader.sources, c) * pixels;
        fg_ref_batchnorm_backward(grad_x, &grad_gamma, &grad_beta, backward.x + first,
                                  &r->gamma[c], r->grad_a + c * pixels, 1, pixels);
        for (int p = 0; p < pixels; ++p)
            backward.expected[first + p] += grad_x[p];
    }
}

/* d_beta and d_gamma, each lane of each chunk with an arbitrary share. */
static size_t split_sums(reader_case *r, const double *grad_gamma, const double *grad_beta,
                         int chunks)
{
    const int channels = r->reader.channels, parts = chunks * FG_LANES;
    const size_t count = FG_PARTIALS_FLOATS((size_t)chunks, (size_t)channels);

    r->partials = fg_arrays_floats(count);
    for (int c = 0; c < channels; ++c) {
        double beta = grad_beta[c], gamma = grad_gamma[c];
        for (int i = 0; i < parts; ++i) {
            float *to =
                r->partials + ((i / FG_LANES) * channels + c) * 2 * FG_LANES + i % FG_LANES;
            to[0] = (float)(i == parts - 1 ? beta
                                           : grad_beta[c] * fg_arrays_next(0.0, 2.0) / parts);
            to[FG_LANES] =
                (float)(i == parts - 1 ? gamma
                                       : grad_gamma[c] * fg_arrays_next(0.0, 2.0) / parts);
            beta -= (double)to[0];
            gamma -= (double)to[FG_LANES];
        }
    }
    return count;
}

static void run_reader(reader_case *r, const fg_buffer *sums, const fg_buffer *parameters,
                       const fg_buffer *gradients)
{
    const struct fg_chunks chunks =
        fg_chunks_of(backward.shape.images, backward.shape.height, backward.shape.width);
    const size_t channels = (size_t)r->reader.channels;
    double *grad_gamma = fg_arrays_doubles(channels), *grad_beta = fg_arrays_doubles(channels);

    fg_ref_reader_backward(backward.summed, grad_gamma, grad_beta, &r->reader, backward.x,
                           r->grad_a);
    const size_t count = split_sums(r, grad_gamma, grad_beta, chunks.chunks);
    FG_EXPECT_OK(fg_batchnorm_backward(&op, gradients, sums, &r->in, &r->norm, parameters,
                                       upload(r->partials, count), backward.shape.images));
    const float *got = fg_arrays_read(gradients);
    /* Sums of chunks and lanes: the roundings of up to 32 * 16 numbers, some of them larger. */
    fg_compare_rounded("d_gamma", got + r->norm.scale, grad_gamma, channels, 32.0,
                       fg_arrays_largest(grad_gamma, channels));
    fg_compare_rounded("d_beta", got + r->norm.shift, grad_beta, channels, 32.0,
                       fg_arrays_largest(grad_beta, channels));
}

START_TEST(two_readers_and_coefficients_give_the_textbooks_gradient)
{
    const size_t first_scale = 7, second_scale = 50, parameters_count = 110;
    backward.shape = fg_shapes_maps[_i];
    backward.pixels = backward.shape.images * backward.shape.height * backward.shape.width;
    const int pixels = backward.pixels, all = MAP_CHANNELS * pixels;
    backward.map =
        (fg_features){NULL, NULL, backward.shape.height, backward.shape.width, 0, FIRST_SLOT};
    backward.x = fg_arrays_doubles((size_t)all);
    backward.expected = fg_arrays_doubles((size_t)all);
    backward.summed = fg_arrays_doubles((size_t)all);
    backward.mean = fg_arrays_doubles(MAP_CHANNELS);
    backward.variance = fg_arrays_doubles(MAP_CHANNELS);
    backward.parameters = fg_arrays_random(parameters_count, 0.5f, 1.5f);
    for (int i = 0; i < all; ++i)
        backward.x[i] = fg_arrays_next(-1.0, 1.0);
    fg_ref_batchnorm_statistics(backward.mean, backward.variance, backward.x, MAP_CHANNELS,
                                pixels);

    float *table = fg_arrays_floats(2 * (FIRST_SLOT + MAP_CHANNELS));
    for (int c = 0; c < MAP_CHANNELS; ++c) {
        table[2 * (FIRST_SLOT + c)] = (float)backward.mean[c];
        table[2 * (FIRST_SLOT + c) + 1] = (float)backward.variance[c];
    }
    const fg_buffer *statistics = upload(table, 2 * (FIRST_SLOT + MAP_CHANNELS));
    const fg_buffer *parameters = upload(backward.parameters, parameters_count);
    const fg_buffer *gradients = fg_arrays_scratch(parameters_count);
    const fg_buffer *sums = fg_arrays_scratch(2 * (FIRST_SLOT + MAP_CHANNELS));
    reader_case first = {0}, second = {0};

    create_reader(&first, first_list, FIRST_CHANNELS, first_scale);
    create_reader(&second, second_list, SECOND_CHANNELS, second_scale);
    add_textbook(&first);
    add_textbook(&second);
    run_reader(&first, sums, parameters, gradients);
    run_reader(&second, sums, parameters, gradients);
    const float *got_gradients = fg_arrays_read(gradients);
    fg_compare_poisoned("gradients before", got_gradients, first_scale);
    fg_compare_poisoned("gradients behind", got_gradients + 104, parameters_count - 104);

    /* The channels that both read, and those that one does. */
    const fg_output features[] = {{&backward.map, 7, 12},
                                  {&backward.map, 20, 5},
                                  {&backward.map, 0, 1},
                                  {&backward.map, 30, 10}};
    for (int i = 0; i < 4; ++i) {
        const int channels = features[i].channels;
        const fg_buffer *coefficients = fg_arrays_scratch(4 * (size_t)channels);
        FG_EXPECT_OK(fg_batchnorm_coefficients(&op, coefficients, sums, statistics,
                                               &features[i], backward.shape.images));
        const struct fg_coefficients *f = fg_arrays_read(coefficients);
        for (int k = 0; k < channels; ++k) {
            const int at = (features[i].first_channel + k) * pixels;
            float *dx = fg_arrays_floats((size_t)pixels);
            for (int p = 0; p < pixels; ++p)
                dx[p] = (float)(backward.summed[at + p] + (double)f[k].c +
                                (double)f[k].q * (backward.x[at + p] - (double)f[k].mean));
            /* G, q * (x - mean) and c cancel; q and c are sums of chunks and lanes. */
            fg_compare_rounded("dx", dx, backward.expected + at, (size_t)pixels, 64.0,
                               fg_arrays_largest(backward.summed + at, (size_t)pixels));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/batchnorm");
    TCase *tests = tcase_create("batchnorm");
    SRunner *runner = srunner_create(suite);
    const int maps = FG_SHAPES_COUNT(fg_shapes_maps);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, statistics_merge_chunks_and_lanes, 0, maps);
    tcase_add_loop_test(tests, statistics_stand_a_mean_of_1000_sigma, 1, maps);
    tcase_add_loop_test(tests, a_constant_channel_has_no_variance, 0, maps);
    tcase_add_loop_test(tests, affine_has_the_statistics_of_its_mode, FG_AFFINE_BATCH,
                        FG_AFFINE_RUNNING + 1);
    tcase_add_test(tests, affine_without_a_norm_is_the_identity);
    tcase_add_test(tests, running_statistics_follow_the_batch);
    tcase_add_loop_test(tests, two_readers_and_coefficients_give_the_textbooks_gradient, 1,
                        maps);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
