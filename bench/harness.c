/* harness.c - what all benches share: options, samples, the device's ceilings, memory, output.
 *
 * SPDX-License-Identifier: MIT
 */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/console.h"
#include "cli/options.h"
#include "commit.h" /* which every build brings up to date */
#include "device/launch.h"

/* Runs whose times are thrown away: compilation, page faults, clock rates. */
#define WARM_UP 3

/* Four work-items for every compute unit even out what their threads lose to others. */
#define ITEMS_PER_UNIT 4

#define FMA_SECONDS 0.03 /* of one sample: long against a launch, short for a waiting user */
#define FMA_FIRST_ROUNDS 1000 /* of the run that says how many a sample needs */
#define FMA_OPERATIONS \
    (12.0 * 16.0 * 2.0) /* per round of cl/peak.cl: accumulators, lanes, both */

#define COPY_BYTES ((size_t)256 << 20) /* of one buffer, several times the largest caches */

enum { KEY_JSON = OPTION_FIRST_KEY + 200 };

static const struct argp_option option_list[] = {
    {"device", 'd', "MATCH", 0, OPTION_DEVICE_HELP, 0},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object", 0},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    fg_harness_options *options = state->input;

    switch (key) {
    case 'd':
        options->device = text;
        return 0;
    case KEY_JSON:
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option", text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp fg_harness_argp = {option_list, parse_option, NULL, NULL, NULL, NULL, NULL};

void fg_harness_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = EXIT_USAGE;
    program_invocation_name = program_invocation_short_name;
    console_start();
    argp_parse(argp, argc, argv, 0, NULL, input);
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

fg_harness_figure fg_harness_figure_of(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof *samples, compare_doubles);
    return (fg_harness_figure){
        .median = 0.5 * (samples[(count - 1) / 2] + samples[count / 2]),
        .min = samples[0],
        .max = samples[count - 1],
        .samples = count,
    };
}

double fg_harness_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

size_t fg_harness_resident_peak(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (size_t)usage.ru_maxrss * 1024;
}

const char *fg_harness_commit(void)
{
    return FG_COMMIT;
}

static size_t items_of(const fg_device *device)
{
    return (size_t)fg_device_information(device)->compute_units * ITEMS_PER_UNIT;
}

/* Seconds that one launch takes, by the wall. */
static fg_status time_launch(double *seconds, fg_device *device, fg_launch *launch,
                             size_t items)
{
    fg_status status = FG_OK;
    double start;

    FG_TRY(fg_device_finish(device));
    start = fg_harness_seconds();
    FG_TRY(fg_launch_run(launch, items, 1));
    FG_TRY(fg_device_finish(device));
    *seconds = fg_harness_seconds() - start;

cleanup:
    return status;
}

/* Warms up and samples work / seconds. */
static fg_status sample_rate(fg_harness_figure *out, fg_device *device, fg_launch *launch,
                             size_t items, double work)
{
    fg_status status = FG_OK;
    double rates[FG_HARNESS_SAMPLES];
    double seconds = 0.0;

    for (int i = 0; i < WARM_UP; ++i)
        FG_TRY(time_launch(&seconds, device, launch, items));
    for (int i = 0; i < FG_HARNESS_SAMPLES; ++i) {
        FG_TRY(time_launch(&seconds, device, launch, items));
        rates[i] = work / seconds;
    }
    *out = fg_harness_figure_of(rates, FG_HARNESS_SAMPLES);

cleanup:
    return status;
}

static fg_launch fma_launch(const fg_kernel *kernel, const fg_buffer *out, int rounds)
{
    fg_launch launch = fg_launch_of(kernel);
    fg_launch_buffer(&launch, out);
    fg_launch_value(&launch, &rounds, sizeof rounds);
    return launch;
}

fg_status fg_harness_peak_fma(fg_harness_figure *out, fg_device *device)
{
    fg_status status = FG_OK;
    fg_kernel *kernel = NULL;
    fg_buffer *sums = NULL;
    fg_launch launch;
    const size_t items = items_of(device);
    double seconds = 0.0;
    int rounds = FMA_FIRST_ROUNDS;

    FG_TRY(fg_buffer_create(&sums, device, items * 16 * sizeof(float)));
    FG_TRY(fg_kernel_create(&kernel, device, FG_KERNEL_peak_fma, ""));
    launch = fma_launch(kernel, sums, rounds);
    FG_TRY(time_launch(&seconds, device, &launch, items)); /* compiles */
    do {
        launch = fma_launch(kernel, sums, rounds);
        FG_TRY(time_launch(&seconds, device, &launch, items));
        if (seconds < FMA_SECONDS)
            rounds *= 2;
    } while (seconds < FMA_SECONDS && rounds < (1 << 29));
    launch = fma_launch(kernel, sums, rounds);
    FG_TRY(sample_rate(out, device, &launch, items,
                       1e-9 * FMA_OPERATIONS * (double)items * (double)rounds));

cleanup:
    fg_kernel_free(kernel);
    fg_buffer_free(sums);
    return status;
}

fg_status fg_harness_peak_copy(fg_harness_figure *out, fg_device *device)
{
    fg_status status = FG_OK;
    fg_kernel *kernel = NULL;
    fg_buffer *to = NULL, *from = NULL;
    fg_launch launch;
    const size_t items = items_of(device);
    const size_t most = fg_device_information(device)->allocation_bytes / 4;
    const size_t vectors = (COPY_BYTES < most ? COPY_BYTES : most) / (items * 64);
    const size_t bytes = vectors * items * 64;
    const cl_uint count = (cl_uint)vectors;

    FG_TRY(fg_buffer_create(&to, device, bytes));
    FG_TRY(fg_buffer_create(&from, device, bytes));
    FG_TRY(fg_kernel_create(&kernel, device, FG_KERNEL_peak_copy, ""));
    launch = fg_launch_of(kernel);
    fg_launch_buffer(&launch, to);
    fg_launch_buffer(&launch, from);
    fg_launch_value(&launch, &count, sizeof count);
    FG_TRY(sample_rate(out, device, &launch, items, 2e-9 * (double)bytes));

cleanup:
    fg_kernel_free(kernel);
    fg_buffer_free(from);
    fg_buffer_free(to);
    return status;
}

void fg_harness_print_head(const fg_device *device)
{
    const fg_device_info *info = fg_device_information(device);

    printf("device   %s\nplatform %s, driver %s, %d compute units\ncommit   %s\n", info->name,
           info->platform, info->driver, info->compute_units, fg_harness_commit());
}

fg_status fg_harness_flush(void)
{
    fg_status status = FG_OK;

    FG_CHECK(fflush(stdout) == 0 && !ferror(stdout), FG_ERR_FILE, "stdout cannot be written");

cleanup:
    return status;
}

fg_status fg_harness_print_json(const fg_device *device, json_t *figures)
{
    fg_status status = FG_OK;
    const fg_device_info *info = fg_device_information(device);
    char *text = NULL;
    json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:s}", "platform", info->platform,
                               "device", info->name, "driver", info->driver, "compute_units",
                               info->compute_units, "commit", fg_harness_commit());

    FG_CHECK(object != NULL && figures != NULL && json_object_update(object, figures) == 0,
             FG_ERR_MEMORY, "no memory for the results");
    text = json_dumps(object, JSON_REAL_PRECISION(6));
    FG_CHECK(text != NULL, FG_ERR_MEMORY, "no memory for the text of the results");
    puts(text);
    FG_TRY(fg_harness_flush());

cleanup:
    free(text);
    json_decref(object);
    json_decref(figures);
    return status;
}
