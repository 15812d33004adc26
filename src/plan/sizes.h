/* sizes.h - how many bytes a plan's memory has at its batch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_SIZES_H
#define FG_PLAN_SIZES_H

#include "plan/plan.h"

/* The alignment that counts: OpenCL's for sub-buffers, but at least FG_MIN_ALIGNMENT. */
#define FG_MIN_ALIGNMENT \
    512 /* bytes; NVIDIA's and rusticl's, and the largest that is in use \
         */

/* Bytes of each region, and of the parts beside the arena, for plan->images. */
void fg_sizes_set(fg_plan *plan);

/* Bytes of all parts together. */
size_t fg_sizes_parts(const fg_plan *plan);

/* Places the regions, whose sizes are set: sets arena, device_bytes_peak and largest_allocation.
 */
fg_status fg_sizes_place(fg_plan *plan);

#endif
