/* report.h - a profile beside the least time that its work could take.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_REPORT_H
#define FG_BENCH_REPORT_H

#include "profile.h"
#include "timing.h"
#include "work.h"

/* What took time, and its floor: the larger of its operations at the device's peak, and of its
 * bytes at the device's bandwidth. */
typedef struct fg_report_line {
    const char *label; /* name of a kernel, "read", "write"; NULL: all of a pass */
    int launches;
    double ms;
    double floor_ms;
    fg_work work;
} fg_report_line;

/* A pass of one of the plan's operations with the kernels in it, or one row of no step. */
typedef struct fg_report_entry {
    const char *layer; /* name of the operation, "loss", or the row's label */
    const char *kind;  /* of the operation: "conv1x1"; "" */
    const char *pass;  /* "forward", "recompute", "backward"; "" */
    fg_report_line line;
    const fg_report_line *kernels; /* longest first */
    int kernel_count;
} fg_report_entry;

typedef struct fg_report {
    const fg_timing *timing;
    const fg_plan *plan;
    const fg_profile *profile;
    const char *mode; /* "train", "train-lean", "infer" */
    fg_harness_figure fma, copy;
    fg_row *rows;             /* owned, like all that follows */
    fg_report_entry *entries; /* farthest above their floor first */
    int entry_count;
    fg_report_line *lines;   /* of the profile's rows */
    fg_report_line *kernels; /* over all entries, longest first */
    int kernel_count;
    int launches;
    double rows_ms, floor_ms; /* of all entries together */
} fg_report;

/* Borrows all that it is given. Measures the device's peaks, which takes seconds. */
fg_status fg_report_create(fg_report **out, const fg_timing *timing, const fg_plan *plan,
                           const fg_profile *profile, const char *mode);
void fg_report_free(fg_report *report);

/* Adds what another line says, but for its label. */
void fg_report_line_add(fg_report_line *sum, const fg_report_line *line);

/* Farthest above their floor first. */
void fg_report_entries_sort(fg_report_entry *entries, int count);

/* For people: so many entries, 0: all; without kernels that are a hundredth of their entry, unless
 * all are wanted. */
fg_status fg_report_table_print(const fg_report *report, int entries);

/* All of it, on one line. */
fg_status fg_report_json_print(const fg_report *report);

#endif
