/* tensors.h - names, shapes and places of parameters and running statistics.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_TENSORS_H
#define FG_PLAN_TENSORS_H

#include "plan/plan.h"

/* Makes room for the tensors of so many convolutions, the classifier with its bias among them,
 * and norms. */
fg_status fg_tensors_reserve(fg_plan *plan, int convs, int norms);

/* The weights of the convolution that plan->convs gets next, named after it; and, for the
 * classifier, its bias too. */
fg_status fg_tensors_add_conv(fg_plan *plan, fg_conv *conv);
fg_status fg_tensors_add_linear(fg_plan *plan, fg_conv *conv);

/* The four tensors of the norm that plan->norms gets next. */
fg_status fg_tensors_add_norm(fg_plan *plan, fg_norm *norm, const char *name);

/* Once all are there: where each one begins, and the sums over all. */
void fg_tensors_place(fg_plan *plan);

#endif
