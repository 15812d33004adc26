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
#include "cli/options.h"
#include "device/device.h"

enum { KEY_JSON = OPTION_FIRST_KEY, KEY_STEPS, KEY_WARMUP, KEY_MEMORY, KEY_TUNING };

static const struct argp_option option_list[] = {
    {"model", 'm', "MODEL", 0, "Network, such as sparsenet-bc-100-12", 0},
    {"batch", 'b', "N", 0, "Images of a step (64)", 0},
    {"steps", KEY_STEPS, "N", 0, "Steps that are timed (15)", 0},
    {"warmup", KEY_WARMUP, "N", 0, "Steps before (3)", 0},
    {"device", 'd', "DEVICE", 0, "Number of a device, or text in its or its platform's name",
     0},
    {"memory", KEY_MEMORY, "SETTING", 0, OPTION_MEMORY_HELP, 0},
    {"tuning", KEY_TUNING, "FILE", 0,
     "What `filigree tune' has found out (the cache folder's tuning.txt)", 0},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object", 0},
    {0}};

int fg_timing_count(const char *text, const char *option, int least, struct argp_state *state)
{
    char *end = NULL;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > 1000000)
        argp_error(state, "%s is '%s', expected a number from %d to 1000000", option, text,
                   least);
    return (int)value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    fg_timing_options *options = state->input;

    switch (key) {
    case 'm':
        options->model = argument;
        return 0;
    case 'b':
        options->batch = fg_timing_count(argument, "--batch", 1, state);
        return 0;
    case 'd':
        options->device = argument;
        return 0;
    case KEY_STEPS:
        options->steps = fg_timing_count(argument, "--steps", 1, state);
        return 0;
    case KEY_WARMUP:
        options->warmup = fg_timing_count(argument, "--warmup", 0, state);
        return 0;
    case KEY_MEMORY:
        options->memory = argument;
        options->memory_target = option_memory("memory", argument);
        return 0;
    case KEY_TUNING:
        options->tuning = argument;
        return 0;
    case KEY_JSON:
        options->json = 1;
        return 0;
    case ARGP_KEY_END:
        if (options->model == NULL)
            argp_error(state, "--model is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp fg_timing_argp = {option_list, parse_option, NULL, NULL, NULL, NULL, NULL};

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

fg_timing_options fg_timing_parse(int argc, char **argv, const char *what)
{
    const struct argp parser = {option_list, parse_option, NULL, what, NULL, NULL, NULL};
    fg_timing_options options = FG_TIMING_OPTIONS_INIT;

    argp_err_exit_status = 2; /* a mistake in the options */
    options.command = fg_timing_command(argc, argv);
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    return options;
}

static void print_log(void *user, fg_log_level level, const char *line)
{
    (void)user;
    if (level <= FG_LOG_WARN)
        fprintf(stderr, "bench: %s\n", line);
}

/* Sum of four uniform numbers, scaled: near enough to a normal one for a batch that nobody
 * learns. */
static float about_normal(uint32_t index)
{
    const struct fg_random r = fg_random_block(1, 0, FG_RANDOM_AUGMENT, 0, index);
    return sqrtf(3.0f) * (fg_random_uniform(r.x) + fg_random_uniform(r.y) +
                          fg_random_uniform(r.z) + fg_random_uniform(r.w) - 2.0f);
}

const char *fg_timing_train_mode(char out[FG_TIMING_MODE], const fg_timing_options *options)
{
    if (options->memory_target == FG_MEMORY_FAST)
        snprintf(out, FG_TIMING_MODE, "train");
    else
        snprintf(out, FG_TIMING_MODE, "train-%s", options->memory);
    return out;
}

fg_status fg_timing_create(fg_timing *timing, const fg_timing_options *options)
{
    fg_status status = FG_OK;
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_plan_config plan_config = FG_PLAN_CONFIG_INIT;
    fg_plan *plan = NULL;

    *timing = (fg_timing){.options = *options, .began = fg_harness_seconds()};
    config.match = options->device;
    config.log = print_log;
    config.tuning = options->tuning;
    plan_config.model = options->model;
    plan_config.images = 1;
    FG_TRY(fg_plan_create(&plan, &plan_config));
    FG_TRY(options->traced ? fg_device_create_traced(&timing->device, &config)
                           : fg_device_create(&timing->device, &config));
    const fg_plan_info info = fg_plan_information(plan);
    const size_t image =
        (size_t)info.image_channels * (size_t)info.image_side * (size_t)info.image_side;
    FG_ALLOC(timing->pixels, (size_t)options->batch * image);
    FG_ALLOC(timing->labels, options->batch);
    for (size_t i = 0; i < (size_t)options->batch * image; ++i)
        timing->pixels[i] = about_normal((uint32_t)i);
    for (int i = 0; i < options->batch; ++i)
        timing->labels[i] = i % info.classes;

cleanup:
    fg_plan_free(plan);
    return status;
}

void fg_timing_clear(fg_timing *timing)
{
    free(timing->pixels);
    free(timing->labels);
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
    fg_status status = FG_OK;
    json_t *object = fg_harness_json(timing->device);
    json_t *figures = json_pack(
        "{s:s, s:s, s:i, s:s, s:f, s:f, s:f, s:i, s:f, s:I, s:I, s:f, s:f, s:f}", "command",
        timing->options.command, "model", info->model, "batch", timing->options.batch, "mode",
        mode, "images_per_second", r->images_per_second, "step_ms_median", r->step.median * 1e3,
        "step_ms_min", r->step.min * 1e3, "samples", r->step.samples, "start_s", r->start_s,
        "device_bytes_peak", (json_int_t)info->device_bytes_peak, "rss_bytes_peak",
        (json_int_t)r->resident, "gflops", r->gflops, "peak_gflops", r->peak.median,
        "percent_of_peak", 100.0 * r->gflops / r->peak.median);

    if (object == NULL || figures == NULL || json_object_update(object, figures) != 0) {
        json_decref(object);
        object = NULL; /* fg_harness_print reports it */
    }
    status = fg_harness_print(object);
    json_decref(figures);
    return status;
}

static fg_status report_table(const fg_timing *timing, const fg_plan_info *info,
                              const char *mode, const report *r)
{
    fg_status status = FG_OK;
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
    FG_CHECK(fflush(stdout) == 0 && !ferror(stdout), FG_ERR_FILE, "stdout cannot be written");

cleanup:
    return status;
}

fg_status fg_timing_run(const fg_timing *timing, fg_net *net, const char *mode, int passes,
                        fg_status (*step)(const fg_timing *timing, fg_net *net))
{
    fg_status status = FG_OK;
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));
    const int steps = timing->options.steps;
    double *samples = NULL;
    report r = {0};

    FG_ALLOC(samples, steps);
    for (int i = -timing->options.warmup; i < steps; ++i) {
        const double start = fg_harness_seconds();
        FG_TRY(step(timing, net));
        const double end = fg_harness_seconds();
        if (r.start_s == 0)
            r.start_s = end - timing->began;
        if (i >= 0)
            samples[i] = end - start;
    }
    r.step = fg_harness_figure_of(samples, steps);
    r.resident = fg_harness_resident_peak();
    FG_TRY(fg_harness_peak_fma(&r.peak, timing->device));
    r.images_per_second = timing->options.batch / r.step.median;
    r.gflops = 2e-9 * passes * (double)info.multiply_adds * r.images_per_second;
    FG_TRY(timing->options.json ? report_json(timing, &info, mode, &r)
                                : report_table(timing, &info, mode, &r));

cleanup:
    free(samples);
    return status;
}
