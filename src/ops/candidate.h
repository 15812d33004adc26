/* candidate.h - other ways to compute a convolution's forward pass than our direct kernels.
 *
 * A candidate may put a tile of what the convolution reads, behind norm and ReLU, into scratch
 * that the plan gives it for this one step. Which shapes it can do, and how much scratch it gets,
 * is src/plan/algorithm.c; which one is taken is choice.c.
 *
 * To add one: an entry in algorithm.c, and one in the table of candidate.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CANDIDATE_H
#define FG_OPS_CANDIDATE_H

#include "ops/conv.h"
#include "plan/algorithm.h"

typedef struct fg_candidate {
    fg_algorithm algorithm;
    /* Leaves call->partials itself; for others, and so for foreign libraries, a kernel of ours
     * makes them. */
    bool statistics;
    bool image_runs; /* whose lanes begin anew in every image, not in every chunk */
    fg_status (*create)(void **out, fg_kernels *kernels, const fg_conv_shape *shape);
    /* As fg_conv_forward, without call->packed. tile: fg_algorithm_tile_bytes; does not wait. */
    fg_status (*forward)(void *self, const fg_conv_call *call, const fg_buffer *tile);
    void (*free)(void *self); /* takes NULL */
} fg_candidate;

/* NULL: direct kernels do it, or this build does not have the library. */
const fg_candidate *fg_candidate_of(fg_algorithm algorithm);

/* A candidate that is ready for one convolution. */
typedef struct fg_candidate_op {
    const fg_candidate *candidate; /* NULL: direct kernels do it */
    void *self;
    const fg_kernel *statistics;
} fg_candidate_op;

/* candidate: may be NULL */
fg_status fg_candidate_prepare(fg_candidate_op *out, fg_kernels *kernels,
                               const fg_candidate *candidate, const fg_conv_shape *shape);
fg_status fg_candidate_forward(const fg_candidate_op *op, const fg_conv_call *call,
                               const fg_buffer *tile);
void fg_candidate_clear(fg_candidate_op *op);

#endif
