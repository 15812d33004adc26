/* conv_tiling.h - register tiles for a convolution's shape, and the kernels that have them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_TILING_H
#define FG_OPS_CONV_TILING_H

#include "ops/conv.h"

/* Phases of the input whose weight gradients one launch makes side by side: cl/conv_strided.h. */
int fg_conv_weight_phases(const fg_conv_op *op);

/* Fills in all tilings, and lane_vectors; shape and gathers are there. */
void fg_conv_tiling_choose(fg_conv_op *op);

fg_status fg_conv_tiling_kernel(const fg_kernel **out, fg_kernels *kernels,
                                enum fg_kernel_id id, const fg_conv_op *op,
                                const fg_conv_tiling *tiling);

/* One that makes weight gradients, with the tile of backward. */
fg_status fg_conv_tiling_weights_kernel(const fg_kernel **out, fg_kernels *kernels,
                                        enum fg_kernel_id id, const fg_conv_op *op);

#endif
