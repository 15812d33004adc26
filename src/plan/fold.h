/* fold.h - sums that a convolution adds up as it stores its output.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_FOLD_H
#define FG_PLAN_FOLD_H

#include "plan/plan.h"

/* A sum of two raw terms, the second of which the convolution before it has just computed for
 * nobody else, needs no pass of its own: the convolution adds the other term to its output and
 * stores the sum alone. Backward it takes the sum's gradient as its output's, and hands it on to
 * the other term. Sets fg_op.sum and fg_op.folded of such pairs. */
void fg_fold_sums(fg_plan *plan);

/* The term that a convolution with op->sum >= 0 adds to its output, and the reads it is of. */
const fg_range *fg_fold_shortcut(const fg_reads **reads, const fg_plan *plan, const fg_op *op);

#endif
