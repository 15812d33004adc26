/* recompute.h - what backward computes again, so that it need not be kept from forward.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_RECOMPUTE_H
#define FG_PLAN_RECOMPUTE_H

#include "plan/plan.h"
#include "plan/steps.h"

/* What is worth recomputing at a batch. */
typedef struct fg_recompute {
    fg_recomputed *list; /* in the order in which it is chosen; owned */
    int count;
    size_t
        *live; /* [count + 1]: most bytes of regions at one step, the first so many of the list
                   * being recomputed; each at most the one before; owned */
} fg_recompute;

/* All that makes the plan need less at plan->images; nothing for FG_MEMORY_FAST. Leaves the plan
 * without recomputations, its regions with sizes and without places. */
fg_status fg_recompute_find(fg_recompute *out, fg_plan *plan);
void fg_recompute_clear(fg_recompute *recompute);

/* The plan with the first `count` of them: steps, regions and their sizes. */
fg_status fg_recompute_apply(fg_plan *plan, const fg_recompute *recompute, int count);

/* Recomputes as much as plan->memory_target asks for, and places all regions: of bytes, as little
 * as makes the plan need no more than these and no more than the device has; all, where they
 * cannot be reached. */
fg_status fg_recompute_place(fg_plan *plan);

#endif
