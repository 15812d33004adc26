/* conv.h - what the host and the kernels of conv*.cl agree on. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_H
#define FG_CONV_H

#include "chunks.h"
#include "dropout.h"

/* Channels of a register tile are at most this many; packed weights are rounded up to a tile.
 */
#define FG_CONV_TILE_CHANNELS 12

/* A row of weight gradients of one input channel has a lane per (tap, output channel); at stride 2
 * the taps of each phase, see conv_strided.h, come one behind the other. They are rounded up to the
 * vectors of a register tile. Many output channels are done in blocks, a launch each. */
#define FG_CONV_LANE_TILE 8   /* most vectors of a register tile */
#define FG_CONV_OUT_BLOCK 128 /* most output channels of a group in a launch */

/* Which kernels do it: those of conv_gather.cl and conv_phases.cl (1), or of conv.cl (0). */
static inline fg_i32 fg_conv_gathers(fg_i32 side)
{
    return side > 3;
}

/* Backward-data at stride s splits the input into s * s phases, (row % s, column % s), each of
 * which only some taps reach. In one direction these are first, first + s, first + 2s ... */
static inline fg_i32 fg_conv_first_tap(fg_i32 phase, fg_i32 side, fg_i32 stride)
{
    return (phase + side / 2) % stride;
}

static inline fg_i32 fg_conv_phase_taps(fg_i32 phase, fg_i32 side, fg_i32 stride)
{
    return (side - fg_conv_first_tap(phase, side, stride) + stride - 1) / stride;
}

/* Phases (row, column) that taps reach, the first ones; and how many taps reach one of them. */
static inline fg_i32 fg_conv_phases(fg_i32 side, fg_i32 stride)
{
    return side == 1 ? 1 : stride * stride;
}

static inline fg_i32 fg_conv_taps_of(fg_i32 phase, fg_i32 side, fg_i32 stride)
{
    return fg_conv_phase_taps(phase / stride, side, stride) *
           fg_conv_phase_taps(phase % stride, side, stride);
}

/* Weight gradients of a 3x3 at stride 2 multiply the output's gradient as it is with what is moved
 * by a row, a column, or both: shift 0 .. 3, in the order of cl/conv_strided.h. */
static inline fg_i32 fg_conv_shift_row(fg_i32 shift)
{
    return shift == 0 || shift == 3;
}

static inline fg_i32 fg_conv_shift_column(fg_i32 shift)
{
    return shift >= 2;
}

/* The tap, i * side + j, whose weight gradients are the index-th of a phase; of sides 1 and 3. */
static inline fg_i32 fg_conv_tap(fg_i32 phase, fg_i32 index, fg_i32 side, fg_i32 stride)
{
    const fg_i32 shift = index + (phase < 2);
    if (side == 1 || stride == 1)
        return index;
    return (1 + phase / 2 - 2 * fg_conv_shift_row(shift)) * side + 1 + phase % 2 -
           2 * fg_conv_shift_column(shift);
}

#ifndef __OPENCL_C_VERSION__
#include <stddef.h>

/* Most floats of packed weights, whatever the tile. */
static inline size_t fg_conv_packed_floats(size_t out_channels, size_t in_channels, size_t side,
                                           size_t groups)
{
    const size_t out = out_channels / groups, in = in_channels / groups;
    return groups * (out * in + FG_CONV_TILE_CHANNELS * (out > in ? out : in)) * side * side;
}

/* Most floats of the weight gradients that one launch makes: [chunks][in][lanes] in conv.cl,
 * and [chunks][in * taps][lanes] in conv_gather.cl, which has no taps in its lanes. chunks: of
 * the output's map */
static inline size_t fg_conv_weight_partials_floats(size_t chunks, size_t out_channels,
                                                    size_t in_channels, size_t side,
                                                    size_t groups)
{
    const size_t out = out_channels / groups, taps = side * side;
    const size_t outs = out < FG_CONV_OUT_BLOCK ? out : FG_CONV_OUT_BLOCK;
    if (fg_conv_gathers((fg_i32)side))
        return chunks * in_channels * taps * ((outs + FG_LANES - 1) / FG_LANES * FG_LANES);
    return chunks * in_channels * (outs * taps + FG_LANES * (FG_CONV_LANE_TILE + 1));
}
#endif

/* A shortcut is added to the output before it is stored. Backward its gradient is the output's, which
 * is written to it or added. */
enum fg_shortcut { FG_SHORTCUT_NONE, FG_SHORTCUT_WRITES, FG_SHORTCUT_ADDS };

/* What "channels" counts is said for conv.cl; conv_gather.cl has rows (channel, tap) there. */
struct fg_conv_args {
    struct fg_chunks chunks; /* of the output's map; conv_phases.cl: the input's */
    fg_i32 in_pitch;
    fg_i32 out_pitch;
    fg_i32 first_source; /* in the table of sources */
    fg_i32 groups;
    fg_i32 item_groups;       /* groups that one work-item does */
    fg_i32 in_channels;       /* of a group */
    fg_i32 out_first_channel; /* in the output's map */
    fg_i32 out_channels;      /* of a group */
    fg_i32 first_out; /* backward: of every group, the launch does outputs first_out .. */
    fg_i32 outs;      /* ... first_out + outs - 1; forward: a work-item does outs of them */
    fg_i32 tile;      /* pixels of a tile, a multiple of FG_LANES * VECTORS */
    fg_i32 row;       /* floats of one packed row: tile, with a halo of a row on both sides */
    fg_i32 block;     /* forward: channels that are packed at once */
    fg_i32 listed; /* channels whose places are in local memory at once: all of the groups of a
                          work-item if they are several */
    fg_i32 lanes;  /* backward: floats of a row of weight gradients, of all phases ... */
    fg_i32 pixel_lanes; /* ... and of what is multiplied for one pixel */
    fg_i32 turned;      /* 1: that is read from the turned gradient, without rows; see
                           conv_transpose.h */
    fg_i32 bias;        /* forward: first element of the bias, or -1 */
    fg_i32 statistics;  /* forward: 1 to write the partial statistics of the output */
    fg_i32 norm;        /* backward: 1 to write partial d_gamma and d_beta */
    fg_i32 shortcut;    /* enum fg_shortcut: what another map has to do with the output */
    fg_i32 shortcut_first_channel; /* in its map, whose pitch is the output's */
    fg_i32 finish; /* backward: 1: the output's gradient is G + q (y - mean) + c, 0: it is G */
    float floor;   /* 0 for ReLU, -INFINITY for none */
    struct fg_dropout in_dropout; /* where the kernel is built with it */
    struct fg_dropout out_dropout;
    fg_i32 in_height;
    fg_i32 in_width;
    fg_i32 out_height;
    fg_i32 out_width;
    /* conv_gather.cl, conv_phases.cl */
    fg_i32 side;
    fg_i32 stride;
    fg_i32 line; /* floats of a line, see conv_gather.h */
};

/* Orders of packed weights; see conv_weights.cl. */
enum fg_conv_order { FG_CONV_ORDER_FORWARD, FG_CONV_ORDER_BACKWARD, FG_CONV_ORDER_PHASES };

struct fg_conv_weights_args {
    fg_i32 out_channels;  /* of a group */
    fg_i32 in_channels;   /* of a group */
    fg_i32 side;          /* merge: 1 where the channels are rows (channel, tap) */
    fg_i32 stride;        /* merge: then 1, too */
    fg_i32 first_weight;  /* in the parameters; merge: in the gradients */
    fg_i32 tile_channels; /* pack: channels of a register tile */
    fg_i32 order;         /* pack: enum fg_conv_order */
    fg_i32 first_out; /* backward and merge: outputs first_out .. first_out + outs - 1 of each
                         group */
    fg_i32 outs;
    fg_i32 groups;    /* merge */
    fg_i32 lanes;     /* merge: floats of a row ... */
    fg_i32 lane_unit; /* ... in which each phase has a multiple of so many */
    fg_i32 chunks;    /* merge */
};

#endif
