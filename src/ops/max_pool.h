/* max_pool.h - maximum of 3x3 pixels at stride 2 with padding 1, behind norm and ReLU.
 *
 * Formulas and layouts are in cl/max_pool.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_MAX_POOL_H
#define FG_OPS_MAX_POOL_H

#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_max_pool_op {
    const fg_kernel *forward, *backward;
} fg_max_pool_op;

fg_status fg_max_pool_prepare(fg_max_pool_op *out, fg_kernels *kernels, bool training);

/* The output's map is another one than the input's, of half the side, rounded up. */
typedef struct fg_max_pool_call {
    fg_input in;
    bool relu;
    const fg_buffer *affine; /* struct fg_affine [in.channels] */
    fg_output out;           /* as many channels */
    int images;
    /* forward */
    const fg_buffer *statistics_partials; /* of the output; NULL: not wanted */
    /* backward */
    const fg_buffer *coefficients;  /* struct fg_coefficients [out.channels]; NULL: dy is G */
    const fg_buffer *norm_partials; /* of d_gamma and d_beta; NULL: no norm */
} fg_max_pool_call;

/* FG_ERR_FIT where the images are too wide for the device's local memory. */
fg_status fg_max_pool_forward(const fg_max_pool_op *op, const fg_max_pool_call *call);
fg_status fg_max_pool_backward(const fg_max_pool_op *op, const fg_max_pool_call *call);

#endif
