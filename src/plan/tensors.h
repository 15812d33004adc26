/* tensors.h - names, shapes, places and initial values of parameters and running statistics.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_TENSORS_H
#define FG_PLAN_TENSORS_H

#include "plan/plan.h"

/* The weights of a convolution, named after it; of the classifier, its bias too. */
fg_status fg_tensors_add_conv(fg_plan *plan, fg_op *op);

/* The four tensors of a norm whose channels are known; its scale begins at `scale`. */
fg_status fg_tensors_add_norm(fg_plan *plan, fg_norm *norm, const char *name, float scale);

/* Once all are there: running statistics behind parameters, where each one begins, and the sums
 * over all. */
fg_status fg_tensors_place(fg_plan *plan);

#endif
