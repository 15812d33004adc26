/* linear.h - the bias gradient of a fully connected layer; the rest of it is a 1x1 convolution.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_LINEAR_H
#define FG_OPS_LINEAR_H

#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_linear_op {
    const fg_kernel *backward_bias;
} fg_linear_op;

fg_status fg_linear_prepare(fg_linear_op *out, fg_kernels *kernels);

/* gradients[first_gradient + k] = sum over images of out's gradient */
fg_status fg_linear_backward_bias(const fg_linear_op *op, const fg_buffer *gradients,
                                  size_t first_gradient, const fg_output *out, int images);

#endif
