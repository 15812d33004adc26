/* head_pool.h - the mean over each cell of a grid, behind norm and ReLU: what the classifier
 * reads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_HEAD_POOL_H
#define FG_OPS_HEAD_POOL_H

#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_head_pool_op {
    const fg_kernel *forward, *backward;
} fg_head_pool_op;

fg_status fg_head_pool_prepare(fg_head_pool_op *out, fg_kernels *kernels, bool training);

/* out: a map of one pixel per image with in->channels * grid * grid channels. */
fg_status fg_head_pool_forward(const fg_head_pool_op *op, const fg_input *in,
                               const fg_features *out, const fg_buffer *affine, bool relu,
                               int grid, int images);

/* partials: of d_gamma and d_beta, NULL: no norm. */
fg_status fg_head_pool_backward(const fg_head_pool_op *op, const fg_input *in,
                                const fg_features *out, const fg_buffer *affine, bool relu,
                                const fg_buffer *partials, int grid, int images);

#endif
