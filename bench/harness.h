/* harness.h - what all benches share: samples, the device's ceilings, memory, JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_HARNESS_H
#define FG_BENCH_HARNESS_H

#include <jansson.h>
#include <stddef.h>

#include "filigree.h"

#define FG_HARNESS_SAMPLES 15 /* the least that a figure rests on, after warming up */

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

/* A new object with platform, device, driver, compute_units and commit. NULL: no memory. */
json_t *fg_harness_json(const fg_device *device);

/* Prints object on one line of stdout and releases it. */
fg_status fg_harness_print(json_t *object);

#endif
