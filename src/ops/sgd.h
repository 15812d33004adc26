/* sgd.h - stochastic gradient descent over a slice of the parameters.
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

/* Elements first .. first + elements - 1 of parameters and momentum, by the gradients from
 * first_gradient on. Slices that do not overlap may come in any order: the bits are those of
 * one update of them all. first, first_gradient: multiples of FG_LANES, for speed. */
fg_status fg_sgd_update(const fg_sgd_op *op, const fg_buffer *parameters,
                        const fg_buffer *momentum, const fg_buffer *gradients, size_t first,
                        size_t first_gradient, size_t elements, const fg_sgd *sgd);

#endif
