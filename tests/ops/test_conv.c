/* test_conv.c - convolution over sources, forward and backward, against the reference.
 *
 * That nothing is read or written beside what should be is checked too: support/conv_run.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "ops/batchnorm.h"
#include "ref/batchnorm.h"
#include "ref/conv.h"
#include "ref/pool.h"
#include "ref/reader.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/conv_run.h"
#include "support/device_fixture.h"

static fg_kernels kernels;
static size_t local_bytes; /* of the device; a test may say that it has less */
static fg_conv_run run;

/* The same once more, in double precision. */
static struct {
    fg_ref_reader reader;
    fg_ref_conv conv;
    double *x;       /* the input's map: [channels of the map][pixels] */
    double *a;       /* what the convolution reads: [in_channels][pixels] */
    double *weights; /* [out_channels][in_channels / groups][taps] */
} ref;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    local_bytes = kernels.device->info.local_bytes;
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

static void teardown(void)
{
    kernels.device->info.local_bytes = local_bytes;
    fg_arrays_clear();
}

static double *read_map(const float *values, const fg_conv_map *map)
{
    return fg_arrays_packed(values, (size_t)map->channels, (size_t)map->pixels,
                            (size_t)map->device.pitch);
}

/* The convolution's own channels of its output's map. */
static double *read_outs(const float *values)
{
    const size_t pitch = (size_t)run.out.device.pitch;
    return fg_arrays_packed(values + (size_t)run.call.out.first_channel * pitch,
                            (size_t)run.call.out.channels, (size_t)run.out.pixels, pitch);
}

/* values *= the masks of [channels][pixels of map] */
static void drop(double *values, struct fg_dropout masks, fg_dropout_kind kind,
                 const fg_conv_map *map, int channels)
{
    const int image = map->device.height * map->device.width;

    for (int i = 0; i < channels * map->pixels; ++i)
        if (kind == FG_DROPOUT_ELEMENTS)
            values[i] *= (double)fg_dropout_at(masks, (fg_u32)i);
        else if (kind == FG_DROPOUT_CHANNELS)
            values[i] *= (double)fg_dropout_at(masks, (fg_u32)(i / image));
}

static void drop_inputs(double *values)
{
    drop(values, run.call.in_dropout, run.op.shape.in_dropout, &run.in, run.call.in.channels);
}

static void drop_outputs(double *values)
{
    drop(values, run.call.out_dropout, run.op.shape.out_dropout, &run.out,
         run.call.out.channels);
}

/* The reference's side of the run. */
static void create_ref(void)
{
    const int in = run.call.in.channels;
    fg_ref_affine *affine = (fg_ref_affine *)fg_arrays_doubles((size_t)in * 4);
    for (int c = 0; c < in; ++c) {
        const struct fg_affine f = run.affine[c];
        affine[c] = (fg_ref_affine){(double)f.scale, (double)f.shift, (double)f.mean,
                                    (double)f.inverse};
    }
    const fg_conv_shape *shape = &run.op.shape;
    ref.reader = (fg_ref_reader){run.sources, affine, in, run.in.pixels, run.call.relu};
    ref.conv =
        (fg_ref_conv){run.shape->map.images, shape->in_height, shape->in_width, in,
                      shape->out_channels,   shape->side,      shape->stride,   shape->groups};
    ref.x = read_map(run.in.values, &run.in);
    ref.a = fg_arrays_doubles((size_t)in * (size_t)run.in.pixels);
    fg_ref_reader_forward(ref.a, &ref.reader, ref.x);
    drop_inputs(ref.a);
    ref.weights = fg_arrays_widened(run.parameters + FG_CONV_RUN_MARGIN, (size_t)run.weights);
}

static void create_case(const fg_conv_case *shape, fg_conv_place place)
{
    fg_conv_run_create(&run, &kernels, shape, place);
    create_ref();
}

static void create(int index, fg_conv_place place)
{
    create_case(&fg_shapes_convs[index], place);
}

/* got against a sum of `terms` products each. Every addition rounds a sum of about the size of
 * the largest result by at most half a unit; such errors are independent, so they grow with the
 * square root of the number of terms. Each term was rounded a few times itself. */
static double units_of_sum(double terms)
{
    return 4.0 + 2.0 * sqrt(terms);
}

static void compare_sums(const char *what, const float *got, const double *expected,
                         size_t count, double terms)
{
    fg_compare_rounded(what, got, expected, count, units_of_sum(terms),
                       fg_arrays_largest(expected, count));
}

/* Products of one output. */
static double terms_of_output(void)
{
    return ref.conv.in_channels / ref.conv.groups * ref.conv.side * ref.conv.side;
}

/* The mean of 2x2 pixels of what the convolution makes at full size. */
static fg_ref_pool pool_of(void)
{
    return (fg_ref_pool){ref.conv.out_channels, ref.conv.images, ref.conv.height,
                         ref.conv.width};
}

static double *convolve(const double *bias)
{
    const size_t outs = (size_t)ref.conv.out_channels;
    double *out = fg_arrays_doubles(outs * (size_t)run.out.pixels);

    if (run.place != FG_CONV_POOLED) {
        fg_ref_conv_forward(out, &ref.conv, ref.a, ref.weights, bias);
    } else {
        const fg_ref_pool pool = pool_of();
        double *full = fg_arrays_doubles(outs * (size_t)run.in.pixels);
        fg_ref_conv_forward(full, &ref.conv, ref.a, ref.weights, bias);
        fg_ref_pool_forward(out, &pool, full);
    }
    return out;
}

static void check_forward(void)
{
    const fg_output *out = &run.call.out;
    const size_t pitch = (size_t)run.out.device.pitch, pixels = (size_t)run.out.pixels;
    const double *bias =
        run.place != FG_CONV_LINEAR
            ? NULL
            : fg_arrays_widened(run.parameters + run.call.first_bias, (size_t)out->channels);
    double *expected = convolve(bias);

    fg_conv_run_forward(&run);
    drop_outputs(expected);
    const float *got = fg_arrays_read(run.out.device.values);
    for (int k = 0; k < out->channels; ++k)
        compare_sums("the output", got + (size_t)(out->first_channel + k) * pitch,
                     expected + (size_t)k * pixels, pixels, terms_of_output());
}

START_TEST(forward_is_the_reference)
{
    for (int place = 0; place < FG_CONV_PLACES; ++place) {
        if (!fg_conv_run_possible(&fg_shapes_convs[_i], place))
            continue;
        create(_i, place);
        check_forward();
    }
}
END_TEST

/* Runs forward and merges its partial sums: statistics of the output's channels. */
static const struct fg_statistics *run_statistics(void)
{
    const fg_output *out = &run.call.out;
    const size_t slots = (size_t)(out->first_channel + out->channels);
    const fg_buffer *table = fg_arrays_scratch(2 * slots);
    fg_batchnorm_op op;

    fg_conv_run_forward(&run);
    FG_EXPECT_OK(fg_batchnorm_prepare(&op, &kernels, true));
    FG_EXPECT_OK(fg_batchnorm_statistics(&op, table, run.call.partials, out, run.call.images,
                                         fg_conv_image_runs(&run.op)));
    const struct fg_statistics *statistics = fg_arrays_read(table);
    fg_compare_poisoned("the statistics of other channels", &statistics[0].mean,
                        (size_t)out->first_channel * 2);
    return statistics + out->first_channel;
}

static void check_statistics(double mean_units, double variance_units)
{
    const struct fg_statistics *got = run_statistics();
    const int outs = run.call.out.channels;
    const double *y = read_outs(fg_arrays_read(run.out.device.values));
    double *mean = fg_arrays_doubles((size_t)outs), *variance = fg_arrays_doubles((size_t)outs);

    fg_ref_batchnorm_statistics(mean, variance, y, outs, run.out.pixels);
    for (int k = 0; k < outs; ++k) {
        fg_compare_rounded("mean", &got[k].mean, &mean[k], 1, mean_units, sqrt(variance[k]));
        /* In double precision a constant channel's is not quite 0. */
        fg_compare_rounded("variance", &got[k].variance, &variance[k], 1, variance_units,
                           1e-20);
    }
}

/* Both are means over the pixels, whose roundings are independent and shrink with their number;
 * some for each pixel of a lane, and for merging chunks and lanes. */
START_TEST(statistics_are_those_of_what_was_written)
{
    const fg_conv_place places[] = {FG_CONV_IN_STAGE, FG_CONV_BETWEEN, FG_CONV_POOLED};

    for (int i = 0; i < 3; ++i) {
        if (!fg_conv_run_possible(&fg_shapes_convs[_i], places[i]))
            continue;
        create(_i, places[i]);
        check_statistics(16.0, 32.0);
    }
}
END_TEST

/* A lane's mean is off by up to half a unit of 1000 sigma, 2^-14 sigma, and a square by twice
 * that for each of its two factors: 2^12 units, up or down. E[x^2] - mean^2 would be off by
 * 10^6 units if only its two terms were rounded. */
START_TEST(statistics_stand_a_mean_of_1000_sigma)
{
    const fg_conv_place places[] = {FG_CONV_IN_STAGE, FG_CONV_BETWEEN};
    const int outs = fg_shapes_convs[_i].out_channels;

    create(_i, places[fg_conv_run_possible(&fg_shapes_convs[_i], places[0]) ? _i % 2 : 1]);
    double *y = fg_arrays_doubles((size_t)(outs * run.out.pixels));
    fg_ref_conv_forward(y, &ref.conv, ref.a, ref.weights, NULL);
    run.call.first_bias = FG_CONV_RUN_MARGIN + run.weights;
    double *mean = fg_arrays_doubles((size_t)outs), *variance = fg_arrays_doubles((size_t)outs);
    fg_ref_batchnorm_statistics(mean, variance, y, outs, run.out.pixels);
    for (int k = 0; k < outs; ++k)
        run.parameters[run.call.first_bias + k] = (float)(1000.0 * sqrt(variance[k]) + 1.0);
    check_statistics(16.0, 4096.0);
}
END_TEST

START_TEST(a_constant_channel_has_no_variance)
{
    create(_i, FG_CONV_BETWEEN);
    run.call.first_bias = FG_CONV_RUN_MARGIN + run.weights;
    for (int i = 0; i < run.weights; ++i)
        run.parameters[FG_CONV_RUN_MARGIN + i] = 0.0f;
    for (int k = 0; k < run.call.out.channels; ++k)
        run.parameters[run.call.first_bias + k] = 0.1f;
    const struct fg_statistics *got = run_statistics();
    for (int k = 0; k < run.call.out.channels; ++k)
        ck_assert(got[k].mean == 0.1f && got[k].variance == 0.0f);
}
END_TEST

/* The gradient of what the convolution makes: that of the output, before it was pooled. */
static double *convolution_gradient(double *dy)
{
    const fg_ref_pool pool = pool_of();
    double *full;

    if (run.place != FG_CONV_POOLED)
        return dy;
    full = fg_arrays_doubles((size_t)ref.conv.out_channels * (size_t)run.in.pixels);
    fg_ref_pool_backward(full, &pool, dy);
    return full;
}

/* dy = G + q (y - mean) + c, or G where nothing normalises the output. */
static double *output_gradient(void)
{
    double *dy = read_outs(run.out.gradients);
    const double *y = read_outs(run.out.values);

    if (run.place != FG_CONV_LINEAR)
        for (int k = 0; k < run.call.out.channels; ++k) {
            const struct fg_coefficients f = run.coefficients[k];
            for (int p = k * run.out.pixels; p < (k + 1) * run.out.pixels; ++p)
                dy[p] += (double)f.q * (y[p] - (double)f.mean) + (double)f.c;
        }
    drop_outputs(dy);
    return convolution_gradient(dy);
}

static void check_weight_gradients(const double *dy)
{
    double *expected = fg_arrays_doubles((size_t)run.weights);
    const float *got = fg_arrays_read(run.call.gradients);

    fg_ref_conv_backward_weights(expected, &ref.conv, ref.a, dy);
    compare_sums("the weights' gradient", got + FG_CONV_RUN_GRADIENT, expected,
                 (size_t)run.weights, run.out.pixels);
}

/* d_beta and d_gamma: the chunks' and lanes' shares together. */
static void check_norm_sums(const double *grad_gamma, const double *grad_beta)
{
    const float *partials = fg_arrays_read(run.call.partials);
    const fg_features *map = &fg_conv_run_walked(&run)->device;
    const int chunks = fg_chunks_of(run.call.images, map->height, map->width).chunks;
    const int in = run.call.in.channels;
    float *got_beta = fg_arrays_floats((size_t)in), *got_gamma = fg_arrays_floats((size_t)in);

    for (int c = 0; c < in; ++c) {
        double beta = 0.0, gamma = 0.0;
        for (int chunk = 0; chunk < chunks; ++chunk)
            for (int lane = 0; lane < FG_LANES; ++lane) {
                const float *p = partials + (chunk * in + c) * 2 * FG_LANES + lane;
                beta += (double)p[0];
                gamma += (double)p[FG_LANES];
            }
        got_beta[c] = (float)beta;
        got_gamma[c] = (float)gamma;
    }
    compare_sums("d_beta", got_beta, grad_beta, (size_t)in, run.in.pixels);
    compare_sums("d_gamma", got_gamma, grad_gamma, (size_t)in, run.in.pixels);
}

static void check_data_gradients(const double *dy)
{
    const size_t in = (size_t)ref.conv.in_channels, pixels = (size_t)run.in.pixels;
    const size_t pitch = (size_t)run.in.device.pitch;
    double *grad_a = fg_arrays_doubles(in * pixels);
    double *expected = read_map(run.in.gradients, &run.in);
    double *grad_gamma = fg_arrays_doubles(in), *grad_beta = fg_arrays_doubles(in);
    const float *got = fg_arrays_read(run.in.device.gradients);

    /* The first reader writes, whatever was there; the others add. */
    for (int i = 0; i < run.call.in.sources_count; ++i) {
        const struct fg_source source = run.sources[i];
        if (!(source.adds & FG_ADDS_GRADIENT))
            memset(expected + (size_t)source.first_channel * pixels, 0,
                   (size_t)source.channels * pixels * sizeof *expected);
    }
    fg_ref_conv_backward_data(grad_a, &ref.conv, ref.weights, dy);
    drop_inputs(grad_a);
    fg_ref_reader_backward(expected, grad_gamma, grad_beta, &ref.reader, ref.x, grad_a);
    /* A channel's own gradients may all be small by chance: what is rounded is not. */
    const double largest = fg_arrays_largest(grad_a, in * pixels);
    for (size_t c = 0; c < in; ++c) {
        const size_t channel = (size_t)fg_sources_channel(run.sources, (int)c);
        const double *own = expected + channel * pixels;
        fg_compare_rounded(
            "the input's gradient", got + channel * pitch, own, pixels,
            units_of_sum(ref.conv.out_channels / ref.conv.groups * ref.conv.side *
                         ref.conv.side),
            fmax(fg_arrays_largest(own, pixels), fabs(ref.reader.affine[c].scale) * largest));
    }
    if (run.call.partials != NULL)
        check_norm_sums(grad_gamma, grad_beta);
}

START_TEST(backward_is_the_reference)
{
    for (int place = 0; place < FG_CONV_PLACES; ++place) {
        if (!fg_conv_run_possible(&fg_shapes_convs[_i], place))
            continue;
        create(_i, place);
        fg_conv_run_backward(&run);
        const double *dy = output_gradient();
        check_weight_gradients(dy);
        if (place != FG_CONV_FIRST)
            check_data_gradients(dy);
    }
}
END_TEST

static void check_all(void)
{
    check_forward();
    fg_conv_run_backward(&run);
    const double *dy = output_gradient();
    check_weight_gradients(dy);
    check_data_gradients(dy);
}

/* Images smaller than a vector, vectors that span two images, rows wider than one, groups, all
 * kernels. */
static const fg_conv_case dropping[] = {
    {1, {40, 3, 3}, {5, 2}, 9, 1, 1},   {1, {9, 7, 5}, {3, 1}, 6, 2, 1},
    {3, {33, 13, 13}, {5}, 6, 1, 1},    {3, {3, 5, 5}, {4, 2}, 6, 3, 1},
    {3, {33, 13, 12}, {4, 2}, 6, 3, 2}, {5, {2, 40, 33}, {3}, 2, 1, 1},
    {1, {40, 7, 5}, {5, 2}, 9, 1, 2},   {1, {9, 7, 37}, {3, 1}, 6, 2, 2},
};

START_TEST(dropout_masks_both_passes)
{
    static const fg_dropout_kind kinds[][2] = {{FG_DROPOUT_ELEMENTS, FG_DROPOUT_CHANNELS},
                                               {FG_DROPOUT_CHANNELS, FG_DROPOUT_ELEMENTS}};
    for (int i = 0; i < 2; ++i) {
        fg_conv_run_create_dropping(&run, &kernels, &dropping[_i], FG_CONV_BETWEEN, kinds[i][0],
                                    kinds[i][1]);
        create_ref();
        check_all();
        check_statistics(16.0, 32.0);
    }
}
END_TEST

/* A mean of a channel that is dropped is dropped. */
START_TEST(dropout_masks_what_is_pooled)
{
    static const fg_conv_case cases[] = {{1, {40, 5, 5}, {5, 2}, 9, 1, 1},
                                         {1, {5, 32, 34}, {3, 1}, 6, 2, 1}};
    fg_conv_run_create_dropping(&run, &kernels, &cases[_i], FG_CONV_POOLED, FG_DROPOUT_NONE,
                                FG_DROPOUT_CHANNELS);
    create_ref();
    check_all();
    check_statistics(16.0, 32.0);
}
END_TEST

START_TEST(local_memory_that_is_too_small_is_refused)
{
    static const fg_conv_case cases[] = {{3, {1, 1, 1}, {1}, 1, 1, 1},
                                         {5, {1, 1, 1}, {1}, 1, 1, 1}};
    for (int i = 0; i < 2; ++i) {
        create_case(&cases[i], FG_CONV_BETWEEN);
        fg_conv_run_forward(&run);
        const fg_conv_shape shape = run.op.shape;
        kernels.device->info.local_bytes = 400;
        FG_EXPECT_FAILS(fg_conv_prepare(&run.op, &kernels, &shape, NULL), FG_ERR_FIT,
                        "of 1 to 1 channels");
        FG_EXPECT_FAILS(fg_conv_prepare(&run.op, &kernels, &shape, NULL), FG_ERR_FIT,
                        "the device has 400");
        kernels.device->info.local_bytes = local_bytes;
        FG_EXPECT_OK(fg_conv_prepare(&run.op, &kernels, &shape, NULL));
        run.op.local_floats = 100;
        FG_EXPECT_FAILS(fg_conv_forward(&run.op, &run.call), FG_ERR_FIT, "local memory");
        FG_EXPECT_FAILS(fg_conv_backward(&run.op, &run.call), FG_ERR_FIT, "local memory");
    }
}
END_TEST

/* Of the last two's inputs not even the numbers of all channels fit. Of a 3x3 that is wide, two
 * rows of the image are packed beside each tile. */
static const fg_conv_case large[] = {
    {11, {1, 12, 12}, {3}, 96, 1, 2},       {11, {1, 56, 56}, {2}, 2, 1, 1},
    {7, {1, 64, 224}, {3}, 64, 1, 2},       {3, {1, 3, 3}, {2048}, 8, 1, 2},
    {3, {1, 3, 3}, {2048}, 8, 1, 1},        {3, {1, 3, 3}, {8}, 2048, 8, 2},
    {3, {1, 8, 8}, {3}, 12, 1, 1},          {3, {1, 56, 56}, {12}, 96, 1, 1},
    {3, {1, 112, 112}, {48}, 128, 1, 2},    {1, {1, 3, 3}, {2048}, 8, 1, 1},
    {1, {1, 3, 3}, {2048}, 64, 2, 1},       {1, {2, 1, 1}, {9000, 3000}, 10, 1, 1},
    {1, {40, 4, 4}, {9000, 1, 7}, 10, 1, 2}};

/* On a device that has the least local memory that OpenCL promises, for which tilings are chosen
 * too. */
static void create_in_32_kib(const fg_conv_case *shape, fg_conv_place place)
{
    kernels.device->info.local_bytes = 32 * 1024;
    create_case(shape, place);
}

START_TEST(wide_and_large_filters_fit_in_32_kib)
{
    create_in_32_kib(&large[_i], FG_CONV_BETWEEN);
    check_all();
}
END_TEST

START_TEST(what_is_pooled_fits_in_32_kib)
{
    static const fg_conv_case cases[] = {{1, {2, 7, 7}, {2048}, 64, 2, 1},
                                         {1, {1, 4, 600}, {9, 3}, 300, 1, 1}};
    create_in_32_kib(&cases[_i], FG_CONV_POOLED);
    check_all();
}
END_TEST

START_TEST(a_classifier_has_as_many_inputs_as_it_likes)
{
    static const fg_conv_case wide = {1, {1, 1, 1}, {60000, 40000}, 10, 1, 1};
    create_case(&wide, FG_CONV_LINEAR);
    check_all();
}
END_TEST

START_TEST(impossible_shapes_are_refused)
{
    fg_conv_op op;
    fg_conv_shape shape = {.side = 3, .stride = 3, .groups = 1};
    FG_EXPECT_FAILS(fg_conv_prepare(&op, &kernels, &shape, NULL), FG_ERR_ARGUMENT,
                    "stride is 3");
    shape.stride = 1;
    shape.groups = 2;
    shape.in_channels = 4;
    shape.out_channels = 3;
    FG_EXPECT_FAILS(fg_conv_prepare(&op, &kernels, &shape, NULL), FG_ERR_ARGUMENT, "2 groups");
    shape.groups = 0;
    FG_EXPECT_FAILS(fg_conv_prepare(&op, &kernels, &shape, NULL), FG_ERR_ARGUMENT, "0 groups");
}
END_TEST

START_TEST(only_plain_1x1_convolutions_are_pooled)
{
    const fg_conv_shape good = {.side = 1, .stride = 1, .groups = 1, .pooled = true};
    fg_conv_shape bad[] = {good, good, good, good};
    fg_conv_op op;

    bad[0].side = 3;
    bad[1].stride = 2;
    bad[2].in_place = true;
    bad[3].in_dropout = FG_DROPOUT_CHANNELS;
    for (int i = 0; i < 4; ++i)
        FG_EXPECT_FAILS(fg_conv_prepare(&op, &kernels, &bad[i], NULL), FG_ERR_ARGUMENT,
                        "cannot pool what it reads");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/conv");
    TCase *tests = tcase_create("conv");
    SRunner *runner = srunner_create(suite);
    const int cases = FG_SHAPES_COUNT(fg_shapes_convs);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, cases);
    tcase_add_loop_test(tests, statistics_are_those_of_what_was_written, 0, cases);
    tcase_add_loop_test(tests, statistics_stand_a_mean_of_1000_sigma, 0, cases);
    tcase_add_loop_test(tests, a_constant_channel_has_no_variance, 0, cases);
    tcase_add_loop_test(tests, backward_is_the_reference, 0, cases);
    tcase_add_test(tests, local_memory_that_is_too_small_is_refused);
    tcase_add_loop_test(tests, wide_and_large_filters_fit_in_32_kib, 0, FG_SHAPES_COUNT(large));
    tcase_add_test(tests, a_classifier_has_as_many_inputs_as_it_likes);
    tcase_add_loop_test(tests, dropout_masks_both_passes, 0, FG_SHAPES_COUNT(dropping));
    tcase_add_loop_test(tests, dropout_masks_what_is_pooled, 0, 2);
    tcase_add_loop_test(tests, what_is_pooled_fits_in_32_kib, 0, 2);
    tcase_add_test(tests, impossible_shapes_are_refused);
    tcase_add_test(tests, only_plain_1x1_convolutions_are_pooled);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
