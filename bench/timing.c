/* timing.c - times the steps of a network and reports them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "cl/random.h"
#include "cli/console.h"
#include "cli/options.h"
#include "device/device.h"
#include "steps.h"

enum { KEY_STEPS = OPTION_FIRST_KEY, KEY_WARMUP, KEY_MEMORY, KEY_TUNING };

static const struct argp_option option_list[] = {
    {"model", 'm', "MODEL", 0, "Network, such as sparsenet-bc-100-12", 0},
    {"batch", 'b', "N", 0, "Images of a step (64)", 0},
    {"steps", KEY_STEPS, "N", 0, "Steps that are timed (15)", 0},
    {"warmup", KEY_WARMUP, "N", 0, "Steps before (3)", 0},
    {"memory", KEY_MEMORY, "SETTING", 0, OPTION_MEMORY_HELP, 0},
    {"tuning", KEY_TUNING, "FILE", 0,
     "What `filigree tune' has found out (the cache folder's tuning.txt)", 0},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    fg_timing_options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->harness;
        return 0;
    case 'm':
        options->model = text;
        return 0;
    case 'b':
        options->batch = option_int("batch", text, 1, FG_TIMING_MOST);
        return 0;
    case KEY_STEPS:
        options->steps = option_int("steps", text, 1, FG_TIMING_MOST);
        return 0;
    case KEY_WARMUP:
        options->warmup = option_int("warmup", text, 0, FG_TIMING_MOST);
        return 0;
    case KEY_MEMORY:
        options->memory = text;
        options->memory_target = option_memory("memory", text);
        return 0;
    case KEY_TUNING:
        options->tuning = option_path("tuning", text, "file");
        return 0;
    case ARGP_KEY_END:
        option_require("model", options->model);
        option_memory_check("memory", options->memory_target, !options->infer);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&fg_harness_argp, 0, NULL, 0}, {0}};
const struct argp fg_timing_argp = {option_list, parse_option, NULL, NULL,
                                    children,    NULL,         NULL};

const char *fg_timing_command(int argc, char **argv)
{
    static char text[4096];
    size_t length = 0;

    text[0] = '\0';
    for (int i = 0; i < argc && length < sizeof text; ++i)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                                   i > 0 ? " " : "", i > 0 ? argv[i] : basename(argv[0]));
    return text;
}

/* Sum of four uniform numbers, scaled: near enough to a normal one for a batch that nobody
 * learns. */
static float about_normal(uint32_t index)
{
    const struct fg_random r = fg_random_block(1, 0, FG_RANDOM_AUGMENT, 0, index);
    return sqrtf(3.0f) * (fg_random_uniform(r.x) + fg_random_uniform(r.y) +
                          fg_random_uniform(r.z) + fg_random_uniform(r.w) - 2.0f);
}

const char *fg_timing_mode(char out[FG_TIMING_MODE], const fg_timing_options *options)
{
    const bool fast = options->memory_target == FG_MEMORY_FAST;

    snprintf(out, FG_TIMING_MODE, "%s%s%s", options->infer ? "infer" : "train", fast ? "" : "-",
             fast ? "" : options->memory);
    return out;
}

static fg_status open_device(fg_timing *timing)
{
    const fg_timing_options *options = &timing->options;
    fg_device_config config = FG_DEVICE_CONFIG_INIT;

    config.match = options->harness.device;
    config.log = console_log;
    config.tuning = options->tuning;
    return options->traced ? fg_device_create_traced(&timing->device, &config)
                           : fg_device_create(&timing->device, &config);
}

static fg_status create_net(fg_timing *timing)
{
    const fg_timing_options *options = &timing->options;
    fg_net_config config = FG_NET_CONFIG_INIT;

    config.model = options->model;
    config.images = options->batch;
    config.training = !options->infer;
    config.memory_target = options->memory_target;
    return fg_net_create(&timing->net, timing->device, &config);
}

static fg_status create_batch(fg_timing *timing)
{
    fg_status status = FG_OK;
    const int batch = timing->options.batch;
    const fg_plan_info info = fg_plan_information(fg_net_plan(timing->net));
    const size_t image =
        (size_t)info.image_channels * (size_t)info.image_side * (size_t)info.image_side;

    FG_ALLOC(timing->pixels, (size_t)batch * image);
    FG_ALLOC(timing->labels, batch);
    for (size_t i = 0; i < (size_t)batch * image; ++i)
        timing->pixels[i] = about_normal((uint32_t)i);
    for (int i = 0; i < batch; ++i)
        timing->labels[i] = i % info.classes;

cleanup:
    return status;
}

/* The network comes before the batch: it says at once that one is too large. */
fg_status fg_timing_create(fg_timing *timing, const fg_timing_options *options)
{
    fg_status status = FG_OK;

    *timing = (fg_timing){.options = *options, .began = fg_harness_seconds()};
    FG_TRY(open_device(timing));
    FG_TRY(create_net(timing));
    FG_TRY(create_batch(timing));
    if (options->infer)
        FG_TRY(fg_steps_settle(timing));

cleanup:
    return status;
}

void fg_timing_clear(fg_timing *timing)
{
    free(timing->pixels);
    free(timing->labels);
    fg_net_free(timing->net);
    fg_device_free(timing->device);
}

typedef struct report {
    fg_harness_figure step; /* seconds */
    fg_harness_figure peak; /* GFLOP/s */
    double start_s;         /* program started to end of the first step */
    double gflops;
    double images_per_second;
    size_t resident;
} report;

static fg_status report_json(const fg_timing *timing, const fg_plan_info *info,
                             const char *mode, const report *r)
{
    return fg_harness_print_json(
        timing->device,
        json_pack("{s:s, s:s, s:i, s:s, s:f, s:f, s:f, s:i, s:f, s:I, s:I, s:f, s:f, s:f}",
                  "command", timing->options.command, "model", info->model, "batch",
                  timing->options.batch, "mode", mode, "images_per_second",
                  r->images_per_second, "step_ms_median", r->step.median * 1e3, "step_ms_min",
                  r->step.min * 1e3, "samples", r->step.samples, "start_s", r->start_s,
                  "device_bytes_peak", (json_int_t)info->device_bytes_peak, "rss_bytes_peak",
                  (json_int_t)r->resident, "gflops", r->gflops, "peak_gflops", r->peak.median,
                  "percent_of_peak", 100.0 * r->gflops / r->peak.median));
}

static fg_status report_table(const fg_timing *timing, const fg_plan_info *info,
                              const char *mode, const report *r)
{
    const fg_device_info *device = fg_device_information(timing->device);

    printf("device           %s (%s, driver %s)\n", device->name, device->platform,
           device->driver);
    printf("commit           %s\n", fg_harness_commit());
    printf("model            %s, batch %d, %s\n", info->model, timing->options.batch, mode);
    printf("images/s         %.1f\n", r->images_per_second);
    printf("step             %.1f ms median, %.1f ms min, of %d\n", r->step.median * 1e3,
           r->step.min * 1e3, r->step.samples);
    printf("first step done  %.2f s after the start\n", r->start_s);
    printf("GFLOP/s          %.1f, %.1f %% of the peak of %.1f\n", r->gflops,
           100.0 * r->gflops / r->peak.median, r->peak.median);
    printf("device memory    %.1f MB, process %.1f MB\n", (double)info->device_bytes_peak / 1e6,
           (double)r->resident / 1e6);
    return fg_harness_flush();
}

/* Multiply-adds of an image in a step count as two operations each; backward has twice as many
 * as forward. */
static fg_status run(const fg_timing *timing)
{
    fg_status status = FG_OK;
    const fg_timing_options *options = &timing->options;
    const fg_plan_info info = fg_plan_information(fg_net_plan(timing->net));
    char mode[FG_TIMING_MODE];
    double *samples = NULL;
    report r = {0};

    FG_ALLOC(samples, options->steps);
    for (int i = -options->warmup; i < options->steps; ++i) {
        const double start = fg_harness_seconds();
        FG_TRY(fg_steps_run(timing));
        const double end = fg_harness_seconds();
        if (r.start_s == 0)
            r.start_s = end - timing->began;
        if (i >= 0)
            samples[i] = end - start;
    }
    r.step = fg_harness_figure_of(samples, options->steps);
    r.resident = fg_harness_resident_peak();
    FG_TRY(fg_harness_peak_fma(&r.peak, timing->device));
    r.images_per_second = options->batch / r.step.median;
    r.gflops =
        2e-9 * (options->infer ? 1 : 3) * (double)info.multiply_adds * r.images_per_second;
    fg_timing_mode(mode, options);
    FG_TRY(options->harness.json ? report_json(timing, &info, mode, &r)
                                 : report_table(timing, &info, mode, &r));

cleanup:
    free(samples);
    return status;
}

int fg_timing_main(int argc, char **argv, const char *what, bool infer)
{
    fg_status status = FG_OK;
    struct argp parser = fg_timing_argp;
    fg_timing_options options = FG_TIMING_OPTIONS_INIT;
    fg_timing timing = {0};

    parser.doc = what;
    options.infer = infer;
    options.command = fg_timing_command(argc, argv);
    fg_harness_parse(&parser, argc, argv, &options);
    FG_TRY(fg_timing_create(&timing, &options));
    FG_TRY(run(&timing));

cleanup:
    fg_timing_clear(&timing);
    return status == FG_OK ? EXIT_SUCCESS : console_failure();
}
