/* choice.h - which algorithm computes each convolution of a net.
 *
 * FG_ALGORITHM names one for all that it can do; else a file of tuning may name one for each
 * shape. A candidate that this build does not have, that cannot do a shape, that cannot be made, or
 * whose result is not that of the direct kernels is skipped with a line in the log.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CHOICE_H
#define FG_OPS_CHOICE_H

#include "ops/candidate.h"
#include "ops/tuning.h"

typedef struct fg_choice {
    fg_kernels *kernels;
    const fg_tuning *tuning;                       /* borrowed */
    const fg_candidate *candidates[FG_ALGORITHMS]; /* NULL: direct, or not in this build */
    bool is_forced;                                /* FG_ALGORITHM is set ... */
    fg_algorithm forced;                           /* ... to this, as far as there is one */
    struct fg_verdict *verdicts;                   /* of shapes that were checked */
    int count;
} fg_choice;

/* FG_ERR_ARGUMENT  FG_ALGORITHM names no algorithm */
fg_status fg_choice_create(fg_choice *out, fg_kernels *kernels, const fg_tuning *tuning);
void fg_choice_clear(fg_choice *choice);

/* The line of the log on a candidate that is not taken: operation, algorithm, why. */
#define FG_CHOICE_SKIPS "%s: %s is skipped: %s"

/* Whether the algorithm has a candidate in this build that can compute a shape, and gives what direct
 * kernels give. Each is checked once; one that does not is logged. */
fg_status fg_choice_check(bool *passed, fg_choice *choice, fg_algorithm algorithm,
                          const fg_conv_shape *shape);

/* The chooser of the net's plan, which borrows it. */
fg_chooser fg_choice_chooser(fg_choice *choice);

/* One line for each candidate that computes operations of the plan, or is forced to. */
void fg_choice_log(const fg_choice *choice, const fg_plan *plan);

#endif
