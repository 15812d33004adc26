/* lifetimes.h - which memory a plan needs, and from which step to which.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_LIFETIMES_H
#define FG_PLAN_LIFETIMES_H

#include "plan/plan.h"

/* Makes the regions of a plan whose steps are there, in place of earlier ones: all but their sizes
 * and places, which depend on the batch. */
fg_status fg_lifetimes_find(fg_plan *plan);

#endif
