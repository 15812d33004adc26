/* steps.h - what is done in which order.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_STEPS_H
#define FG_PLAN_STEPS_H

#include "plan/plan.h"

/* An operation that runs forward once more, just before the backward step of another. */
typedef struct fg_recomputed {
    int op;
    int reader;
} fg_recomputed;

/* Sets the steps: forward, and in a plan that trains the loss and backward. */
fg_status fg_steps_make(fg_plan *plan);

/* Makes these the recomputations among the steps, in place of those that there are. */
fg_status fg_steps_recompute(fg_plan *plan, const fg_recomputed *list, int count);

#endif
