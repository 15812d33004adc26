/* pool.h - mean of 2x2 pixels at stride 2, from a whole map into channels of another.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_POOL_H
#define FG_OPS_POOL_H

#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_pool_op {
    const fg_kernel *forward, *backward;
} fg_pool_op;

fg_status fg_pool_prepare(fg_pool_op *out, fg_kernels *kernels, bool training);

/* partials: of the output's statistics, NULL: not wanted. in has out->channels channels. */
fg_status fg_pool_forward(const fg_pool_op *op, const fg_features *in, const fg_output *out,
                          const fg_buffer *partials, int images);

/* coefficients: NULL where the output's gradient is G itself. */
fg_status fg_pool_backward(const fg_pool_op *op, const fg_features *in, const fg_output *out,
                           const fg_buffer *coefficients, int images);

#endif
