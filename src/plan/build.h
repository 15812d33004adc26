/* build.h - makes a network's tensors, maps and operations out of its model.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_BUILD_H
#define FG_PLAN_BUILD_H

#include "plan/plan.h"

/* Fills in all of plan that does not depend on the batch: tensors, maps, norms, sources,
 * convolutions, pools and steps forward. plan->model is set; the rest is zero.
 *
 * FG_ERR_ARGUMENT  the model is impossible: a map shrinks to nothing, or a size is beyond all
 * reason */
fg_status fg_build_network(fg_plan *plan);

#endif
