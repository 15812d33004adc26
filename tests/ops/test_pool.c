/* test_pool.c - 2x2 pool, forward and backward, against the reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/pool.h"

#include <math.h>
#include <string.h>

#include "ops/batchnorm.h"
#include "ref/batchnorm.h"
#include "ref/pool.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/shapes.h"

#define CHANNELS 5
#define OUT_FIRST 2
#define OUT_CHANNELS 9 /* of the output's map */

static fg_kernels kernels;
static fg_pool_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_pool_prepare(&op, &kernels, true));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

static struct {
    fg_ref_pool ref;
    fg_features in, out;
    fg_output written;
    int in_pixels, out_pixels; /* of a channel */
    float *in_values, *out_values, *out_gradients;
} t;

static size_t in_floats(void)
{
    return (size_t)CHANNELS * (size_t)t.in.pitch;
}

static size_t out_floats(void)
{
    return (size_t)OUT_CHANNELS * (size_t)t.out.pitch;
}

static void fill(float *values, int first, int channels, int pitch, int pixels, float center)
{
    for (int c = first; c < first + channels; ++c)
        fg_arrays_fill_random(values + c * pitch, (size_t)pixels, center - 1.0f, center + 1.0f);
}

/* The output's channels lie between others of its map, which stay NaN, as the slack does. */
static void create(fg_map_shape shape, float center)
{
    t.ref = (fg_ref_pool){CHANNELS, shape.images, shape.height, shape.width};
    t.in_pixels = shape.images * shape.height * shape.width;
    t.out_pixels = shape.images * (shape.height / 2) * (shape.width / 2);
    t.in = (fg_features){NULL, NULL, shape.height, shape.width, t.in_pixels + 16, -1};
    t.out = (fg_features){NULL, NULL, shape.height / 2, shape.width / 2, t.out_pixels + 19, 0};
    t.written = (fg_output){&t.out, OUT_FIRST, CHANNELS};
    t.in_values = fg_arrays_floats(in_floats());
    t.out_values = fg_arrays_floats(out_floats());
    t.out_gradients = fg_arrays_floats(out_floats());
    fill(t.in_values, 0, CHANNELS, t.in.pitch, t.in_pixels, center);
    fill(t.out_gradients, OUT_FIRST, CHANNELS, t.out.pitch, t.out_pixels, 0.0f);
    t.in.values = fg_arrays_buffer(t.in_values, in_floats() * sizeof(float));
    t.in.gradients = fg_arrays_scratch(in_floats());
    t.out.values = fg_arrays_scratch(out_floats());
    t.out.gradients = fg_arrays_buffer(t.out_gradients, out_floats() * sizeof(float));
}

/* Whatever is not a pixel of the written channels. */
static void check_untouched(const float *got)
{
    fg_compare_poisoned("channels before", got, (size_t)(OUT_FIRST * t.out.pitch));
    for (int c = OUT_FIRST; c < OUT_FIRST + CHANNELS; ++c)
        fg_compare_poisoned("slack", got + c * t.out.pitch + t.out_pixels,
                            (size_t)(t.out.pitch - t.out_pixels));
    fg_compare_poisoned("channels behind", got + (OUT_FIRST + CHANNELS) * t.out.pitch,
                        (size_t)((OUT_CHANNELS - OUT_FIRST - CHANNELS) * t.out.pitch));
}

static double *outs_of(const float *map)
{
    return fg_arrays_packed(map + OUT_FIRST * t.out.pitch, CHANNELS, (size_t)t.out_pixels,
                            (size_t)t.out.pitch);
}

/* variance_units: how far the variance may be off. */
static void check_forward(double variance_units)
{
    const int images = t.ref.images;
    const struct fg_chunks chunks = fg_chunks_of(images, t.out.height, t.out.width);
    const fg_buffer *partials =
        fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)chunks.chunks, CHANNELS) + 64);
    const fg_buffer *table = fg_arrays_scratch(2 * OUT_CHANNELS);
    double *expected = fg_arrays_doubles((size_t)(CHANNELS * t.out_pixels));
    double mean[CHANNELS], variance[CHANNELS];
    fg_batchnorm_op batchnorm;

    FG_EXPECT_OK(fg_pool_forward(&op, &t.in, &t.written, partials, images));
    fg_ref_pool_forward(
        expected, &t.ref,
        fg_arrays_packed(t.in_values, CHANNELS, (size_t)t.in_pixels, (size_t)t.in.pitch));
    const float *got = fg_arrays_read(t.out.values);
    check_untouched(got);
    for (int k = 0; k < CHANNELS; ++k) /* three additions */
        fg_compare_rounded("the output", got + (OUT_FIRST + k) * t.out.pitch,
                           expected + k * t.out_pixels, (size_t)t.out_pixels, 3.0, 1.0);

    t.out.values = fg_arrays_scratch(out_floats());
    FG_WITH_UNITS(64, fg_pool_forward(&op, &t.in, &t.written, NULL, images));
    fg_compare_bits("the output without statistics", fg_arrays_read(t.out.values), got,
                    out_floats());

    const float *sums = fg_arrays_read(partials);
    fg_compare_poisoned("behind the partial sums", sums + partials->bytes / sizeof(float) - 64,
                        64);
    FG_EXPECT_OK(fg_batchnorm_prepare(&batchnorm, &kernels, true));
    FG_EXPECT_OK(
        fg_batchnorm_statistics(&batchnorm, table, partials, &t.written, images, false));
    fg_ref_batchnorm_statistics(mean, variance, outs_of(got), CHANNELS, t.out_pixels);
    const struct fg_statistics *statistics = fg_arrays_read(table);
    for (int k = 0; k < CHANNELS; ++k) {
        const struct fg_statistics s = statistics[OUT_FIRST + k];
        fg_compare_rounded("mean", &s.mean, &mean[k], 1, 16.0, 1.0);
        fg_compare_rounded("variance", &s.variance, &variance[k], 1, variance_units, 0.0);
    }
}

START_TEST(forward_is_the_reference)
{
    const fg_map_shape shape = fg_shapes_maps[_i];
    if (shape.height < 2) /* no output: no such plan */
        return;
    create(shape, 0.0f);
    check_forward(32.0);
}
END_TEST

/* As in test_conv.c, at a mean of 2000 sigma. */
START_TEST(statistics_stand_a_mean_of_1000_sigma)
{
    const fg_map_shape shape = fg_shapes_maps[_i];
    if (shape.height < 2)
        return;
    create(shape, 600.0f);
    check_forward(8192.0);
}
END_TEST

START_TEST(a_constant_channel_has_no_variance)
{
    const fg_map_shape shape = {41, 9, 13};
    const fg_buffer *table = fg_arrays_scratch(2 * OUT_CHANNELS);
    fg_batchnorm_op batchnorm;

    create(shape, 0.0f);
    for (size_t i = 0; i < in_floats(); ++i)
        t.in_values[i] = 0.1f;
    FG_EXPECT_OK(
        fg_buffer_write(t.in.values, 0, t.in_values, in_floats() * sizeof(float), NULL));
    const struct fg_chunks chunks = fg_chunks_of(shape.images, t.out.height, t.out.width);
    const fg_buffer *partials =
        fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)chunks.chunks, CHANNELS));
    FG_EXPECT_OK(fg_pool_forward(&op, &t.in, &t.written, partials, shape.images));
    FG_EXPECT_OK(fg_batchnorm_prepare(&batchnorm, &kernels, true));
    FG_EXPECT_OK(
        fg_batchnorm_statistics(&batchnorm, table, partials, &t.written, shape.images, false));
    const struct fg_statistics *statistics = fg_arrays_read(table);
    for (int k = OUT_FIRST; k < OUT_FIRST + CHANNELS; ++k)
        ck_assert(statistics[k].mean == 0.1f && statistics[k].variance == 0.0f);
}
END_TEST

START_TEST(forward_without_statistics_needs_no_partial_sums)
{
    create((fg_map_shape){3, 5, 5}, 0.0f);
    FG_EXPECT_OK(fg_pool_forward(&op, &t.in, &t.written, NULL, 3));
    check_untouched(fg_arrays_read(t.out.values));
}
END_TEST

static void check_backward(bool finish)
{
    struct fg_coefficients f[CHANNELS];
    double *dy = outs_of(t.out_gradients);
    double *expected = fg_arrays_doubles((size_t)(CHANNELS * t.in_pixels));
    const fg_buffer *coefficients = NULL;

    if (finish) {
        fill(t.out_values, OUT_FIRST, CHANNELS, t.out.pitch, t.out_pixels, 0.0f);
        FG_EXPECT_OK(
            fg_buffer_write(t.out.values, 0, t.out_values, out_floats() * sizeof(float), NULL));
        const double *y = outs_of(t.out_values);
        for (int k = 0; k < CHANNELS; ++k) {
            f[k] = (struct fg_coefficients){(float)fg_arrays_next(-1.0, 1.0),
                                            (float)fg_arrays_next(-1.0, 1.0),
                                            (float)fg_arrays_next(-1.0, 1.0), NAN};
            for (int p = k * t.out_pixels; p < (k + 1) * t.out_pixels; ++p)
                dy[p] += (double)f[k].q * (y[p] - (double)f[k].mean) + (double)f[k].c;
        }
        coefficients = fg_arrays_buffer(f, sizeof f);
    }
    FG_EXPECT_OK(fg_pool_backward(&op, &t.in, &t.written, coefficients, t.ref.images));
    fg_ref_pool_backward(expected, &t.ref, dy);
    const float *got = fg_arrays_read(t.in.gradients);
    for (int c = 0; c < CHANNELS; ++c) {
        fg_compare_rounded("the input's gradient", got + c * t.in.pitch,
                           expected + c * t.in_pixels, (size_t)t.in_pixels, 4.0, 1.0);
        fg_compare_poisoned("slack", got + c * t.in.pitch + t.in_pixels,
                            (size_t)(t.in.pitch - t.in_pixels));
    }
}

START_TEST(backward_is_the_reference)
{
    const fg_map_shape shape = fg_shapes_maps[_i];
    if (shape.height < 2)
        return;
    for (int finish = 0; finish < 2; ++finish) {
        create(shape, 0.0f);
        check_backward(finish);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/pool");
    TCase *tests = tcase_create("pool");
    SRunner *runner = srunner_create(suite);
    const int maps = FG_SHAPES_COUNT(fg_shapes_maps);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, maps);
    tcase_add_loop_test(tests, statistics_stand_a_mean_of_1000_sigma, 0, maps);
    tcase_add_test(tests, a_constant_channel_has_no_variance);
    tcase_add_test(tests, forward_without_statistics_needs_no_partial_sums);
    tcase_add_loop_test(tests, backward_is_the_reference, 0, maps);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
