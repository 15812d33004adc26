/* sum.h - the sum of sources of one map or two, each behind its norm and ReLU.
 *
 * Residual additions, sums of sparse sources, running sums, depthwise aggregation with a norm per
 * source: all are this. Formulas and layouts are in cl/sum.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_SUM_H
#define FG_OPS_SUM_H

#include "ops/features.h"
#include "ops/kernels.h"

/* Which of the three maps are the same, for equal maps have equal numbers. */
typedef struct fg_sum_shape {
    int in_map[2]; /* -1: no second input */
    int out_map;
    bool training; /* kernels of the backward pass are wanted */
} fg_sum_shape;

typedef struct fg_sum_op {
    const fg_kernel *forward, *backward;
    bool one_input; /* both inputs are of one map, or there is no second one */
    int in_place;   /* the output is in the map of input 1, 2; 0: in another */
} fg_sum_op;

fg_status fg_sum_prepare(fg_sum_op *out, fg_kernels *kernels, const fg_sum_shape *shape);

/* A source is a term: its channel i adds to channel i of the output, which has at least as many.
 * Terms are added in order, those of the first input first. */
typedef struct fg_sum_call {
    fg_input in[2]; /* in[1].sources_count 0: none */
    bool relu[2];
    int stride[2];              /* 1 or more */
    const fg_buffer *affine[2]; /* struct fg_affine [in.channels] */
    fg_output out;
    int images;
    /* forward */
    const fg_buffer *statistics_partials; /* of the output; NULL: not wanted */
    /* backward */
    const fg_buffer *coefficients; /* struct fg_coefficients [out.channels]; NULL: dS is G */
    const fg_buffer *norm_partials[2]; /* d_gamma and d_beta, by chunks of the output; NULL: no
                                        * source has a norm */
} fg_sum_call;

fg_status fg_sum_forward(const fg_sum_op *op, const fg_sum_call *call);
fg_status fg_sum_backward(const fg_sum_op *op, const fg_sum_call *call);

#endif
