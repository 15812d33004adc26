/* weights.h - initial values of parameters, made on the device.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_WEIGHTS_H
#define FG_OPS_WEIGHTS_H

#include "device/buffer.h"
#include "ops/kernels.h"

typedef struct fg_weights_op {
    const fg_kernel *normal, *uniform;
} fg_weights_op;

fg_status fg_weights_prepare(fg_weights_op *out, fg_kernels *kernels);

/* values[first .. first + count - 1] = N(0, deviation^2), or U(-bound, bound). stream: a number
 * that no other tensor of the seed has. */
fg_status fg_weights_normal(const fg_weights_op *op, const fg_buffer *values, size_t first,
                            size_t count, float deviation, uint64_t seed, uint32_t stream);
fg_status fg_weights_uniform(const fg_weights_op *op, const fg_buffer *values, size_t first,
                             size_t count, float bound, uint64_t seed, uint32_t stream);

#endif
