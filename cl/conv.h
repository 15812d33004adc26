/* conv.h - what the host and the kernels of conv.cl and conv_weights.cl agree on. C11 and
 * OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_H
#define FG_CONV_H

#include "chunks.h"

/* Channels of a register tile are at most this many; packed weights are rounded up to a tile.
 */
#define FG_CONV_TILE_CHANNELS 12

/* Most floats of packed weights, whatever the tile. */
#define FG_CONV_PACKED_FLOATS(out, in, side)                                            \
    (((size_t)(out) + FG_CONV_TILE_CHANNELS) * ((size_t)(in) + FG_CONV_TILE_CHANNELS) * \
     (size_t)((side) * (side)))

/* A row of weight gradients of one input channel has a lane per (tap, output channel), rounded
 * up to the vectors of a register tile. Many output channels are done in blocks, a launch each.
 */
#define FG_CONV_LANE_TILE 8   /* most vectors of a register tile */
#define FG_CONV_OUT_BLOCK 128 /* most output channels of a launch */

/* Most floats of the weight gradients that one launch makes: [chunks][in][lanes]. */
#define FG_CONV_WEIGHT_PARTIALS_FLOATS(chunks, out, in, side)           \
    ((size_t)(chunks) * (size_t)(in) *                                  \
     ((size_t)((out) < FG_CONV_OUT_BLOCK ? (out) : FG_CONV_OUT_BLOCK) * \
          (size_t)((side) * (side)) +                                   \
      (size_t)(FG_LANES * (FG_CONV_LANE_TILE + 1))))

struct fg_conv_args {
    struct fg_chunks chunks;
    fg_i32 in_pitch;
    fg_i32 out_pitch;
    fg_i32 first_source; /* in the table of sources */
    fg_i32 sources;
    fg_i32 in_channels;
    fg_i32 out_first_channel; /* in the output's map */
    fg_i32 out_channels;
    fg_i32 first_out;  /* backward: the launch does outputs first_out .. first_out + outs - 1 */
    fg_i32 outs;       /* forward: ... and every work-item of row y does outs of them */
    fg_i32 tile;       /* pixels of a tile, a multiple of FG_LANES * VECTORS */
    fg_i32 stride;     /* floats of one packed row: tile, with a halo of a row on both sides */
    fg_i32 block;      /* forward: channels that are packed at once */
    fg_i32 lanes;      /* backward: floats of a row of weight gradients */
    fg_i32 bias;       /* forward: first element of the bias, or -1 */
    fg_i32 statistics; /* forward: 1 to write the partial statistics of the output */
    fg_i32 norm;       /* backward: 1 to write partial d_gamma and d_beta */
    fg_i32
        finish; /* backward: 1 if the output's gradient is G + q (y - mean) + c, 0 if it is G */
    float floor; /* 0 for ReLU, -INFINITY for none */
};

struct fg_conv_weights_args {
    fg_i32 out_channels;
    fg_i32 in_channels;
    fg_i32 taps;
    fg_i32 first_weight;  /* in the parameters, or the gradients */
    fg_i32 tile_channels; /* pack: channels of a register tile */
    fg_i32 backward;      /* pack: 0 [out / tile][in][tap][tile]; 1 [in / tile][outs][taps
                             backward][tile] */
    fg_i32 first_out; /* pack backward and merge: outputs first_out .. first_out + outs - 1 */
    fg_i32 outs;
    fg_i32 lanes;  /* merge: floats of a row */
    fg_i32 chunks; /* merge */
};

#endif
