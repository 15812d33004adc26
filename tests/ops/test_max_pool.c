/* test_max_pool.c - 3x3 max pool behind norm and ReLU, forward and backward, against the
 * reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/max_pool.h"

#include <math.h>
#include <string.h>

#include "ops/batchnorm.h"
#include "ref/batchnorm.h"
#include "ref/max_pool.h"
#include "ref/reader.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/gradcheck.h"
#include "support/shapes.h"

#define MAP_CHANNELS 12
#define CHANNELS 7
#define OUT_FIRST 2
#define OUT_CHANNELS 10 /* of the output's map */
#define MARGIN 64

static const struct fg_source sources[] = {
    {.first_channel = 0, .channels = 1},
    {.first_channel = 8, .channels = 3, .adds = FG_ADDS_GRADIENT},
    {.first_channel = 2, .channels = 2, .adds = FG_ADDS_SUMS | FG_ADDS_PARAMETERS},
    {.first_channel = 6, .channels = 1}};

static fg_kernels kernels;
static fg_max_pool_op op;
static fg_batchnorm_op batchnorm;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_max_pool_prepare(&op, &kernels, true));
    FG_EXPECT_OK(fg_batchnorm_prepare(&batchnorm, &kernels, true));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

/* ---- one case ---- */

static struct {
    fg_ref_max_pool ref;
    fg_ref_reader reader;
    fg_ref_affine ref_affine[CHANNELS];
    struct fg_affine affine[CHANNELS];
    fg_features in, out;
    fg_max_pool_call call;
    int in_pixels, out_pixels; /* of a channel */
    float *values, *gradients, *out_values, *out_gradients;
    double *a; /* what is pooled: [CHANNELS][in_pixels] */
} t;

static size_t in_floats(void)
{
    return (size_t)MAP_CHANNELS * (size_t)t.in.pitch;
}

static size_t out_floats(void)
{
    return (size_t)OUT_CHANNELS * (size_t)t.out.pitch;
}

static const float *row_of(const float *values, int c)
{
    return values + fg_sources_channel(sources, c) * t.in.pitch;
}

/* Levels: so many different values, for maxima that are equal; 0: any value. */
static void fill(float *values, bool only_added, float center, int levels)
{
    for (int i = 0; i < 4; ++i)
        for (int c = 0; c < sources[i].channels; ++c) {
            float *to = values + (sources[i].first_channel + c) * t.in.pitch;
            if (only_added && !(sources[i].adds & FG_ADDS_GRADIENT))
                continue;
            fg_arrays_fill_random(to, (size_t)t.in_pixels, center - 1.0f, center + 1.0f);
            for (int p = 0; p < t.in_pixels && levels > 0; ++p)
                to[p] = roundf(to[p] * (float)levels) / (float)levels;
        }
}

static void fill_outs(float *values)
{
    for (int c = OUT_FIRST; c < OUT_FIRST + CHANNELS; ++c)
        fg_arrays_fill_random(values + c * t.out.pitch, (size_t)t.out_pixels, -1.0f, 1.0f);
}

/* Without a norm the affine part is the identity. */
static void create_affine(bool norm)
{
    for (int c = 0; c < CHANNELS; ++c) {
        struct fg_affine f = {1.0f, 0.0f, 0.0f, 1.0f};
        if (norm)
            f = (struct fg_affine){
                (float)fg_arrays_next(-1.5, 1.5), (float)fg_arrays_next(-0.5, 0.5),
                (float)fg_arrays_next(-0.5, 0.5), (float)fg_arrays_next(0.5, 2.0)};
        t.affine[c] = f;
        t.ref_affine[c] = (fg_ref_affine){(double)f.scale, (double)f.shift, (double)f.mean,
                                          (double)f.inverse};
    }
}

/* Rounded as the device does it: which of two values is larger may depend on it. */
static void activate(bool relu)
{
    t.a = fg_arrays_doubles((size_t)(CHANNELS * t.in_pixels));
    for (int c = 0; c < CHANNELS; ++c)
        for (int p = 0; p < t.in_pixels; ++p)
            t.a[c * t.in_pixels + p] = (double)fmaxf(
                fmaf(row_of(t.values, c)[p], t.affine[c].scale, t.affine[c].shift),
                relu ? 0.0f : -INFINITY);
}

static void create(fg_map_shape shape, bool relu, bool norm, float center, int levels)
{
    const int out_height = (shape.height + 1) / 2, out_width = (shape.width + 1) / 2;

    t.in_pixels = shape.images * shape.height * shape.width;
    t.out_pixels = shape.images * out_height * out_width;
    t.ref = (fg_ref_max_pool){CHANNELS, shape.images, shape.height, shape.width};
    t.reader = (fg_ref_reader){sources, t.ref_affine, CHANNELS, t.in_pixels, relu};
    t.in = (fg_features){NULL, NULL, shape.height, shape.width, t.in_pixels + 17, 0};
    t.out = (fg_features){NULL, NULL, out_height, out_width, t.out_pixels + 19, 0};
    t.values = fg_arrays_floats(in_floats());
    t.gradients = fg_arrays_floats(in_floats());
    t.out_values = fg_arrays_floats(out_floats());
    t.out_gradients = fg_arrays_floats(out_floats());
    fill(t.values, false, center, levels);
    fill(t.gradients, true, 0.0f, 0);
    fill_outs(t.out_gradients);
    create_affine(norm);
    activate(relu);
    t.in.values = fg_arrays_buffer(t.values, in_floats() * sizeof(float));
    t.in.gradients = fg_arrays_buffer(t.gradients, in_floats() * sizeof(float));
    t.out.values = fg_arrays_scratch(out_floats());
    t.out.gradients = fg_arrays_buffer(t.out_gradients, out_floats() * sizeof(float));
    t.call = (fg_max_pool_call){
        .in = {&t.in, fg_arrays_buffer(sources, sizeof sources), 0, 4, CHANNELS},
        .relu = relu,
        .affine = fg_arrays_buffer(t.affine, sizeof t.affine),
        .out = {&t.out, OUT_FIRST, CHANNELS},
        .images = shape.images,
    };
}

static double *outs_of(const float *map)
{
    return fg_arrays_packed(map + OUT_FIRST * t.out.pitch, CHANNELS, (size_t)t.out_pixels,
                            (size_t)t.out.pitch);
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

static void check_statistics(const float *got, double variance_units)
{
    const fg_buffer *table = fg_arrays_scratch(2 * OUT_CHANNELS);
    double mean[CHANNELS], variance[CHANNELS];

    FG_EXPECT_OK(fg_batchnorm_statistics(&batchnorm, table, t.call.statistics_partials,
                                         &t.call.out, t.call.images, false));
    fg_ref_batchnorm_statistics(mean, variance, outs_of(got), CHANNELS, t.out_pixels);
    const struct fg_statistics *statistics = fg_arrays_read(table);
    for (int k = 0; k < CHANNELS; ++k) {
        const struct fg_statistics s = statistics[OUT_FIRST + k];
        fg_compare_rounded("mean", &s.mean, &mean[k], 1, 16.0, 1.0);
        fg_compare_rounded("variance", &s.variance, &variance[k], 1, variance_units, 0.0);
    }
}

/* variance_units: how far the variance may be off. */
static void check_forward(double variance_units)
{
    const struct fg_chunks chunks = fg_chunks_of(t.call.images, t.out.height, t.out.width);
    const size_t floats = FG_PARTIALS_FLOATS((size_t)chunks.chunks, CHANNELS);
    double *expected = fg_arrays_doubles((size_t)(CHANNELS * t.out_pixels));

    t.call.statistics_partials = fg_arrays_scratch(floats + MARGIN);
    FG_EXPECT_OK(fg_max_pool_forward(&op, &t.call));
    fg_ref_max_pool_forward(expected, &t.ref, t.a);
    const float *got = fg_arrays_read(t.out.values);
    check_untouched(got);
    for (int k = 0; k < CHANNELS; ++k) /* nothing is rounded behind the activation */
        fg_compare_rounded("the output", got + (OUT_FIRST + k) * t.out.pitch,
                           expected + k * t.out_pixels, (size_t)t.out_pixels, 0.0, 0.0);
    const float *sums = fg_arrays_read(t.call.statistics_partials);
    fg_compare_poisoned("behind the partial sums", sums + floats, MARGIN);
    check_statistics(got, variance_units);
}

/* As inference does it: without statistics, cut for many compute units. */
static void check_cut(void)
{
    const float *expected = fg_arrays_read(t.out.values);

    t.out.values = fg_arrays_scratch((size_t)(OUT_CHANNELS * t.out.pitch));
    t.call.statistics_partials = NULL;
    FG_WITH_UNITS(64, fg_max_pool_forward(&op, &t.call));
    fg_compare_bits("the output without statistics", fg_arrays_read(t.out.values), expected,
                    (size_t)(OUT_CHANNELS * t.out.pitch));
}

START_TEST(forward_is_the_reference)
{
    for (int flags = 0; flags < 4; ++flags) {
        create(fg_shapes_maps[_i], flags & 1, flags & 2, 0.0f, 0);
        check_forward(32.0);
        check_cut();
    }
}
END_TEST

/* As in test_pool.c; maxima of nine vary less than what they are taken of. */
START_TEST(statistics_stand_a_mean_of_1000_sigma)
{
    create(fg_shapes_maps[_i], false, false, 300.0f, 0);
    check_forward(8192.0);
}
END_TEST

START_TEST(forward_without_statistics_needs_no_partial_sums)
{
    create((fg_map_shape){3, 5, 5}, true, true, 0.0f, 0);
    FG_EXPECT_OK(fg_max_pool_forward(&op, &t.call));
    check_untouched(fg_arrays_read(t.out.values));
}
END_TEST

static void check_norm_partials(int chunks, const double *grad_gamma, const double *grad_beta)
{
    const float *partials = fg_arrays_read(t.call.norm_partials);

    for (int c = 0; c < CHANNELS; ++c) {
        double beta = 0.0, gamma = 0.0, sizes = 0.0;
        for (int chunk = 0; chunk < chunks; ++chunk)
            for (int lane = 0; lane < FG_LANES; ++lane) {
                const float *p = partials + (chunk * CHANNELS + c) * 2 * FG_LANES + lane;
                beta += (double)p[0];
                gamma += (double)p[FG_LANES];
                sizes += fabs((double)p[0]) + fabs((double)p[FG_LANES]);
            }
        fg_compare_rounded("d_beta", &(float){(float)beta}, &grad_beta[c], 1, 64.0, sizes);
        fg_compare_rounded("d_gamma", &(float){(float)gamma}, &grad_gamma[c], 1, 64.0, sizes);
    }
    fg_compare_poisoned("behind the partial sums",
                        partials + FG_PARTIALS_FLOATS(chunks, CHANNELS), MARGIN);
}

/* Random coefficients, with which dy is no longer G: dy += q (y - mean) + c. */
static void finish(double *dy)
{
    struct fg_coefficients f[CHANNELS];

    fill_outs(t.out_values);
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
    t.call.coefficients = fg_arrays_buffer(f, sizeof f);
}

static void check_backward(bool norm, bool finished)
{
    const int chunks = fg_chunks_of(t.call.images, t.in.height, t.in.width).chunks;
    const size_t floats = FG_PARTIALS_FLOATS((size_t)chunks, CHANNELS);
    const size_t pixels = (size_t)t.in_pixels;
    double *dy = outs_of(t.out_gradients), *grad_a = fg_arrays_doubles(CHANNELS * pixels);
    double *expected = fg_arrays_packed(t.gradients, MAP_CHANNELS, pixels, (size_t)t.in.pitch);
    double gamma[CHANNELS], beta[CHANNELS];

    if (finished)
        finish(dy);
    if (norm)
        t.call.norm_partials = fg_arrays_scratch(floats + MARGIN);
    FG_EXPECT_OK(fg_max_pool_backward(&op, &t.call));
    for (int i = 0; i < 4; ++i)
        if (!(sources[i].adds & FG_ADDS_GRADIENT))
            memset(expected + (size_t)sources[i].first_channel * pixels, 0,
                   (size_t)sources[i].channels * pixels * sizeof *expected);
    fg_ref_max_pool_backward(grad_a, &t.ref, t.a, dy);
    fg_ref_reader_backward(expected, gamma, beta, &t.reader,
                           fg_arrays_packed(t.values, MAP_CHANNELS, pixels, (size_t)t.in.pitch),
                           grad_a);

    float *got = fg_arrays_read(t.in.gradients);
    for (int c = 0; c < CHANNELS; ++c) {
        const size_t channel = (size_t)fg_sources_channel(sources, c);
        float *row = got + channel * (size_t)t.in.pitch;
        /* dy is rounded three times, its sum over four windows and G once more each. */
        fg_compare_rounded("the input's gradient", row, expected + channel * pixels, pixels,
                           16.0, 4.0);
        memcpy(row, row_of(t.gradients, c), pixels * sizeof *row);
    }
    fg_compare_bits("everything else", got, t.gradients, in_floats());
    if (norm)
        check_norm_partials(chunks, gamma, beta);
}

START_TEST(backward_is_the_reference)
{
    for (int flags = 0; flags < 8; ++flags) {
        create(fg_shapes_maps[_i], flags & 1, flags & 2, 0.0f, 0);
        check_backward(flags & 2, flags & 4);
    }
}
END_TEST

START_TEST(of_equal_maxima_the_first_one_counts)
{
    create(fg_shapes_maps[_i], false, false, 0.0f, 1);
    check_backward(false, false);
    create(fg_shapes_maps[_i], true, true, 0.0f, 2);
    check_backward(true, false);
}
END_TEST

START_TEST(images_too_wide_for_local_memory_are_refused)
{
    const int width = (int)(kernels.device->info.local_bytes / sizeof(float)) + 1;

    create((fg_map_shape){1, 1, width}, true, true, 0.0f, 0);
    FG_EXPECT_FAILS(fg_max_pool_forward(&op, &t.call), FG_ERR_FIT, "bytes of local memory");
    FG_EXPECT_FAILS(fg_max_pool_backward(&op, &t.call), FG_ERR_FIT, "bytes of local memory");
}
END_TEST

/* ---- the reference itself ---- */

typedef struct check {
    fg_ref_max_pool pool;
    double *in, *out, *grad_out;
    size_t outs;
} check;

static double loss_of(const void *user)
{
    const check *c = user;
    double loss = 0.0;

    fg_ref_max_pool_forward(c->out, &c->pool, c->in);
    for (size_t i = 0; i < c->outs; ++i)
        loss += c->out[i] * c->grad_out[i];
    return loss;
}

START_TEST(the_reference_has_the_gradient_of_finite_differences)
{
    enum { PIXELS = 2 * 2 * 5 * 6, OUTS = 2 * 2 * 3 * 3 };
    const check c = {{2, 2, 5, 6},
                     fg_arrays_widened(fg_arrays_random(PIXELS, -1.0f, 1.0f), PIXELS),
                     fg_arrays_doubles(OUTS),
                     fg_arrays_widened(fg_arrays_random(OUTS, -1.0f, 1.0f), OUTS),
                     OUTS};
    double *grad_in = fg_arrays_doubles(PIXELS);

    fg_ref_max_pool_backward(grad_in, &c.pool, c.in, c.grad_out);
    fg_gradcheck("grad_in", loss_of, &c, c.in, grad_in, PIXELS);
}
END_TEST

START_TEST(the_reference_gives_a_tie_to_its_first_pixel)
{
    const fg_ref_max_pool pool = {1, 1, 3, 3};
    const double in[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, grad_out[4] = {1, 2, 4, 8};
    const double expected[9] = {1, 2, 0, 4, 8, 0, 0, 0, 0};
    double grad_in[9];

    fg_ref_max_pool_backward(grad_in, &pool, in, grad_out);
    for (int i = 0; i < 9; ++i)
        ck_assert_double_eq(grad_in[i], expected[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/max_pool");
    TCase *tests = tcase_create("max_pool");
    SRunner *runner = srunner_create(suite);
    const int maps = FG_SHAPES_COUNT(fg_shapes_maps);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_test(tests, the_reference_has_the_gradient_of_finite_differences);
    tcase_add_test(tests, the_reference_gives_a_tie_to_its_first_pixel);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, maps);
    tcase_add_loop_test(tests, statistics_stand_a_mean_of_1000_sigma, 0, maps);
    tcase_add_test(tests, forward_without_statistics_needs_no_partial_sums);
    tcase_add_loop_test(tests, backward_is_the_reference, 0, maps);
    tcase_add_loop_test(tests, of_equal_maxima_the_first_one_counts, 0, maps);
    tcase_add_test(tests, images_too_wide_for_local_memory_are_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
