/* conv_tiling.h - register tiles for a convolution's shape.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_TILING_H
#define FG_OPS_CONV_TILING_H

#include "ops/conv.h"

/* Fills in all tilings, and lane_vectors; shape and gathers are there. */
void fg_conv_tiling_choose(fg_conv_op *op);

#endif
