/* flops.h - work that is no multiply-add, and what papers make one figure of.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_FLOPS_H
#define FG_PLAN_FLOPS_H

#include "plan/plan.h"

/* Sets norm_elements and relu_elements of a plan whose operations are there: values of one image
 * that pass a batch norm or a ReLU, once however many readers share them. */
fg_status fg_flops_count(fg_plan *plan);

/* "mac", "sparsenet", "seqconv"; NULL: no such convention. */
const char *fg_flops_name(fg_flops convention);

/* What its figure is divided by: "1e9" or "2^30". */
const char *fg_flops_unit(fg_flops convention);

#endif
