/* backward.h - what the backward pass does in which order: who writes a gradient and who adds to
 * it, and which parameters are complete when.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_BACKWARD_H
#define FG_PLAN_BACKWARD_H

#include "plan/plan.h"

/* Sets `adds` of all ranges, cutting those whose channels differ. */
fg_status fg_backward_order(fg_plan *plan);

/* Places the gradients of parameters by their lifetimes, and makes the table of updates. */
fg_status fg_backward_updates(fg_plan *plan);

/* Makes the table of sources out of the ranges, once tensors and gradients have their places. */
fg_status fg_backward_sources(fg_plan *plan);

#endif
