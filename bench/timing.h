/* timing.h - what bench_train and bench_infer share: options, the timed loop, the report.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_TIMING_H
#define FG_BENCH_TIMING_H

#include <argp.h>
#include <stdbool.h>

#include "harness.h"

typedef struct fg_timing_options {
    const char *model;
    const char *device;
    const char *memory; /* as it was given */
    size_t memory_target;
    const char *tuning;
    int batch;
    int steps;
    int warmup;
    int json;
    bool traced;         /* the device records its launches */
    const char *command; /* what it was read from, for results */
} fg_timing_options;

#define FG_TIMING_OPTIONS_INIT                                                            \
    {                                                                                     \
        NULL, NULL, "fast", FG_MEMORY_FAST, NULL, 64, FG_HARNESS_SAMPLES, 3, 0, false, "" \
    }

/* The options themselves, whose input is fg_timing_options: for programs that have more. */
extern const struct argp fg_timing_argp;

/* The number that an option's text says, from least on; ends the program where it says none. */
int fg_timing_count(const char *text, const char *option, int least, struct argp_state *state);

/* The command line with the program's name alone, without its folder. It lasts until the next
 * call; a very long one is cut. */
const char *fg_timing_command(int argc, char **argv);

/* Reads the command line; exits with 2 on a mistake, with 0 for --help. */
fg_timing_options fg_timing_parse(int argc, char **argv, const char *what);

typedef struct fg_timing {
    fg_timing_options options;
    double began;      /* when the program started */
    fg_device *device; /* owned */
    float *pixels;     /* owned: [batch][channels][side][side], about standard normal */
    int32_t *labels;   /* owned: [batch] */
} fg_timing;

/* What results of training are known by: "train", with another memory setting "train-lean". */
#define FG_TIMING_MODE 64
const char *fg_timing_train_mode(char out[FG_TIMING_MODE], const fg_timing_options *options);

/* Opens the device and makes a batch for the model. */
fg_status fg_timing_create(fg_timing *timing, const fg_timing_options *options);
void fg_timing_clear(fg_timing *timing);

/* Times step, which waits for the device, and prints the report. passes: 1 for forward, 3 for
 * forward and backward; multiply-adds times 2 times this are the floating-point operations of
 * an image. */
fg_status fg_timing_run(const fg_timing *timing, fg_net *net, const char *mode, int passes,
                        fg_status (*step)(const fg_timing *timing, fg_net *net));

#endif
