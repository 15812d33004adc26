/* bench_candidates.c - forward passes of convolutions: the direct kernels beside every candidate.
 *
 * Everything that computes a shape computes it in turn, so that what else the machine does falls on
 * all alike. Norm, ReLU and statistics are part of each. The error is the largest difference from
 * what the direct kernels give, over the root mean square of that.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/console.h"
#include "cli/options.h"
#include "harness.h"
#include "ops/trial.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define MOST 1024 /* images, pixels of a side */

struct options {
    fg_harness_options harness;
    int batch;
    int side; /* only shapes with filters of this side; 0: all */
};

/* Of networks; of their kind, what candidates are made for. */
static const struct shape {
    int side, stride, groups, in, out, map; /* map: side of what is read */
} shapes[] = {
    {1, 1, 1, 96, 48, 32},    {1, 1, 1, 448, 224, 32}, {1, 1, 1, 256, 128, 28},
    {1, 1, 1, 1024, 512, 14}, {1, 1, 1, 2048, 512, 7}, {1, 1, 1, 1024, 1000, 1},
    {1, 1, 1, 4096, 4096, 1}, {1, 2, 1, 256, 512, 28}, {3, 1, 1, 3, 16, 32},
    {3, 1, 1, 48, 12, 32},    {3, 1, 1, 36, 36, 32},   {3, 1, 1, 128, 32, 28},
    {3, 1, 1, 64, 64, 32},    {3, 1, 1, 128, 128, 16}, {3, 1, 1, 256, 256, 14},
    {3, 1, 1, 512, 512, 7},   {3, 2, 1, 128, 128, 28}, {3, 1, 32, 128, 128, 28},
    {5, 1, 1, 32, 32, 32},    {7, 1, 1, 32, 32, 32},   {7, 2, 1, 3, 64, 64},
    {9, 1, 1, 16, 16, 32},    {11, 1, 1, 16, 16, 32},  {11, 1, 1, 48, 48, 16},
    {7, 1, 1, 96, 96, 32},    {11, 1, 1, 64, 64, 32},
};

/* One way to compute a shape. */
struct way {
    fg_trial trial;
    fg_conv_op direct;
    fg_candidate_op candidate; /* of none: the direct kernels */
    double seconds[FG_HARNESS_SAMPLES];
    float *output;
};

enum { KEY_BATCH = OPTION_FIRST_KEY, KEY_SIDE };

static const struct argp_option option_list[] = {
    {"batch", KEY_BATCH, "N", 0, "Images (16)", 0},
    {"side", KEY_SIDE, "N", 0, "Only filters of this side", 0},
    {0}};

static int read_side(const char *text)
{
    const int side = option_int("side", text, 1, MOST);

    for (size_t i = 0; i < COUNT(shapes); ++i)
        if (shapes[i].side == side)
            return side;
    usage_fail("--side is '%s', but no shape that is measured has filters of that side", text);
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->harness;
        return 0;
    case KEY_BATCH:
        options->batch = option_int("batch", text, 1, MOST);
        return 0;
    case KEY_SIDE:
        options->side = read_side(text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static fg_conv_shape conv_shape(const struct shape *shape, int batch)
{
    const int out = (shape->map - 1) / shape->stride + 1;

    return (fg_conv_shape){.side = shape->side,
                           .stride = shape->stride,
                           .groups = shape->groups,
                           .in_channels = shape->in,
                           .out_channels = shape->out,
                           .height = out,
                           .width = out,
                           .in_height = shape->map,
                           .in_width = shape->map,
                           .images = batch};
}

static fg_status run_once(struct way *way)
{
    fg_status status = FG_OK;

    if (way->candidate.candidate != NULL)
        FG_TRY(fg_candidate_forward(&way->candidate, &way->trial.call, way->trial.tile));
    else
        FG_TRY(fg_conv_forward(&way->direct, &way->trial.call));
    FG_TRY(fg_device_finish(way->trial.out.values->device));

cleanup:
    return status;
}

/* The first run, which may compile. */
static fg_status prepare(struct way *way, fg_kernels *kernels, fg_algorithm algorithm,
                         const fg_conv_shape *shape)
{
    fg_status status = FG_OK;

    FG_TRY(fg_trial_create(&way->trial, kernels->device, shape, algorithm));
    FG_TRY(fg_conv_prepare(&way->direct, kernels, shape, NULL));
    FG_TRY(fg_candidate_prepare(&way->candidate, kernels, fg_candidate_of(algorithm), shape));
    FG_TRY(run_once(way));
    FG_ALLOC(way->output, way->trial.written);
    FG_TRY(fg_buffer_read(way->trial.out.values, 0, way->output,
                          way->trial.written * sizeof *way->output));

cleanup:
    return status;
}

static void clear(struct way *way)
{
    fg_candidate_clear(&way->candidate);
    fg_trial_clear(&way->trial);
    free(way->output);
    *way = (struct way){0};
}

static double error_of(const struct way *way, const struct way *direct)
{
    double largest = 0.0, squares = 0.0;

    for (size_t i = 0; i < way->trial.written; ++i) {
        const double expected = (double)direct->output[i];
        const double error = fabs((double)way->output[i] - expected);
        largest = error <= largest ? largest : error; /* a NaN stays */
        squares += expected * expected;
    }
    return largest / sqrt(squares / (double)way->trial.written);
}

static fg_status report(json_t *rows, const fg_conv_shape *s, struct way *ways)
{
    const double products = (double)s->images * s->height * s->width * s->side * s->side *
                            s->in_channels / s->groups * s->out_channels;
    fg_status status = FG_OK;
    double direct_ms = 0.0;

    for (int i = 0; i < FG_ALGORITHMS; ++i) {
        struct way *way = &ways[i];
        if (way->output == NULL)
            continue;
        const fg_harness_figure time = fg_harness_figure_of(way->seconds, FG_HARNESS_SAMPLES);
        const double ms = 1e3 * time.median, gflops = 2e-9 * products / time.median;
        const double error = error_of(way, &ways[FG_ALGORITHM_DIRECT]);
        if (i == FG_ALGORITHM_DIRECT)
            direct_ms = ms;
        if (rows == NULL) {
            printf("%dx%d/%d %4d -> %4d  %2dx%-2d  groups %-3d %-9s %9.3f %8.1f %7.2f %9.1e\n",
                   s->side, s->side, s->stride, s->in_channels, s->out_channels, s->in_height,
                   s->in_width, s->groups, fg_algorithm_names[i], ms, gflops, direct_ms / ms,
                   error);
            continue;
        }
        FG_CHECK(
            json_array_append_new(
                rows, json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:f, s:f, s:f, s:f}",
                                "side", s->side, "stride", s->stride, "groups", s->groups, "in",
                                s->in_channels, "out", s->out_channels, "map", s->in_height,
                                "algorithm", fg_algorithm_names[i], "ms", ms, "ms_min",
                                1e3 * time.min, "gflops", gflops, "error", error)) == 0,
            FG_ERR_MEMORY, "host memory ran out");
    }
    FG_TRY(fg_harness_flush());

cleanup:
    return status;
}

/* A candidate that cannot run here is left out, as a net does without it. */
static fg_status prepare_or_skip(struct way *way, fg_kernels *kernels, fg_algorithm algorithm,
                                 const fg_conv_shape *shape)
{
    const fg_status status = prepare(way, kernels, algorithm, shape);

    if (status != FG_ERR_DEVICE || algorithm == FG_ALGORITHM_DIRECT)
        return status;
    fprintf(stderr, "bench_candidates: %s is skipped for a %dx%d of %d to %d channels: %s\n",
            fg_algorithm_names[algorithm], shape->side, shape->side, shape->in_channels,
            shape->out_channels, fg_error_message());
    clear(way);
    return FG_OK;
}

static fg_status measure(json_t *rows, fg_kernels *kernels, const fg_conv_shape *shape)
{
    struct way ways[FG_ALGORITHMS] = {0};
    fg_status status = FG_OK;

    for (int i = 0; i < FG_ALGORITHMS; ++i)
        if (i == FG_ALGORITHM_DIRECT || (fg_candidate_of((fg_algorithm)i) != NULL &&
                                         fg_algorithm_can((fg_algorithm)i, shape)))
            FG_TRY(prepare_or_skip(&ways[i], kernels, (fg_algorithm)i, shape));
    for (int sample = 0; sample < FG_HARNESS_SAMPLES; ++sample)
        for (int i = 0; i < FG_ALGORITHMS; ++i) {
            if (ways[i].output == NULL)
                continue;
            const double start = fg_harness_seconds();
            FG_TRY(run_once(&ways[i]));
            ways[i].seconds[sample] = fg_harness_seconds() - start;
        }
    FG_TRY(report(rows, shape, ways));

cleanup:
    for (int i = 0; i < FG_ALGORITHMS; ++i)
        clear(&ways[i]);
    return status;
}

static fg_status run(const struct options *options, fg_device *device)
{
    const bool json = options->harness.json;
    fg_kernels kernels = {.device = device};
    fg_status status = FG_OK;
    json_t *rows = json ? json_array() : NULL;

    if (!json) {
        fg_harness_print_head(device);
        printf("batch    %d\n\n%-37s %-9s %9s %8s %7s %9s\n", options->batch,
               "convolution/stride", "algorithm", "ms", "GFLOP/s", "speed", "error");
    }
    for (size_t i = 0; i < COUNT(shapes); ++i) {
        const fg_conv_shape shape = conv_shape(&shapes[i], options->batch);
        if (options->side == 0 || options->side == shape.side)
            FG_TRY(measure(rows, &kernels, &shape));
    }
    if (json)
        FG_TRY(fg_harness_print_json(
            device, json_pack("{s:i, s:O}", "batch", options->batch, "convolutions", rows)));

cleanup:
    json_decref(rows);
    fg_kernels_clear(&kernels);
    return status;
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    const struct argp_child children[] = {{&fg_harness_argp, 0, NULL, 0}, {0}};
    const struct argp parser = {
        option_list,
        parse_option,
        NULL,
        "Times forward passes of convolutions by the direct kernels and by every candidate.",
        children,
        NULL,
        NULL};
    struct options options = {.batch = 16};
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;

    fg_harness_parse(&parser, argc, argv, &options);
    config.match = options.harness.device;
    config.log = console_log;
    FG_TRY(fg_device_create(&device, &config));
    FG_TRY(run(&options, device));

cleanup:
    fg_device_free(device);
    return status == FG_OK ? EXIT_SUCCESS : console_failure();
}
