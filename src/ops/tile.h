/* tile.h - a convolution's input as a matrix, for libraries that multiply matrices.
 *
 * Formulas and layouts are in cl/tile.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_TILE_H
#define FG_OPS_TILE_H

#include "ops/conv.h"

typedef struct fg_tile_op {
    const fg_kernel *forward, *bias;
} fg_tile_op;

fg_status fg_tile_prepare(fg_tile_op *out, fg_kernels *kernels);

/* Part of the matrix of one group: [channels][taps][pixels], for pixels first .. of the output. */
typedef struct fg_tile_part {
    int group;
    int first;
    int pixels;
} fg_tile_part;

fg_status fg_tile_forward(const fg_tile_op *op, const fg_conv_shape *shape,
                          const fg_conv_call *call, const fg_buffer *tile,
                          const fg_tile_part *part);

/* The bias in all pixels of the output. */
fg_status fg_tile_bias(const fg_tile_op *op, const fg_conv_call *call);

#endif
