/* test_sum.c - sums of sources of one map or two, forward and backward, against the reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/sum.h"

#include <math.h>
#include <string.h>

#include "ops/batchnorm.h"
#include "ref/batchnorm.h"
#include "ref/reader.h"
#include "ref/sum.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"
#include "support/gradcheck.h"
#include "support/shapes.h"

#define MAPS 3
#define MARGIN 64
#define MOST_CHANNELS 64 /* of one input, and of a map */

static fg_kernels kernels;
static fg_batchnorm_op batchnorm;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_batchnorm_prepare(&batchnorm, &kernels, true));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

/* ---- cases: where the inputs and the output lie, and what the terms are ---- */

typedef struct arrangement {
    int in_map[2]; /* -1: no second input */
    int out_map;
    int stride[2];
} arrangement;

static const arrangement arrangements[] = {
    {{0, -1}, 1, {1, 1}}, {{0, -1}, 0, {1, 1}}, {{0, 1}, 2, {1, 1}}, {{0, 1}, 0, {1, 1}},
    {{0, 1}, 1, {1, 1}},  {{0, 0}, 1, {1, 1}},  {{0, 0}, 0, {1, 1}}, {{0, -1}, 1, {2, 1}},
    {{0, 1}, 2, {2, 1}},  {{0, 1}, 2, {1, 2}},  {{0, 1}, 0, {1, 2}}, {{0, 1}, 1, {2, 1}},
    {{0, 1}, 2, {2, 2}},  {{0, 0}, 1, {2, 2}},
};

#define NORM 1, 1, 1, 1, 1, 1 /* where its parameters are does not matter here */
#define NO_NORM -1, -1, -1, -1, -1, -1

typedef struct term_list {
    int map_channels, out_first, out_channels;
    int count[2];
    const struct fg_source *terms[2];
} term_list;

/* Terms with as many channels as the output and with fewer; one that both inputs read, if they
 * read one map. */
static const struct fg_source few_first[] = {
    {6, 3, 0, 0, NORM}, {0, 5, FG_ADDS_GRADIENT, 0, NORM}, {9, 1, 0, 0, NO_NORM}};
static const struct fg_source few_second[] = {
    {10, 5, FG_ADDS_SUMS | FG_ADDS_PARAMETERS, 0, NORM},
    {6, 3, FG_ADDS_GRADIENT, 0, NORM},
    {16, 2, FG_ADDS_GRADIENT, 0, NO_NORM}};
static const term_list few = {24, 18, 5, {3, 3}, {few_first, few_second}};

/* As many as a DelugeNet's last. */
#define PAIR(j)                                             \
    {                                                       \
        2 * (j), 2, (j) % 3 ? 0 : FG_ADDS_GRADIENT, 0, NORM \
    }
#define FIVE(j) PAIR(j), PAIR(j + 1), PAIR(j + 2), PAIR(j + 3), PAIR(j + 4)
static const struct fg_source many_first[] = {FIVE(0), FIVE(5), FIVE(10), FIVE(15), FIVE(20)};
static const struct fg_source many_second[] = {PAIR(25), PAIR(26)};
static const term_list many = {60, 57, 2, {25, 2}, {many_first, many_second}};

/* ---- one case ---- */

typedef struct test_input {
    const struct fg_source *terms;
    struct fg_source device_terms[32];
    fg_ref_affine affine[MOST_CHANNELS];
    fg_ref_reader reader;
    fg_ref_sum sum;
    bool norm;
    int map;
    size_t in_pixels; /* of a channel */
} test_input;

static struct {
    const term_list *list;
    fg_features maps[MAPS];
    float *values[MAPS], *gradients[MAPS];
    size_t pixels[MAPS]; /* of a channel */
    test_input in[2];
    int inputs;
    fg_sum_call call;
    fg_sum_op op;
} t;

static size_t map_floats(int map)
{
    return (size_t)t.list->map_channels * (size_t)t.maps[map].pitch;
}

static void fill_channels(float *values, int map, int first, int channels, float center)
{
    for (int c = first; c < first + channels; ++c)
        fg_arrays_fill_random(values + c * t.maps[map].pitch, t.pixels[map], center - 1.0f,
                              center + 1.0f);
}

/* Sides that a stride of 2 halves to the output's: one even and one odd. */
static void create_maps(const arrangement *where, fg_map_shape shape)
{
    for (int m = 0; m < MAPS; ++m) {
        int height = shape.height, width = shape.width;
        for (int i = 0; i < 2; ++i)
            if (where->in_map[i] == m && where->stride[i] == 2) {
                height = 2 * shape.height - (m == 0);
                width = 2 * shape.width - (m != 0);
            }
        t.pixels[m] = (size_t)(shape.images * height * width);
        t.maps[m] = (fg_features){NULL, NULL, height, width, (int)t.pixels[m] + 17 + m, 0};
        t.values[m] = fg_arrays_floats(map_floats(m));
        t.gradients[m] = fg_arrays_floats(map_floats(m));
    }
}

static void create_affine(test_input *in, struct fg_affine *f)
{
    int c = 0;

    for (int j = 0; j < in->sum.count; ++j)
        for (int k = 0; k < in->terms[j].channels; ++k, ++c) {
            f[c] = (struct fg_affine){1.0f, 0.0f, 0.0f, 1.0f};
            if (in->device_terms[j].scale >= 0)
                f[c] = (struct fg_affine){
                    (float)fg_arrays_next(-1.5, 1.5), (float)fg_arrays_next(-0.5, 0.5),
                    (float)fg_arrays_next(-0.5, 0.5), (float)fg_arrays_next(0.5, 2.0)};
            in->affine[c] = (fg_ref_affine){(double)f[c].scale, (double)f[c].shift,
                                            (double)f[c].mean, (double)f[c].inverse};
        }
}

static void create_input(int i, const arrangement *where, fg_map_shape shape, bool relu,
                         bool norm, float center)
{
    test_input *in = &t.in[i];
    const int map = where->in_map[i], count = t.list->count[i];
    const fg_features *features = &t.maps[map];
    struct fg_affine f[MOST_CHANNELS];
    int channels = 0;

    in->terms = t.list->terms[i];
    in->map = map;
    in->norm = norm;
    in->in_pixels = t.pixels[map];
    for (int j = 0; j < count; ++j) {
        in->device_terms[j] = in->terms[j];
        if (!in->norm)
            in->device_terms[j].scale = -1;
        channels += in->terms[j].channels;
        fill_channels(t.values[map], map, in->terms[j].first_channel, in->terms[j].channels,
                      center);
        if (in->terms[j].adds & FG_ADDS_GRADIENT)
            fill_channels(t.gradients[map], map, in->terms[j].first_channel,
                          in->terms[j].channels, 0.0f);
    }
    in->sum = (fg_ref_sum){in->terms,        count,           shape.images,
                           features->height, features->width, where->stride[i]};
    in->reader = (fg_ref_reader){in->terms, in->affine, channels, (int)in->in_pixels, relu};
    create_affine(in, f);
    t.call.in[i] = (fg_input){
        features, fg_arrays_buffer(in->device_terms, (size_t)count * sizeof *in->terms), 0,
        count, channels};
    t.call.relu[i] = relu;
    t.call.stride[i] = where->stride[i];
    t.call.affine[i] = fg_arrays_buffer(f, (size_t)channels * sizeof *f);
}

/* flags: bit 0 ReLU, bit 1 norm; of the second input the other way round. */
static void create(const term_list *list, const arrangement *where, fg_map_shape shape,
                   int flags, float center)
{
    const fg_sum_shape maps = {{where->in_map[0], where->in_map[1]}, where->out_map, true};

    t.list = list;
    t.inputs = where->in_map[1] < 0 ? 1 : 2;
    t.call = (fg_sum_call){.images = shape.images};
    create_maps(where, shape);
    create_input(0, where, shape, flags & 1, flags & 2, center);
    if (t.inputs == 2)
        create_input(1, where, shape, flags & 2, !(flags & 1), center);
    t.call.out = (fg_output){&t.maps[where->out_map], list->out_first, list->out_channels};
    FG_EXPECT_OK(fg_sum_prepare(&t.op, &kernels, &maps));
}

static void upload(int out_map)
{
    for (int m = 0; m < MAPS; ++m) {
        t.maps[m].values = fg_arrays_buffer(t.values[m], map_floats(m) * sizeof(float));
        t.maps[m].gradients = fg_arrays_buffer(t.gradients[m], map_floats(m) * sizeof(float));
    }
    t.call.out.map = &t.maps[out_map];
}

/* Compares the channels in `rows` with what is expected, everything else with what was there. */
static void check_map(const char *what, const fg_buffer *buffer, int map, float *before,
                      const double *expected, const bool *rows, double units, double scale)
{
    float *got = fg_arrays_read(buffer);
    const size_t pitch = (size_t)t.maps[map].pitch, pixels = t.pixels[map];

    for (int c = 0; c < t.list->map_channels; ++c)
        if (rows[c]) {
            fg_compare_rounded(what, got + (size_t)c * pitch, expected + (size_t)c * pixels,
                               pixels, units, scale);
            memcpy(got + (size_t)c * pitch, before + (size_t)c * pitch, pixels * sizeof *got);
        }
    fg_compare_bits("everything else", got, before, map_floats(map));
}

static void check_statistics(const fg_buffer *partials, const float *got, int out_map,
                             double variance_units)
{
    const fg_output written = t.call.out;
    const fg_buffer *table = fg_arrays_scratch(2 * MOST_CHANNELS);
    double mean[MOST_CHANNELS], variance[MOST_CHANNELS];

    FG_EXPECT_OK(
        fg_batchnorm_statistics(&batchnorm, table, partials, &written, t.call.images, false));
    fg_ref_batchnorm_statistics(
        mean, variance,
        fg_arrays_packed(got + written.first_channel * written.map->pitch,
                         (size_t)written.channels, t.pixels[out_map],
                         (size_t)written.map->pitch),
        written.channels, (int)t.pixels[out_map]);
    const struct fg_statistics *statistics = fg_arrays_read(table);
    for (int k = 0; k < written.channels; ++k) {
        const struct fg_statistics s = statistics[written.first_channel + k];
        fg_compare_rounded("mean", &s.mean, &mean[k], 1, 16.0, 1.0);
        fg_compare_rounded("variance", &s.variance, &variance[k], 1, variance_units, 0.0);
    }
}

/* variance_units: how far the variance may be off. */
static void check_forward(const arrangement *where, float center, double variance_units)
{
    const int out_map = where->out_map, outs = t.list->out_channels;
    const size_t pixels = t.pixels[out_map];
    const struct fg_chunks chunks =
        fg_chunks_of(t.call.images, t.maps[out_map].height, t.maps[out_map].width);
    const size_t floats = FG_PARTIALS_FLOATS((size_t)chunks.chunks, (size_t)outs);
    double *expected = fg_arrays_doubles((size_t)t.list->map_channels * pixels);
    bool rows[MOST_CHANNELS] = {false};
    int terms = 0;

    upload(out_map);
    for (int i = 0; i < t.inputs; ++i) {
        const test_input *in = &t.in[i];
        double *a = fg_arrays_doubles((size_t)in->reader.channels * in->in_pixels);
        fg_ref_reader_forward(a, &in->reader,
                              fg_arrays_packed(t.values[in->map], (size_t)t.list->map_channels,
                                               in->in_pixels, (size_t)t.maps[in->map].pitch));
        fg_ref_sum_forward(expected + (size_t)t.list->out_first * pixels, &in->sum, a);
        terms += in->sum.count;
    }
    for (int k = 0; k < outs; ++k)
        rows[t.list->out_first + k] = true;
    t.call.statistics_partials = fg_arrays_scratch(floats + MARGIN);
    FG_EXPECT_OK(fg_sum_forward(&t.op, &t.call));
    const float *got = fg_arrays_read(t.maps[out_map].values);
    /* Each term is rounded twice, each sum once; all are below three, or the centre. */
    check_map("the output", t.maps[out_map].values, out_map, t.values[out_map], expected, rows,
              3.0 * terms, 3.0 + (double)center * terms);
    const float *sums = fg_arrays_read(t.call.statistics_partials);
    fg_compare_poisoned("behind the partial sums", sums + floats, MARGIN);
    check_statistics(t.call.statistics_partials, got, out_map, variance_units);
}

/* As inference does it, behind check_forward: without statistics, cut for many compute units. */
static void check_cut(const arrangement *where)
{
    const float *expected = fg_arrays_read(t.maps[where->out_map].values);

    upload(where->out_map);
    t.call.statistics_partials = NULL;
    FG_WITH_UNITS(64, fg_sum_forward(&t.op, &t.call));
    fg_compare_bits("the map without statistics", fg_arrays_read(t.maps[where->out_map].values),
                    expected, map_floats(where->out_map));
}

static void check_norm_partials(const test_input *in, const fg_buffer *buffer, int chunks,
                                const double *grad_gamma, const double *grad_beta)
{
    const float *partials = fg_arrays_read(buffer);
    const int channels = in->reader.channels;
    int c = 0;

    for (int j = 0; j < in->sum.count; ++j)
        for (int k = 0; k < in->terms[j].channels; ++k, ++c) {
            double beta = 0.0, gamma = 0.0, sizes = 0.0;
            for (int chunk = 0; chunk < chunks; ++chunk)
                for (int lane = 0; lane < FG_LANES; ++lane) {
                    const float *p = partials + (chunk * channels + c) * 2 * FG_LANES + lane;
                    if (in->terms[j].scale < 0) {
                        fg_compare_poisoned("sums without a norm", p, 1);
                        fg_compare_poisoned("sums without a norm", p + FG_LANES, 1);
                    }
                    beta += (double)p[0];
                    gamma += (double)p[FG_LANES];
                    sizes += fabs((double)p[0]) + fabs((double)p[FG_LANES]);
                }
            if (in->terms[j].scale < 0)
                continue;
            fg_compare_rounded("d_beta", &(float){(float)beta}, &grad_beta[c], 1, 64.0, sizes);
            fg_compare_rounded("d_gamma", &(float){(float)gamma}, &grad_gamma[c], 1, 64.0,
                               sizes);
        }
    fg_compare_poisoned("behind the partial sums",
                        partials + FG_PARTIALS_FLOATS(chunks * channels, 1), MARGIN);
}

/* Random coefficients, with which dS is no longer G: dS += q (s - mean) + c. */
static const fg_buffer *finish(double *ds, int out_map)
{
    struct fg_coefficients f[MOST_CHANNELS];
    const size_t pixels = t.pixels[out_map], pitch = (size_t)t.maps[out_map].pitch;

    fill_channels(t.values[out_map], out_map, t.list->out_first, t.list->out_channels, 0.0f);
    for (int k = 0; k < t.list->out_channels; ++k) {
        const float *s = t.values[out_map] + (size_t)(t.list->out_first + k) * pitch;
        f[k] = (struct fg_coefficients){(float)fg_arrays_next(-1.0, 1.0),
                                        (float)fg_arrays_next(-1.0, 1.0),
                                        (float)fg_arrays_next(-1.0, 1.0), NAN};
        for (size_t p = 0; p < pixels; ++p)
            ds[(size_t)k * pixels + p] +=
                (double)f[k].q * ((double)s[p] - (double)f[k].mean) + (double)f[k].c;
    }
    return fg_arrays_buffer(f, sizeof f);
}

static bool needs_values(const test_input *in, int term)
{
    return in->reader.relu || in->device_terms[term].scale >= 0;
}

/* What no one needs any more, for a norm, a ReLU or the output's gradient, has no values. */
static void forget_values(bool output)
{
    for (int m = 0; m < MAPS; ++m) {
        const size_t pitch = (size_t)t.maps[m].pitch;
        float *kept = fg_arrays_floats(map_floats(m));
        for (int i = 0; i < t.inputs; ++i)
            for (int j = 0; j < t.in[i].sum.count; ++j)
                if (t.in[i].map == m && needs_values(&t.in[i], j)) {
                    const struct fg_source term = t.in[i].terms[j];
                    const size_t first = (size_t)term.first_channel * pitch;
                    memcpy(kept + first, t.values[m] + first,
                           (size_t)term.channels * pitch * sizeof *kept);
                }
        if (output && t.call.out.map == &t.maps[m]) {
            const size_t first = (size_t)t.list->out_first * pitch;
            memcpy(kept + first, t.values[m] + first,
                   (size_t)t.list->out_channels * pitch * sizeof *kept);
        }
        t.values[m] = kept;
    }
}

/* Adds what an input's gradients should be, and marks their channels. */
static void expect_gradients(const test_input *in, double *expected, bool *rows, double *gamma,
                             double *beta, const double *ds)
{
    double *grad_a = fg_arrays_doubles((size_t)in->reader.channels * in->in_pixels);
    const double *x = fg_arrays_packed(t.values[in->map], (size_t)t.list->map_channels,
                                       in->in_pixels, (size_t)t.maps[in->map].pitch);

    for (int j = 0; j < in->sum.count; ++j)
        for (int c = 0; c < in->terms[j].channels; ++c) {
            const int channel = in->terms[j].first_channel + c;
            rows[channel] = true;
            if (!(in->terms[j].adds & FG_ADDS_GRADIENT))
                memset(expected + (size_t)channel * in->in_pixels, 0,
                       in->in_pixels * sizeof *expected);
        }
    fg_ref_sum_backward(grad_a, &in->sum, ds);
    fg_ref_reader_backward(expected, gamma, beta, &in->reader, x, grad_a);
}

static void check_backward(const arrangement *where, bool finished)
{
    const int out_map = where->out_map, outs = t.list->out_channels;
    const int chunks =
        fg_chunks_of(t.call.images, t.maps[out_map].height, t.maps[out_map].width).chunks;
    double gamma[2][MOST_CHANNELS], beta[2][MOST_CHANNELS];
    double *expected[MAPS] = {NULL};
    bool rows[MAPS][MOST_CHANNELS] = {{false}};

    fill_channels(t.gradients[out_map], out_map, t.list->out_first, outs, 0.0f);
    double *ds =
        fg_arrays_packed(t.gradients[out_map] + t.list->out_first * t.maps[out_map].pitch,
                         (size_t)outs, t.pixels[out_map], (size_t)t.maps[out_map].pitch);
    t.call.coefficients = finished ? finish(ds, out_map) : NULL;
    for (int i = 0; i < t.inputs; ++i) {
        const test_input *in = &t.in[i];
        const size_t floats = FG_PARTIALS_FLOATS((size_t)chunks, (size_t)in->reader.channels);
        t.call.norm_partials[i] = in->norm ? fg_arrays_scratch(floats + MARGIN) : NULL;
        if (expected[in->map] == NULL)
            expected[in->map] =
                fg_arrays_packed(t.gradients[in->map], (size_t)t.list->map_channels,
                                 in->in_pixels, (size_t)t.maps[in->map].pitch);
        expect_gradients(in, expected[in->map], rows[in->map], gamma[i], beta[i], ds);
    }
    forget_values(finished);
    upload(out_map);
    FG_EXPECT_OK(fg_sum_backward(&t.op, &t.call));
    for (int i = 0; i < t.inputs; ++i) {
        const test_input *in = &t.in[i];
        /* dS is rounded three times, d and its sum once more. */
        check_map("gradients", t.maps[in->map].gradients, in->map, t.gradients[in->map],
                  expected[in->map], rows[in->map], 8.0, 4.0);
        if (in->norm)
            check_norm_partials(in, t.call.norm_partials[i], chunks, gamma[i], beta[i]);
    }
}

/* Every arrangement; with all flags where the map is small. */
static void check_all(fg_map_shape shape, const term_list *list)
{
    const bool small = shape.images * shape.height * shape.width < 512;

    for (size_t w = 0; w < FG_SHAPES_COUNT(arrangements); ++w)
        for (int flags = 0; flags < 4; ++flags) {
            const arrangement *where = &arrangements[w];
            if (!small && flags != (int)w % 4)
                continue;
            fg_arrays_clear();
            create(list, where, shape, flags, 0.0f);
            check_forward(where, 0.0f, 32.0);
            check_cut(where);
            check_backward(where, (w + (size_t)flags) % 2);
        }
}

START_TEST(sums_are_the_reference)
{
    check_all(fg_shapes_maps[_i], &few);
}
END_TEST

START_TEST(a_sum_may_have_many_terms)
{
    check_all((fg_map_shape){3, 7, 7}, &many);
    check_all((fg_map_shape){2, 9, 13}, &many);
}
END_TEST

/* As in test_pool.c. */
START_TEST(statistics_stand_a_mean_of_1000_sigma)
{
    create(&few, &arrangements[_i % 2], fg_shapes_maps[_i], 0, 600.0f);
    check_forward(&arrangements[_i % 2], 600.0f, 8192.0);
}
END_TEST

START_TEST(forward_without_statistics_needs_no_partial_sums)
{
    const arrangement *where = &arrangements[3];

    create(&few, where, (fg_map_shape){3, 7, 7}, 1, 0.0f);
    upload(where->out_map);
    FG_EXPECT_OK(fg_sum_forward(&t.op, &t.call));
    const float *got = fg_arrays_read(t.maps[where->out_map].values);
    ck_assert(isfinite(got[few.out_first * t.maps[where->out_map].pitch]));
}
END_TEST

/* Values that are not needed may be no memory at all. */
START_TEST(running_sums_need_no_values_backward)
{
    const arrangement *where = &arrangements[_i];
    const size_t pixels = 2 * 9 * 13;

    create(&few, where, (fg_map_shape){2, 9, 13}, 0, 0.0f);
    for (int i = 0; i < t.inputs; ++i)
        for (int j = 0; j < t.in[i].sum.count; ++j)
            t.in[i].device_terms[j].scale = -1;
    t.call.relu[1] = false;
    fill_channels(t.gradients[where->out_map], where->out_map, few.out_first, few.out_channels,
                  0.0f);
    upload(where->out_map);
    for (int m = 0; m < MAPS; ++m)
        t.maps[m].values = NULL;
    FG_EXPECT_OK(fg_sum_backward(&t.op, &t.call));
    const float *got = fg_arrays_read(t.maps[where->in_map[0]].gradients);
    const float *g = t.gradients[where->out_map] + few.out_first * t.maps[where->out_map].pitch;
    fg_compare_bits("a term's gradient",
                    got + few_first[2].first_channel * t.maps[where->in_map[0]].pitch, g,
                    pixels);
}
END_TEST

/* ---- the reference itself ---- */

typedef struct check {
    fg_ref_reader reader;
    fg_ref_sum sum;
    double *x, *a, *out, *grad_out;
    size_t outs; /* elements of the output */
} check;

static double loss_of(const void *user)
{
    const check *c = user;
    double loss = 0.0;

    memset(c->out, 0, c->outs * sizeof *c->out);
    fg_ref_reader_forward(c->a, &c->reader, c->x);
    fg_ref_sum_forward(c->out, &c->sum, c->a);
    for (size_t i = 0; i < c->outs; ++i)
        loss += c->out[i] * c->grad_out[i];
    return loss;
}

START_TEST(the_reference_has_the_gradient_of_finite_differences)
{
    enum { HEIGHT = 4, WIDTH = 5, IMAGES = 2, PIXELS = IMAGES * HEIGHT * WIDTH, MAP = 4 };
    const struct fg_source terms[] = {{.first_channel = 2, .channels = 2},
                                      {.first_channel = 0, .channels = 1}};
    const fg_ref_affine affine[] = {
        {0.7, 0.1, 0.0, 1.0}, {-1.2, 0.2, 0.0, 1.0}, {1.1, -0.3, 0.0, 1.0}};
    const int stride = _i;
    const size_t outs =
        (size_t)(2 * IMAGES * ((HEIGHT - 1) / stride + 1) * ((WIDTH - 1) / stride + 1));
    const check c = {
        {terms, affine, 3, PIXELS, true},
        {terms, 2, IMAGES, HEIGHT, WIDTH, stride},
        fg_arrays_widened(fg_arrays_random(MAP * PIXELS, -1.0f, 1.0f), MAP * PIXELS),
        fg_arrays_doubles(3 * PIXELS),
        fg_arrays_doubles(outs),
        fg_arrays_widened(fg_arrays_random(outs, -1.0f, 1.0f), outs),
        outs};
    double *grad_a = fg_arrays_doubles(3 * PIXELS), *grad_x = fg_arrays_doubles(MAP * PIXELS);
    double grad_gamma[3], grad_beta[3];

    fg_ref_sum_backward(grad_a, &c.sum, c.grad_out);
    fg_ref_reader_backward(grad_x, grad_gamma, grad_beta, &c.reader, c.x, grad_a);
    fg_gradcheck("grad_x", loss_of, &c, c.x, grad_x, MAP * PIXELS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/sum");
    TCase *tests = tcase_create("sum");
    SRunner *runner = srunner_create(suite);
    const int maps = FG_SHAPES_COUNT(fg_shapes_maps);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, the_reference_has_the_gradient_of_finite_differences, 1, 3);
    tcase_add_loop_test(tests, sums_are_the_reference, 0, maps);
    tcase_add_test(tests, a_sum_may_have_many_terms);
    tcase_add_loop_test(tests, statistics_stand_a_mean_of_1000_sigma, 0, maps);
    tcase_add_test(tests, forward_without_statistics_needs_no_partial_sums);
    tcase_add_loop_test(tests, running_sums_need_no_values_backward, 0, 7);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
