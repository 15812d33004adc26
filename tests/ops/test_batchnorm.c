/* test_batchnorm.c - what batch norm does per channel, against the reference.
 *
 * The passes over pixels are in the kernels beside it: test_conv.c, test_pool.c,
 * test_head_pool.c. The backward pass is in test_batchnorm_backward.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/batchnorm.h"

#include <math.h>

#include "cl/sources.h"
#include "ref/batchnorm.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/shapes.h"

#define FIRST_SLOT 3

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

#define MANY 61 /* sources: enough channels for many work-items */
#define MOST_CHANNELS 4

/* Sources of 1 to MOST_CHANNELS channels in scattered places; every third has no norm, every
 * other one a norm of its own, whose elements lie in scattered places too. */
static void scatter(struct fg_source *list)
{
    for (int i = 0; i < MANY; ++i) {
        const int place = MOST_CHANNELS * (i * 17 % MANY);
        list[i] = (struct fg_source){.first_channel = place,
                                     .channels = 1 + i % MOST_CHANNELS,
                                     .slot = FIRST_SLOT + place,
                                     .scale = i % 3 == 2 ? -1 : place,
                                     .shift = MOST_CHANNELS * (MANY + i),
                                     .mean = MOST_CHANNELS * (MANY + i),
                                     .variance = place};
    }
}

/* One channel's, with the parameters and the statistics that it belongs to. */
static void compare_affine(const struct fg_affine *got, float gamma, float beta, float mean,
                           float variance)
{
    const double expected_mean = (double)mean;
    const double inverse = 1.0 / sqrt((double)variance + (double)FG_NORM_EPSILON);
    const double scale = (double)gamma * inverse;
    const double shift = (double)beta - expected_mean * scale;

    fg_compare_rounded("mean", &got->mean, &expected_mean, 1, 0.0, 0.0);
    /* A root and a division of OpenCL C may be 3 units off each; there are few steps. */
    fg_compare_rounded("inverse", &got->inverse, &inverse, 1, 8.0, 0.0);
    fg_compare_rounded("scale", &got->scale, &scale, 1, 10.0, 0.0);
    fg_compare_rounded("shift", &got->shift, &shift, 1, 12.0, fabs(expected_mean * scale));
}

START_TEST(affine_has_each_sources_norm_and_the_statistics_of_its_mode)
{
    const enum fg_affine_mode mode = (enum fg_affine_mode)_i;
    const int first_source = 2, elements = 2 * MOST_CHANNELS * MANY;
    const int slots = FIRST_SLOT + MOST_CHANNELS * MANY;
    struct fg_source table[2 + MANY] = {{.channels = 1}, {.channels = 99}};
    const struct fg_source *list = table + first_source;
    float *statistics = fg_arrays_random(2 * (size_t)slots, 0.1f, 2.0f);
    float *parameters = fg_arrays_random((size_t)elements, -1.0f, 1.0f);
    float *running = fg_arrays_random((size_t)elements, 0.1f, 2.0f);
    int channels = 0;

    scatter(table + first_source);
    for (int i = 0; i < MANY; ++i)
        channels += list[i].channels;
    const fg_features map = {.first_slot = -1};
    const fg_input in = {&map, fg_arrays_buffer(table, sizeof table), first_source, MANY,
                         channels};
    fg_buffer *affine = fg_arrays_scratch(4 * (size_t)channels);
    FG_EXPECT_OK(fg_batchnorm_affine(
        &op, affine, &in, mode,
        mode == FG_AFFINE_BATCH ? upload(statistics, 2 * (size_t)slots) : NULL,
        upload(parameters, (size_t)elements), upload(running, (size_t)elements)));

    const struct fg_affine *got = fg_arrays_read(affine);
    for (int i = 0; i < MANY; ++i)
        for (int k = 0; k < list[i].channels; ++k, ++got) {
            const float *batch = statistics + 2 * (list[i].slot + k);
            if (list[i].scale < 0)
                ck_assert(got->scale == 1.0f && got->shift == 0.0f && got->mean == 0.0f &&
                          got->inverse == 1.0f);
            else
                compare_affine(
                    got, parameters[list[i].scale + k], parameters[list[i].shift + k],
                    mode == FG_AFFINE_BATCH ? batch[0] : running[list[i].mean + k],
                    mode == FG_AFFINE_BATCH ? batch[1] : running[list[i].variance + k]);
        }
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
    tcase_add_loop_test(tests, affine_has_each_sources_norm_and_the_statistics_of_its_mode,
                        FG_AFFINE_BATCH, FG_AFFINE_RUNNING + 1);
    tcase_add_test(tests, running_statistics_follow_the_batch);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
