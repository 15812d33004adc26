/* profile.h - where the time of a network's steps went, by the device's own clock.
 *
 * Each step is cut into
 *
 *   rows   what kernels, uploads and reads took: one row for each kernel of each of the plan's steps
 *   idle   the device waits between two of them: launches, and a host that is late
 *   host   from the call to the first start, and from the last end to the return
 *
 * and these are all of its wall time. Over several steps each row has the median of its own. What
 * adds up is one step: the one whose wall time is the median.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_PROFILE_H
#define FG_BENCH_PROFILE_H

#include "device/trace.h"

/* A kernel of one of the plan's steps; an upload, a read or a kernel of none of them. */
typedef struct fg_profile_row {
    const char *label;
    int step; /* of the plan; -1: none */
    int launches;
    double *ms;    /* owned: [steps] */
    double median; /* ms, of these */
} fg_profile_row;

/* The rows of one of the plan's steps, or one that belongs to none. */
typedef struct fg_profile_group {
    int first, count; /* rows */
    double median;    /* ms, of their sums */
} fg_profile_group;

/* Milliseconds of one step. */
typedef struct fg_profile_step {
    double rows, idle, host, wall;
} fg_profile_step;

typedef struct fg_profile {
    int capacity, steps; /* measured */
    fg_profile_step *each;
    fg_profile_step median; /* of these, by wall time */
    fg_profile_row *rows;   /* when finished: groups one behind the other, longest row first */
    int row_count;
    int next;                 /* row of the event that is to be expected */
    fg_profile_group *groups; /* in order of the plan; what belongs to none comes first */
    int group_count;
} fg_profile;

/* For so many steps. */
fg_status fg_profile_create(fg_profile **out, int steps);
void fg_profile_free(fg_profile *profile);

/* The events of one step, at least one, in order, and its wall time. */
fg_status fg_profile_add(fg_profile *profile, const fg_trace_event *events, size_t count,
                         double wall_ms);

/* Makes medians and groups: no step is added any more. */
fg_status fg_profile_finish(fg_profile *profile);

#endif
