/* test_batchnorm_backward.c - what a reader's backward pass leaves per channel, and what the
 * producer makes of it, against the textbook.
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

static fg_buffer *upload(const float *values, size_t count)
{
    return fg_arrays_buffer(values, count * sizeof *values);
}

/* Where the elements of one norm begin. */
typedef struct norm_place {
    int scale, shift, scale_gradient, shift_gradient, mean, variance;
} norm_place;

/* Sends a list of sources through one norm, except those that have scale -1 already. */
static void normalise(struct fg_source *list, int count, norm_place norm)
{
    for (int i = 0, c = 0; i < count; c += list[i++].channels) {
        list[i].slot = FIRST_SLOT + list[i].first_channel;
        if (list[i].scale < 0)
            continue;
        list[i].scale = norm.scale + c;
        list[i].shift = norm.shift + c;
        list[i].scale_gradient = norm.scale_gradient + c;
        list[i].shift_gradient = norm.shift_gradient + c;
        list[i].mean = norm.mean + c;
        list[i].variance = norm.variance + c;
    }
}

/* Three readers of one map, in the order of the backward pass. The first two have norms of
 * their own; the third reads one source through the first one's norm and two as they are. */
#define READER_SOURCES 3
static const struct fg_source lists[][READER_SOURCES] = {
    {{.first_channel = 20, .channels = 5, .adds = FG_ADDS_GRADIENT},
     {.first_channel = 0, .channels = 1},
     {.first_channel = 7, .channels = 12}},
    {{.first_channel = 7, .channels = 12, .adds = FG_ADDS_SUMS},
     {.first_channel = 30, .channels = 10, .scale = -1},
     {.first_channel = 20, .channels = 5, .adds = FG_ADDS_SUMS}},
    {{.first_channel = 20, .channels = 5, .scale = -1},
     {.first_channel = 0, .channels = 1, .scale = -1},
     {.first_channel = 7, .channels = 12, .adds = FG_ADDS_SUMS | FG_ADDS_PARAMETERS}},
};
static const norm_place norms[] = {
    {.scale = 7, .shift = 90, .scale_gradient = 44, .shift_gradient = 2},
    {.scale = 30, .shift = 60, .scale_gradient = 70, .shift_gradient = 100},
};
static const int norm_of_reader[] = {0, 1, 0};
#define READERS 3
#define PARAMETERS 128 /* elements, of the gradients too; some are nobody's */

/* The textbook's result, and what kernels are given instead. */
static struct {
    fg_map_shape shape;
    fg_features map;
    int pixels;
    double *x, *mean, *variance;
    double *expected; /* [MAP_CHANNELS][pixels]: the textbook's gradients of all readers */
    double *summed;   /* the same size: G, what readers add up */
    double *expected_gradients; /* [PARAMETERS], NaN where nothing is written */
    float *parameters;
} backward;

typedef struct reader_case {
    fg_ref_reader reader;
    struct fg_source list[READER_SOURCES];
    fg_ref_affine *affine;
    double *grad_a; /* of what stands behind the norm */
} reader_case;

static void create_backward(fg_map_shape shape)
{
    const int pixels = shape.images * shape.height * shape.width;
    const size_t all = (size_t)(MAP_CHANNELS * pixels);

    backward.shape = shape;
    backward.pixels = pixels;
    backward.map = (fg_features){NULL, NULL, shape.height, shape.width, 0, FIRST_SLOT};
    backward.x = fg_arrays_doubles(all);
    backward.expected = fg_arrays_doubles(all);
    backward.summed = fg_arrays_doubles(all);
    backward.mean = fg_arrays_doubles(MAP_CHANNELS);
    backward.variance = fg_arrays_doubles(MAP_CHANNELS);
    backward.parameters = fg_arrays_random(PARAMETERS, 0.5f, 1.5f);
    backward.expected_gradients = fg_arrays_doubles(PARAMETERS);
    for (size_t i = 0; i < PARAMETERS; ++i)
        backward.expected_gradients[i] = (double)NAN;
    for (size_t i = 0; i < all; ++i)
        backward.x[i] = fg_arrays_next(-1.0, 1.0);
    fg_ref_batchnorm_statistics(backward.mean, backward.variance, backward.x, MAP_CHANNELS,
                                pixels);
}

static const fg_buffer *upload_statistics(void)
{
    float *table = fg_arrays_floats(2 * (FIRST_SLOT + MAP_CHANNELS));

    for (int c = 0; c < MAP_CHANNELS; ++c) {
        table[2 * (FIRST_SLOT + c)] = (float)backward.mean[c];
        table[2 * (FIRST_SLOT + c) + 1] = (float)backward.variance[c];
    }
    return upload(table, 2 * (FIRST_SLOT + MAP_CHANNELS));
}

static void create_reader(reader_case *out, int number)
{
    const int pixels = backward.pixels;
    int channels = 0;

    for (int i = 0; i < READER_SOURCES; ++i) {
        out->list[i] = lists[number][i];
        channels += out->list[i].channels;
    }
    normalise(out->list, READER_SOURCES, norms[norm_of_reader[number]]);
    out->affine = (fg_ref_affine *)fg_arrays_doubles((size_t)channels * 4);
    for (int c = 0; c < channels; ++c) {
        const struct fg_source source = fg_sources_at(out->list, c);
        fg_ref_affine *f = &out->affine[c];
        *f = (fg_ref_affine){1.0, 0.0, 0.0, 1.0};
        if (source.scale < 0)
            continue;
        f->mean = backward.mean[source.first_channel];
        f->inverse =
            1.0 / sqrt(backward.variance[source.first_channel] + (double)FG_NORM_EPSILON);
        f->scale = (double)backward.parameters[source.scale] * f->inverse;
        f->shift = -f->mean * f->scale;
    }
    out->grad_a = fg_arrays_doubles((size_t)(channels * pixels));
    for (int i = 0; i < channels * pixels; ++i)
        out->grad_a[i] = fg_arrays_next(-1.0, 1.0);
    out->reader = (fg_ref_reader){out->list, out->affine, channels, pixels, false};
}

static void add_textbook(const reader_case *r)
{
    const int pixels = backward.pixels;
    double *grad_x = fg_arrays_doubles((size_t)pixels), grad_gamma, grad_beta;

    for (int c = 0; c < r->reader.channels; ++c) {
        const struct fg_source source = fg_sources_at(r->list, c);
        const double *grad_a = r->grad_a + c * pixels;
        double *to = backward.expected + source.first_channel * pixels;
        if (source.scale >= 0) {
            const double gamma = (double)backward.parameters[source.scale];
            fg_ref_batchnorm_backward(grad_x, &grad_gamma, &grad_beta,
                                      backward.x + source.first_channel * pixels, &gamma,
                                      grad_a, 1, pixels);
            grad_a = grad_x;
        }
        for (int p = 0; p < pixels; ++p)
            to[p] += grad_a[p];
    }
}

/* A sum, with an arbitrary share in each lane of each chunk. */
static void split_sum(float *to, double sum, int chunks, int channels)
{
    const int parts = chunks * FG_LANES;
    double left = sum;

    for (int i = 0; i < parts; ++i) {
        float *part = to + (i / FG_LANES) * channels * 2 * FG_LANES + i % FG_LANES;
        *part = (float)(i == parts - 1 ? left : sum * fg_arrays_next(0.0, 2.0) / parts);
        left -= (double)*part;
    }
}

static void expect_gradient(int element, double value, bool adds)
{
    double *to = &backward.expected_gradients[element];
    *to = adds ? *to + value : value;
}

/* Partial sums of channels without a norm stay NaN. */
static void run_reader(const reader_case *r, const fg_buffer *sums, const fg_buffer *parameters,
                       const fg_buffer *gradients)
{
    const fg_map_shape shape = backward.shape;
    const int chunks = fg_chunks_of(shape.images, shape.height, shape.width).chunks;
    const int channels = r->reader.channels;
    const size_t count = FG_PARTIALS_FLOATS((size_t)chunks, (size_t)channels);
    double *grad_gamma = fg_arrays_doubles((size_t)channels);
    double *grad_beta = fg_arrays_doubles((size_t)channels);
    float *partials = fg_arrays_floats(count);

    fg_ref_reader_backward(backward.summed, grad_gamma, grad_beta, &r->reader, backward.x,
                           r->grad_a);
    for (int c = 0; c < channels; ++c) {
        const struct fg_source source = fg_sources_at(r->list, c);
        const bool adds = (source.adds & FG_ADDS_PARAMETERS) != 0;
        float *to = partials + c * 2 * FG_LANES;
        if (source.scale < 0)
            continue;
        split_sum(to, grad_beta[c], chunks, channels);
        split_sum(to + FG_LANES, grad_gamma[c], chunks, channels);
        expect_gradient(source.shift_gradient, grad_beta[c], adds);
        expect_gradient(source.scale_gradient, grad_gamma[c], adds);
    }
    const fg_input in = {&backward.map, fg_arrays_buffer(r->list, sizeof r->list), 0,
                         READER_SOURCES, channels};
    FG_EXPECT_OK(fg_batchnorm_backward(&op, gradients, sums, &in, in.map, parameters,
                                       upload(partials, count), shape.images));
}

static void compare_gradients(const float *got)
{
    const double *expected = backward.expected_gradients;
    double largest = 0.0;

    for (int i = 0; i < PARAMETERS; ++i)
        largest = fmax(largest, fabs(expected[i])); /* fmax takes the number beside a NaN */
    for (int i = 0; i < PARAMETERS; ++i)
        if (isnan(expected[i]))
            fg_compare_poisoned("nobody's gradient", &got[i], 1);
        else
            /* Two readers' sums of chunks and lanes: the roundings of up to 32 * 16 numbers
             * each, some of them larger. */
            fg_compare_rounded("d_gamma or d_beta", &got[i], &expected[i], 1, 64.0, largest);
}

/* What a feature's producer makes of G is the textbook's gradient. */
static void compare_feature(fg_output feature, const fg_buffer *sums,
                            const fg_buffer *statistics)
{
    const int pixels = backward.pixels;
    const fg_buffer *coefficients = fg_arrays_scratch(4 * (size_t)feature.channels);

    FG_EXPECT_OK(fg_batchnorm_coefficients(&op, coefficients, sums, statistics, &feature,
                                           backward.shape.images));
    const struct fg_coefficients *f = fg_arrays_read(coefficients);
    for (int k = 0; k < feature.channels; ++k) {
        const int at = (feature.first_channel + k) * pixels;
        float *dx = fg_arrays_floats((size_t)pixels);
        for (int p = 0; p < pixels; ++p)
            dx[p] = (float)(backward.summed[at + p] + (double)f[k].c +
                            (double)f[k].q * (backward.x[at + p] - (double)f[k].mean));
        /* G, q * (x - mean) and c cancel; q and c are sums of chunks and lanes. */
        fg_compare_rounded("dx", dx, backward.expected + at, (size_t)pixels, 64.0,
                           fg_arrays_largest(backward.summed + at, (size_t)pixels));
    }
}

START_TEST(readers_and_coefficients_give_the_textbooks_gradient)
{
    create_backward(fg_shapes_maps[_i]);
    const fg_buffer *parameters = upload(backward.parameters, PARAMETERS);
    const fg_buffer *gradients = fg_arrays_scratch(PARAMETERS);
    const fg_buffer *sums = fg_arrays_scratch(2 * (FIRST_SLOT + MAP_CHANNELS));
    const fg_buffer *statistics = upload_statistics();

    for (int i = 0; i < READERS; ++i) {
        reader_case reader;
        create_reader(&reader, i);
        add_textbook(&reader);
        run_reader(&reader, sums, parameters, gradients);
    }
    compare_gradients(fg_arrays_read(gradients));

    /* Read through norms by two; by two and as it is; by one and as it is. */
    compare_feature((fg_output){&backward.map, 7, 12}, sums, statistics);
    compare_feature((fg_output){&backward.map, 20, 5}, sums, statistics);
    compare_feature((fg_output){&backward.map, 0, 1}, sums, statistics);
    /* Only read as it is: nobody asks for its sums. */
    const float *got = fg_arrays_read(sums);
    fg_compare_poisoned("sums without a norm", got + 2 * (FIRST_SLOT + 30), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/batchnorm_backward");
    TCase *tests = tcase_create("batchnorm_backward");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, readers_and_coefficients_give_the_textbooks_gradient, 1,
                        FG_SHAPES_COUNT(fg_shapes_maps));
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
