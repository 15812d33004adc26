/* bench_peak.c - the ceilings of a device: multiply-adds and memory bandwidth.
 *
 * The kernels are those of one work-item per group that the library's CPU kernels are made
 * like. They find the peak of a CPU; on a GPU they run, and are far below it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "harness.h"

struct options {
    const char *device;
    int json;
};

enum { OPTION_JSON = 256 };

static const struct argp_option option_list[] = {
    {"device", 'd', "DEVICE", 0, "Number of a device, or text in its or its platform's name",
     0},
    {"json", OPTION_JSON, NULL, 0, "Print one JSON object", 0},
    {0}};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'd':
        options->device = argument;
        return 0;
    case OPTION_JSON:
        options->json = 1;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_log(void *user, fg_log_level level, const char *line)
{
    (void)user;
    if (level <= FG_LOG_WARN)
        fprintf(stderr, "bench_peak: %s\n", line);
}

static fg_status print_json(const fg_device *device, const fg_harness_figure *fma,
                            const fg_harness_figure *copy)
{
    fg_status status = FG_OK;
    json_t *object = fg_harness_json(device);
    json_t *figures =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i}", "peak_gflops", fma->median,
                  "peak_gflops_min", fma->min, "peak_gflops_max", fma->max,
                  "copy_gbytes_per_second", copy->median, "copy_gbytes_per_second_min",
                  copy->min, "copy_gbytes_per_second_max", copy->max, "samples", fma->samples);

    if (object == NULL || figures == NULL || json_object_update(object, figures) != 0) {
        json_decref(object);
        object = NULL; /* fg_harness_print reports it */
    }
    status = fg_harness_print(object);
    json_decref(figures);
    return status;
}

static fg_status print_table(const fg_device *device, const fg_harness_figure *fma,
                             const fg_harness_figure *copy)
{
    fg_status status = FG_OK;
    const fg_device_info *info = fg_device_information(device);

    printf("device   %s\nplatform %s, driver %s, %d compute units\ncommit   %s\n\n", info->name,
           info->platform, info->driver, info->compute_units, fg_harness_commit());
    printf("%-24s %9s %9s %9s\n", "", "median", "min", "max");
    printf("%-24s %9.1f %9.1f %9.1f\n", "multiply-adds, GFLOP/s", fma->median, fma->min,
           fma->max);
    printf("%-24s %9.1f %9.1f %9.1f\n", "copy, GB/s", copy->median, copy->min, copy->max);
    FG_CHECK(fflush(stdout) == 0 && !ferror(stdout), FG_ERR_FILE, "stdout cannot be written");

cleanup:
    return status;
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    const struct argp parser = {
        option_list,
        parse_option,
        NULL,
        "Measures how many multiply-adds, and how many bytes, an OpenCL device can do at best.",
        NULL,
        NULL,
        NULL};
    struct options options = {NULL, 0};
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    fg_harness_figure fma, copy;

    argp_err_exit_status = 2; /* a mistake in the options */
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    config.match = options.device;
    config.log = print_log;
    FG_TRY(fg_device_create(&device, &config));
    FG_TRY(fg_harness_peak_fma(&fma, device));
    FG_TRY(fg_harness_peak_copy(&copy, device));
    if (options.json)
        FG_TRY(print_json(device, &fma, &copy));
    else
        FG_TRY(print_table(device, &fma, &copy));

cleanup:
    fg_device_free(device);
    if (status != FG_OK)
        fprintf(stderr, "bench_peak: %s\n", fg_error_message());
    return status == FG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
