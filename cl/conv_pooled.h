/* conv_pooled.h - a 1x1 convolution that reads means of 2x2 pixels. OpenCL C, for conv.cl.
 *
 * Convolution and mean are both linear, so a transition that takes the mean of what a 1x1 makes of
 * an image may as well convolve the mean: a quarter of the multiplications, and no map between the
 * two. What is pooled is z, behind norm and ReLU. Chunks, runs and tiles are those of the output,
 * which has half the rows and columns of the input, rounded down:
 *
 *     mean[c][y][x]         = (z[c][2y][2x] + z[c][2y][2x+1] + z[c][2y+1][2x] + z[c][2y+1][2x+1]) / 4
 *     da[c][2y+i][2x+j]     = da[c][y][x] / 4, and 0 in an odd last row or column
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_POOLED_H
#define FG_CONV_POOLED_H

#include "conv_piece.h"
#include "conv_store.h"

/* Of 16 columns of two rows; x: in the upper one */
INLINE float16 sums_of(__global const float *x, struct fg_affine f, const struct fg_conv_args a)
{
    return lanes_activate(load16(0, x), f, a.floor) +
           lanes_activate(load16(0, x + a.in_width), f, a.floor);
}

/* The first 8 values, each twice, or the last 8: spelled out, as in transpose.h. */
INLINE float16 twice(float16 x, int last)
{
    if (last)
        return (float16)(x.s8, x.s8, x.s9, x.s9, x.sa, x.sa, x.sb, x.sb, x.sc, x.sc, x.sd, x.sd,
                         x.se, x.se, x.sf, x.sf);
    return (float16)(x.s0, x.s0, x.s1, x.s1, x.s2, x.s2, x.s3, x.s3, x.s4, x.s4, x.s5, x.s5,
                     x.s6, x.s6, x.s7, x.s7);
}

/* One channel of a tile as the convolution reads it, with zeros behind its pixels. */
INLINE void read_means(__local float *row, __global const float *x, struct fg_affine f,
                       struct tile tile, const struct fg_conv_args a)
{
    const int floats = tile.vectors * FG_LANES;

    for (int i = tile.pixels / FG_LANES * FG_LANES; i < floats; i += FG_LANES)
        store16((float16)(0.0f), 0, row + i);
    for (struct piece piece = first_piece(tile, a); piece.first < tile.pixels;
         piece = next_piece(piece, tile, a)) {
        __global const float *from = x + piece.from;
        const float16 left = sums_of(from, f, a);
        const float16 right =
            piece.pixels > FG_LANES / 2 ? sums_of(from + FG_LANES, f, a) : left;
        const float16 means = 0.25f * (lanes_even(left, right) + lanes_odd(left, right));
        float values[FG_LANES];
        /* What is behind the piece is written again by the next one. */
        if (piece.first + FG_LANES <= tile.pixels) {
            store16(means, 0, row + piece.first);
            continue;
        }
        store16(means, 0, values);
        for (int i = 0; i < piece.pixels; ++i)
            row[piece.first + i] = values[i];
    }
}

/* Nobody reads an odd last column and row: zeros into what of them is next to a piece. g: of its
 * first pixel */
INLINE void clear_unread(__global float *g, struct piece piece, const struct fg_conv_args a)
{
    if (piece.column + piece.pixels < a.out_width)
        return;
    if (a.in_width > 2 * a.out_width) {
        g[2 * piece.pixels] = 0.0f;
        g[2 * piece.pixels + a.in_width] = 0.0f;
    }
    if (piece.row + 1 == a.out_height && a.in_height > 2 * a.out_height)
        for (int i = 0; i < a.in_width; ++i)
            g[2 * a.in_width - 2 * piece.column + i] = 0.0f;
}

/* One channel: da of the means -> G, d_beta, d_gamma. x and g: its first pixel of the tile */
INLINE void spread_gradient(__global float *g, int adds, __global float *partials, int begins,
                            __local const float *da, __global const float *x,
                            struct fg_affine f, struct tile tile, const struct fg_conv_args a)
{
    struct norm_sums sums = load_norm_sums(partials, begins, a);

    for (struct piece piece = first_piece(tile, a); piece.first < tile.pixels;
         piece = next_piece(piece, tile, a)) {
        const float16 means = 0.25f * load16(0, da + piece.first);
        for (int i = 0; i < 2 * piece.pixels; i += FG_LANES) {
            const float16 each = twice(means, i > 0);
            const int at = piece.from + i, count = 2 * piece.pixels - i;
            add_vector(g + at, adds, &sums, each, x + at, f, count, a);
            add_vector(g + at + a.in_width, adds, &sums, each, x + at + a.in_width, f, count,
                       a);
        }
        if (!adds)
            clear_unread(g + piece.from, piece, a);
    }
    store_norm_sums(partials, sums, a);
}

#endif
