/* conv_winograd.h - what the host and the kernels of conv_winograd.cl agree on. C11 and
 * OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_WINOGRAD_H
#define FG_CONV_WINOGRAD_H

#include "conv.h"

/* A square is 2x2 outputs and the 4x4 inputs that they are made of; its transform has as many
 * values as inputs, each at a position. */
#define FG_WINOGRAD_POSITIONS 16

#ifndef __OPENCL_C_VERSION__
#include <stddef.h>

/* Most floats of transformed weights, whatever the tile. */
static inline size_t fg_winograd_packed_floats(size_t out_channels, size_t in_channels)
{
    return (out_channels + FG_CONV_TILE_CHANNELS - 1) * in_channels * FG_WINOGRAD_POSITIONS;
}
#endif

/* Of conv: tile is the floats of a band of one channel, see conv_winograd_transform.h. */
struct fg_winograd_args {
    struct fg_conv_args conv;
    fg_i32 images;  /* of a chunk, which lie in a tile side by side */
    fg_i32 rows;    /* of squares of each of them */
    fg_i32 columns; /* squares in a row */
    fg_i32 lanes;   /* squares of a tile in whole register tiles, and a vector */
    fg_i32 line;    /* floats of one row of outputs of all squares of a band */
};

struct fg_winograd_weights_args {
    fg_i32 out_channels;
    fg_i32 in_channels;
    fg_i32 first_weight;  /* in the parameters */
    fg_i32 tile_channels; /* of a register tile */
    fg_i32 share;         /* input channels of a work-item */
};

#endif
