/* usage.h - what a plan's device memory is for, kind by kind.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_USAGE_H
#define FG_PLAN_USAGE_H

#include "plan/plan.h"

#define FG_USAGE_KINDS 32 /* more than there are */

/* The parts beside the arena, each kind of region with its bytes at the busiest step, and what
 * the arena has beyond those. The sum is device_bytes_peak. */
typedef struct fg_usage {
    int count;
    int busiest_step;
    struct {
        const char *kind;
        size_t bytes;
    } entries[FG_USAGE_KINDS];
} fg_usage;

fg_status fg_usage_find(fg_usage *out, const fg_plan *plan);

/* What needs the most bytes in one piece: "the features of stage1". */
void fg_usage_largest(char *out, size_t length, const fg_plan *plan);

#endif
