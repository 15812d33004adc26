/* timing.h - what bench_train and bench_infer share: options, the timed loop, the report.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_TIMING_H
#define FG_BENCH_TIMING_H

#include <stdbool.h>

#include "harness.h"

typedef struct fg_timing_options {
    fg_harness_options harness;
    const char *model;
    const char *memory; /* as it was given */
    size_t memory_target;
    const char *tuning;
    int batch;
    int steps;
    int warmup;
    bool infer;          /* else training */
    bool traced;         /* the device records its launches */
    const char *command; /* what it was read from, for results */
} fg_timing_options;

#define FG_TIMING_OPTIONS_INIT                                                               \
    {                                                                                        \
        {NULL, false}, NULL, "fast", FG_MEMORY_FAST, NULL, 64, FG_HARNESS_SAMPLES, 3, false, \
            false, ""                                                                        \
    }

/* The options themselves, whose input is fg_timing_options: for programs that have more. */
extern const struct argp fg_timing_argp;

#define FG_TIMING_MOST 1000000 /* of what is counted */

/* The command line with the program's name alone, without its folder. It lasts until the next
 * call; a very long one is cut. */
const char *fg_timing_command(int argc, char **argv);

typedef struct fg_timing {
    fg_timing_options options;
    double began;      /* when the program started */
    fg_device *device; /* owned */
    fg_net *net;       /* owned */
    float *pixels;     /* owned: [batch][channels][side][side], about standard normal */
    int32_t *labels;   /* owned: [batch] */
} fg_timing;

/* What results are known by: "infer", "train", with another memory setting "train-lean". */
#define FG_TIMING_MODE 64
const char *fg_timing_mode(char out[FG_TIMING_MODE], const fg_timing_options *options);

/* Opens the device, and makes the network, ready for its steps, and a batch for it. */
fg_status fg_timing_create(fg_timing *timing, const fg_timing_options *options);
void fg_timing_clear(fg_timing *timing);

/* All of bench_train and bench_infer: reads the command line, times steps and prints the
 * report. what: the first line of its help. Returns the exit status. */
int fg_timing_main(int argc, char **argv, const char *what, bool infer);

#endif
