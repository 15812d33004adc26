/* sgd.h - stochastic gradient descent over all parameters at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_SGD_H
#define FG_OPS_SGD_H

#include "device/buffer.h"
#include "ops/kernels.h"

typedef struct fg_sgd_op {
    const fg_kernel *update;
} fg_sgd_op;

fg_status fg_sgd_prepare(fg_sgd_op *out, fg_kernels *kernels);

/* elements: a multiple of FG_LANES. */
fg_status fg_sgd_update(const fg_sgd_op *op, const fg_buffer *parameters,
                        const fg_buffer *momentum, const fg_buffer *gradients, size_t elements,
                        const fg_sgd *sgd);

#endif
