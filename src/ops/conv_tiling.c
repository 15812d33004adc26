/* conv_tiling.c - register tiles for a convolution's shape, and the kernels that have them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_tiling.h"

#include <stdio.h>

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* What the rows of a register tile are chosen among. */
#define CHOICES 4
static const int usual[CHOICES] = {6, 8, 4, 4}, few[CHOICES] = {6, 4, 4, 4},
                 many[CHOICES] = {12, 8, 6, 4};

/* Rows of a register tile: the fewest rows of padding, and of those that tie the first. */
static int tile_channels(int channels, const int *choices)
{
    int best = choices[0];
    for (int i = 1; i < CHOICES; ++i)
        if (round_up(channels, choices[i]) < round_up(channels, best))
            best = choices[i];
    return best;
}

/* Vectors that fill about 24 registers with `channels` rows, but not more than a run has: a run
 * of a 3x3 lies in one image. */
static int tile_vectors(const fg_conv_op *op, int channels)
{
    const int vectors = channels >= 8 ? 2 : 4;
    const int run = round_up(op->shape.height * op->shape.width, FG_LANES) / FG_LANES;
    return op->gathers || op->shape.side == 1 ? vectors
           : run >= vectors                   ? vectors
           : run >= 2                         ? 2
                                              : 1;
}

static fg_conv_tiling choose_tiling(const fg_conv_op *op, int channels, const int *choices,
                                    int pixels)
{
    fg_conv_tiling tiling;

    tiling.channels = tile_channels(channels, choices);
    tiling.vectors = tile_vectors(op, tiling.channels);
    tiling.pixels = pixels;
    return tiling;
}

/* Whether a 1x1 reads and writes more than a value for 64 multiplications: then few rows of a
 * register tile, which store longer runs, are faster. */
static bool waits_for_memory(int in, int out)
{
    return 64LL * (in + out) >= (long long)in * out;
}

/* At stride 2 each phase of the input has taps of its own: the widest tile that pads none of them. */
static int choose_phase_vectors(int outs)
{
    for (int v = 4; v > 1; --v)
        if (outs % (v * FG_LANES) == 0)
            return v;
    return 1;
}

#define MOST_LANE_VECTORS 7 /* a register tile of 4 rows then fills the registers of AVX-512 */

int fg_conv_weight_phases(const fg_conv_op *op)
{
    return op->gathers ? 1 : fg_conv_phases(op->shape.side, op->shape.stride);
}

/* The lanes of the smallest tile's pixels, one register tile for each, may take half of the local memory;
 * of several phases, whose lanes follow each other, a quarter. */
static int most_lane_vectors(const fg_conv_op *op)
{
    const int part = fg_conv_weight_phases(op) > 1 ? 4 : 2;
    const int vector = op->backward_tiling.vectors * FG_LANES * FG_LANES;
    const size_t fit = op->local_floats / (size_t)(part * vector);
    return fit < 1 ? 1 : fit < MOST_LANE_VECTORS ? (int)fit : MOST_LANE_VECTORS;
}

/* The register tile with the least padding; rows of 3 to 7 vectors keep the loads few. */
static int choose_lane_vectors(const fg_conv_op *op)
{
    const int outs = smaller(op->shape.out_channels / op->shape.groups, FG_CONV_OUT_BLOCK);
    const int taps = op->gathers ? 1 : op->shape.side * op->shape.side;
    const int vectors = ((taps - 1) * outs + round_up(outs, FG_LANES)) / FG_LANES +
                        (((taps - 1) * outs) % FG_LANES != 0);
    const int most = most_lane_vectors(op);
    int best = smaller(vectors, most);
    if (fg_conv_weight_phases(op) > 1)
        return smaller(choose_phase_vectors(outs), most);
    if (vectors <= most)
        return best;
    for (int v = most - 1; v >= 3; --v)
        if (round_up(vectors, v) < round_up(vectors, best))
            best = v;
    return best;
}

void fg_conv_tiling_choose(fg_conv_op *op)
{
    const int side = op->shape.side, groups = op->shape.groups;
    const int in = op->shape.in_channels / groups, out = op->shape.out_channels / groups;
    /* A small tile of a 3x3 would pack, and turn, nearly as much around it as in it. */
    const bool halo = !op->gathers && side == 3;
    const int pixels = op->gathers ? 128 : op->shape.stride > 1 ? 256 : halo ? 512 : 128;
    const int *const rows = halo ? many : side == 1 && waits_for_memory(in, out) ? few : usual;

    op->forward_tiling = choose_tiling(op, out, rows, halo ? 512 : 128);
    op->backward_tiling = choose_tiling(op, op->gathers ? in * side * side : in, usual, pixels);
    op->phases_tiling = choose_tiling(op, in, usual, 128);
    op->lane_vectors = choose_lane_vectors(op);
}

/* Options that all kernels with a register tile have. */
static int print_tiling(char *options, size_t size, const fg_conv_op *op,
                        const fg_conv_tiling *tiling)
{
    const int side = op->gathers ? 1 : op->shape.side;
    return snprintf(options, size,
                    "-D SIDE=%d -D STRIDE=%d -D TILE_CHANNELS=%d -D VECTORS=%d -D IN_PLACE=%d "
                    "-D POOLED=%d -D DROPOUT_IN=%d -D DROPOUT_OUT=%d",
                    side, op->gathers ? 1 : op->shape.stride, tiling->channels, tiling->vectors,
                    op->shape.in_place, op->shape.pooled, (int)op->shape.in_dropout,
                    (int)op->shape.out_dropout);
}

fg_status fg_conv_tiling_kernel(const fg_kernel **out, fg_kernels *kernels,
                                enum fg_kernel_id id, const fg_conv_op *op,
                                const fg_conv_tiling *tiling)
{
    char options[256];
    print_tiling(options, sizeof options, op, tiling);
    return fg_kernels_get(out, kernels, id, options);
}

fg_status fg_conv_tiling_weights_kernel(const fg_kernel **out, fg_kernels *kernels,
                                        enum fg_kernel_id id, const fg_conv_op *op)
{
    char options[256];
    const fg_conv_tiling *tiling = &op->backward_tiling;
    const int rows_wanted = op->lane_vectors <= 3 ? 8 : op->lane_vectors <= 4 ? 6 : 4;
    int lane_rows = tiling->channels;
    while (lane_rows > rows_wanted || tiling->channels % lane_rows != 0)
        --lane_rows;
    const int length = print_tiling(options, sizeof options, op, tiling);
    snprintf(options + length, sizeof options - (size_t)length,
             " -D BACKWARD_DATA=%d -D LANE_VECTORS=%d -D LANE_ROWS=%d",
             op->shape.data && !op->gathers, op->lane_vectors, lane_rows);
    return fg_kernels_get(out, kernels, id, options);
}
