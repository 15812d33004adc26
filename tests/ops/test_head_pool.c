/* test_head_pool.c - norm, ReLU and grid pool over sources, against the reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/head_pool.h"

#include <math.h>
#include <string.h>

#include "ref/head_pool.h"
#include "ref/reader.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/shapes.h"

#define MAP_CHANNELS 12
#define CHANNELS 7
#define MARGIN 64

static const struct fg_source sources[] = {
    {.first_channel = 0, .channels = 1},
    {.first_channel = 8, .channels = 3, .adds = FG_ADDS_GRADIENT},
    {.first_channel = 2, .channels = 2, .adds = FG_ADDS_SUMS | FG_ADDS_PARAMETERS},
    {.first_channel = 6, .channels = 1}};

static fg_kernels kernels;
static fg_head_pool_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_head_pool_prepare(&op, &kernels, true));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

static struct {
    int grid, pixels;
    bool relu, norm;
    fg_ref_head_pool ref;
    fg_ref_reader reader;
    fg_ref_affine ref_affine[CHANNELS];
    fg_features in, out;
    fg_input input;
    const fg_buffer *affine;
    float *values, *gradients, *out_gradients;
    double *x, *a;
} t;

static size_t in_floats(void)
{
    return (size_t)MAP_CHANNELS * (size_t)t.in.pitch;
}

static size_t out_channels(void)
{
    return (size_t)CHANNELS * (size_t)(t.grid * t.grid);
}

static void fill(float *values, bool only_added)
{
    for (int i = 0; i < 4; ++i)
        if ((sources[i].adds & FG_ADDS_GRADIENT) || !only_added)
            for (int c = 0; c < sources[i].channels; ++c)
                fg_arrays_fill_random(values + (sources[i].first_channel + c) * t.in.pitch,
                                      (size_t)t.pixels, -1.0f, 1.0f);
}

static void create_affine(bool norm)
{
    struct fg_affine f[CHANNELS];

    for (int c = 0; c < CHANNELS; ++c) {
        f[c] = (struct fg_affine){1.0f, 0.0f, 0.0f, 1.0f};
        if (norm)
            f[c] = (struct fg_affine){
                (float)fg_arrays_next(0.5, 1.5), (float)fg_arrays_next(-0.5, 0.5),
                (float)fg_arrays_next(-0.5, 0.5), (float)fg_arrays_next(0.5, 2.0)};
        t.ref_affine[c] = (fg_ref_affine){(double)f[c].scale, (double)f[c].shift,
                                          (double)f[c].mean, (double)f[c].inverse};
    }
    t.affine = fg_arrays_buffer(f, sizeof f);
}

/* false where the map has no such grid. */
static bool create(fg_map_shape shape, int grid, bool relu, bool norm)
{
    const int side = shape.height < shape.width ? shape.height : shape.width;

    if (grid > side)
        return false;
    t.grid = grid;
    t.relu = relu;
    t.norm = norm;
    t.pixels = shape.images * shape.height * shape.width;
    t.ref = (fg_ref_head_pool){CHANNELS, shape.images, shape.height, shape.width, grid};
    t.reader = (fg_ref_reader){sources, t.ref_affine, CHANNELS, t.pixels, relu};
    t.in = (fg_features){NULL, NULL, shape.height, shape.width, t.pixels + 17, 0};
    t.out = (fg_features){NULL, NULL, 1, 1, shape.images + 16, -1};
    t.values = fg_arrays_floats(in_floats());
    t.gradients = fg_arrays_floats(in_floats());
    t.out_gradients = fg_arrays_floats(out_channels() * (size_t)t.out.pitch);
    fill(t.values, false);
    fill(t.gradients, true);
    for (size_t k = 0; k < out_channels(); ++k)
        fg_arrays_fill_random(t.out_gradients + k * (size_t)t.out.pitch, (size_t)shape.images,
                              -1.0f, 1.0f);
    create_affine(norm);
    t.input = (fg_input){&t.in, fg_arrays_buffer(sources, sizeof sources), 0, 4, CHANNELS};
    t.in.values = fg_arrays_buffer(t.values, in_floats() * sizeof(float));
    t.in.gradients = fg_arrays_buffer(t.gradients, in_floats() * sizeof(float));
    t.out.values = fg_arrays_scratch(out_channels() * (size_t)t.out.pitch);
    t.out.gradients =
        fg_arrays_buffer(t.out_gradients, out_channels() * (size_t)t.out.pitch * sizeof(float));
    t.x = fg_arrays_packed(t.values, MAP_CHANNELS, (size_t)t.pixels, (size_t)t.in.pitch);
    t.a = fg_arrays_doubles((size_t)(CHANNELS * t.pixels));
    fg_ref_reader_forward(t.a, &t.reader, t.x);
    return true;
}

static void check_forward(void)
{
    const int images = t.ref.images;
    double *expected = fg_arrays_doubles(out_channels() * (size_t)images);

    FG_EXPECT_OK(fg_head_pool_forward(&op, &t.input, &t.out, t.affine, t.relu, t.grid, images));
    fg_ref_head_pool_forward(expected, &t.ref, t.a);
    const float *got = fg_arrays_read(t.out.values);
    for (size_t k = 0; k < out_channels(); ++k) {
        /* A cell's sum has up to 1600 terms; its roundings are independent, and as large as it is,
         * or without a ReLU as the root of so many terms. */
        fg_compare_rounded("the output", got + k * (size_t)t.out.pitch,
                           expected + k * (size_t)images, (size_t)images, 80.0, 0.1);
        fg_compare_poisoned("slack", got + k * (size_t)t.out.pitch + images,
                            (size_t)(t.out.pitch - images));
    }
}

START_TEST(forward_is_the_reference)
{
    for (int grid = 1; grid <= 3; ++grid)
        for (int flags = 0; flags < 4; ++flags)
            if (create(fg_shapes_maps[_i], grid, flags & 1, flags & 2))
                check_forward();
}
END_TEST

static void check_sums(const float *partials, int chunks, const double *grad_gamma,
                       const double *grad_beta)
{
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
}

static void check_backward(void)
{
    const int images = t.ref.images, pixels = t.pixels;
    const int chunks = fg_chunks_of(images, t.in.height, t.in.width).chunks;
    const size_t partials_count = FG_PARTIALS_FLOATS((size_t)chunks, (size_t)CHANNELS);
    const fg_buffer *partials = t.norm ? fg_arrays_scratch(partials_count + MARGIN) : NULL;
    double *grad_a = fg_arrays_doubles((size_t)(CHANNELS * pixels));
    double *expected =
        fg_arrays_packed(t.gradients, MAP_CHANNELS, (size_t)pixels, (size_t)t.in.pitch);
    double grad_gamma[CHANNELS], grad_beta[CHANNELS];

    FG_EXPECT_OK(fg_head_pool_backward(&op, &t.input, &t.out, t.affine, t.relu, partials,
                                       t.grid, images));
    for (int i = 0; i < 4; ++i)
        if (!(sources[i].adds & FG_ADDS_GRADIENT))
            memset(expected + sources[i].first_channel * pixels, 0,
                   (size_t)(sources[i].channels * pixels) * sizeof *expected);
    fg_ref_head_pool_backward(
        grad_a, &t.ref,
        fg_arrays_packed(t.out_gradients, out_channels(), (size_t)images, (size_t)t.out.pitch));
    fg_ref_reader_backward(expected, grad_gamma, grad_beta, &t.reader, t.x, grad_a);

    float *got = fg_arrays_read(t.in.gradients);
    for (int c = 0; c < CHANNELS; ++c) {
        float *row = got + fg_sources_channel(sources, c) * t.in.pitch;
        const size_t before = (size_t)(row - got);
        fg_compare_rounded("the input's gradient", row,
                           expected + fg_sources_channel(sources, c) * pixels, (size_t)pixels,
                           6.0, 1.0);
        memcpy(row, t.gradients + before, (size_t)pixels * sizeof *row);
    }
    fg_compare_bits("everything else", got, t.gradients, in_floats());
    if (partials == NULL)
        return;
    const float *sums = fg_arrays_read(partials);
    fg_compare_poisoned("behind the partial sums", sums + partials_count, MARGIN);
    check_sums(sums, chunks, grad_gamma, grad_beta);
}

START_TEST(backward_is_the_reference)
{
    for (int grid = 1; grid <= 3; ++grid)
        for (int flags = 0; flags < 4; ++flags)
            if (create(fg_shapes_maps[_i], grid, flags & 1, flags & 2))
                check_backward();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/head_pool");
    TCase *tests = tcase_create("head_pool");
    SRunner *runner = srunner_create(suite);
    const int maps = FG_SHAPES_COUNT(fg_shapes_maps);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, maps);
    tcase_add_loop_test(tests, backward_is_the_reference, 0, maps);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
