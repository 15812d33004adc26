/* harness.h - what all benches share: options, samples, the device's ceilings, memory, output.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_HARNESS_H
#define FG_BENCH_HARNESS_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "filigree.h"

#define FG_HARNESS_SAMPLES 15 /* the least that a figure rests on, after warming up */

/* --device and --json. */
typedef struct fg_harness_options {
    const char *device;
    bool json;
} fg_harness_options;

/* Alone or a child of parsers that have more; its input is a struct fg_harness_options. Refuses
 * every argument that is not an option. */
extern const struct argp fg_harness_argp;

/* Reads the command line, and FG_LOG; exits with 2 on a mistake, with 0 for --help. */
void fg_harness_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Of repeated measurements of one thing. */
typedef struct fg_harness_figure {
    double median;
    double min;
    double max;
    int samples;
} fg_harness_figure;

/* Sorts samples, count >= 1. */
fg_harness_figure fg_harness_figure_of(double *samples, int count);

/* Seconds of a clock that only goes forward. */
double fg_harness_seconds(void);

/* The most memory that this process has had resident, in bytes. */
size_t fg_harness_resident_peak(void);

/* The commit that was built, "-dirty" behind it if files had changed. */
const char *fg_harness_commit(void);

/* Floating-point operations a second of multiply-adds that touch no memory, in 1e9. A
 * multiply-add counts as two. Takes about a second. */
fg_status fg_harness_peak_fma(fg_harness_figure *out, fg_device *device);

/* Bytes read plus bytes written a second by a copy much larger than any cache, in 1e9. */
fg_status fg_harness_peak_copy(fg_harness_figure *out, fg_device *device);

/* The first lines of a table: the device and the commit. */
void fg_harness_print_head(const fg_device *device);

/* Prints an object of platform, device, driver, compute_units, commit and all figures on one
 * line of stdout, and releases figures. NULL, which is what jansson makes when memory runs out,
 * is a failure. */
fg_status fg_harness_print_json(const fg_device *device, json_t *figures);

/* What was printed is written: FG_ERR_FILE where stdout does not take it. */
fg_status fg_harness_flush(void);

#endif
