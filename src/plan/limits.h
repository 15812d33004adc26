/* limits.h - whether a plan fits a device, and the largest batch that would.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_LIMITS_H
#define FG_PLAN_LIMITS_H

#include "plan/plan.h"

/* The largest batch whose plan is made at all: its pixels are counted in an int. */
int fg_limits_images(const fg_network *network);

/* The most bytes that the plan may need: what the device has, or what memory_target says, whichever
 * is less; 0: no limit. */
size_t fg_limits_bytes(const fg_plan *plan);

/* Whether all memory of a placed plan is within the limits that were given. */
bool fg_limits_hold(const fg_plan *plan);

/* The largest batch that fits: it does, and one image more does not. 0 where no limit was
 * given, or where not even one image fits. */
fg_status fg_limits_largest_batch(int *out, const fg_plan *plan);

#endif
