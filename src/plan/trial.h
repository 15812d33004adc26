/* trial.h - a plan once more, to see what it would need with another batch or another setting.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_TRIAL_H
#define FG_PLAN_TRIAL_H

#include "plan/plan.h"

/* A copy that may be sized, placed and recompute anew: maps, steps, regions and arena are its own,
 * the rest is plan's, which must outlive it. */
fg_status fg_trial_begin(fg_plan *out, const fg_plan *plan);
void fg_trial_end(fg_plan *trial);

/* What a memory_target comes to. */
typedef struct fg_setting {
    char name[24]; /* "fast", "lean" or a number of bytes */
    bool chosen;   /* it is the plan's */
    size_t device_bytes_peak;
    int recomputed_maps;
    int64_t recomputed_multiply_adds; /* of one image */
    double share; /* of these in the multiply-adds of a training step that recomputes nothing */
} fg_setting;

#define FG_SETTINGS 3

/* Fast, lean, and the plan's own where it is neither; returns how many. */
fg_status fg_trial_settings(fg_setting *out, int *count, const fg_plan *plan);

#endif
