/* bench_peak.c - the ceilings of a device: multiply-adds and memory bandwidth.
 *
 * The kernels are those of one work-item per group that the library's CPU kernels are made
 * like. They find the peak of a CPU; on a GPU they run, and are far below it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "cli/console.h"
#include "harness.h"

static fg_status print_json(const fg_device *device, const fg_harness_figure *fma,
                            const fg_harness_figure *copy)
{
    return fg_harness_print_json(
        device,
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i}", "peak_gflops", fma->median,
                  "peak_gflops_min", fma->min, "peak_gflops_max", fma->max,
                  "copy_gbytes_per_second", copy->median, "copy_gbytes_per_second_min",
                  copy->min, "copy_gbytes_per_second_max", copy->max, "samples", fma->samples));
}

static fg_status print_table(const fg_device *device, const fg_harness_figure *fma,
                             const fg_harness_figure *copy)
{
    fg_harness_print_head(device);
    printf("\n%-24s %9s %9s %9s\n", "", "median", "min", "max");
    printf("%-24s %9.1f %9.1f %9.1f\n", "multiply-adds, GFLOP/s", fma->median, fma->min,
           fma->max);
    printf("%-24s %9.1f %9.1f %9.1f\n", "copy, GB/s", copy->median, copy->min, copy->max);
    return fg_harness_flush();
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    struct argp parser = fg_harness_argp;
    fg_harness_options options = {NULL, false};
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    fg_harness_figure fma, copy;

    parser.doc =
        "Measures how many multiply-adds, and how many bytes, an OpenCL device can do at best.";
    fg_harness_parse(&parser, argc, argv, &options);
    config.match = options.device;
    config.log = console_log;
    FG_TRY(fg_device_create(&device, &config));
    FG_TRY(fg_harness_peak_fma(&fma, device));
    FG_TRY(fg_harness_peak_copy(&copy, device));
    FG_TRY(options.json ? print_json(device, &fma, &copy) : print_table(device, &fma, &copy));

cleanup:
    fg_device_free(device);
    return status == FG_OK ? EXIT_SUCCESS : console_failure();
}
