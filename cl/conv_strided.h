/* conv_strided.h - a 1x1 or 3x3 convolution at stride 2. OpenCL C, for conv.cl.
 *
 * The input falls into four phases, (row % 2, column % 2), each as large as the output. A tap (i, j)
 * reads one of them only, at the output's own pixel or one before it:
 *
 *     i = 0: odd rows, one row before     i = 1: even rows     i = 2: odd rows
 *
 * and so for j and columns; a 1x1 reads even rows and columns. So forward packs phases, moved where
 * a tap wants it, and a tap is an offset as at stride 1. Backward each phase is a convolution at
 * stride 1 of the output's gradient, with those taps that read it, and nothing is multiplied with
 * zeros: fg_conv_phase_taps of conv.h.
 *
 * A phase is kept for the input's gradient, and then for what was read of the input, in planes:
 * [PHASES][TILE_CHANNELS][tile].
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_STRIDED_H
#define FG_CONV_STRIDED_H

#include "conv_piece.h"
#include "conv_store.h"
#include "conv_transpose.h"

#define PHASE_COLUMNS (PHASES > 1 ? 2 : 1)

/* The first `count` lanes of x, without a touch to what is behind them. */
INLINE void put_first(__local float *to, float16 x, int count)
{
    if (count < FG_LANES)
        x = select(load16(0, to), x, lanes_below(count));
    store16(x, 0, to);
}

/* Of 16 or fewer columns of a phase, with both that make them: even and odd ones. */
struct columns {
    float16 even;
    float16 odd;
};

/* Row `row` (0 or 1) of what a piece reads; zeros where the image has none. x: the input at the tile's
 * first pixel, which is `pixel` of the batch */
INLINE struct columns read_columns(__global const float *x, struct fg_affine f, int channel,
                                   int pixel, struct piece piece, int row,
                                   const struct fg_conv_args a)
{
    const int at = piece.from + row * a.in_width;
    struct columns read = {(float16)(0.0f), (float16)(0.0f)};
    float16 l, r;

    if (2 * piece.row + row >= a.in_height)
        return read;
    l = read_input(x + at, f, channel, pixel + at, a);
    r = l; /* a map has room for one vector behind its last pixel only */
    if (piece.pixels > FG_LANES / 2)
        r = read_input(x + at + FG_LANES, f, channel, pixel + at + FG_LANES, a);
    read.even = lanes_even(l, r);
    read.odd = lanes_odd(l, r);
    if (2 * (piece.column + piece.pixels) > a.in_width)
        read.odd = select((float16)(0.0f), read.odd, lanes_below(piece.pixels - 1));
    return read;
}

/* ---- forward ---- */

#if SIDE == 1
INLINE void pack_phases(__local float *packed, __global const float *x, struct fg_affine f,
                        int channel, struct tile tile, const struct fg_conv_args a)
{
    const int pixel = input_pixel(tile, a);
    for (struct piece piece = first_piece(tile, a); piece.first < tile.pixels;
         piece = next_piece(piece, tile, a))
        put_first(packed + piece.first, read_columns(x, f, channel, pixel, piece, 0, a).even,
                  piece.pixels);
}
#else
/* Packed rows hold the tile with the row of pixels before it, from that row's first pixel on: of
 * even rows and then of odd ones, odd columns moved by one to the right, even columns, odd columns.
 * See tap_offset. */
INLINE void pack_phases(__local float *packed, __global const float *x, struct fg_affine f,
                        int channel, struct tile tile, const struct fg_conv_args a)
{
    const int width = a.out_width, column = tile.image_pixel % width;
    const int wanted = width + column, there = min(wanted, tile.image_pixel);
    const struct tile with = {tile.pixel - there, tile.pixels + there, 0,
                              tile.image_pixel - there};
    const int pixel = input_pixel(with, a);

    x += pixel - input_pixel(tile, a);
    for (int copy = SIDE; copy < 2 * SIDE; ++copy)
        for (int i = 0; i < wanted - there; ++i)
            packed[copy * a.row + i] = 0.0f;
    packed += wanted - there;
    for (struct piece piece = first_piece(with, a); piece.first < with.pixels;
         piece = next_piece(piece, with, a))
        for (int row = 0; row < 2; ++row) {
            __local float *to = packed + row * SIDE * a.row + piece.first;
            const struct columns read = read_columns(x, f, channel, pixel, piece, row, a);
            put_first(to + 1, read.odd, piece.pixels);
            if (piece.column == 0)
                to[0] = 0.0f;
            put_first(to + a.row, read.even, piece.pixels);
            put_first(to + 2 * a.row, read.odd, piece.pixels);
        }
}
#endif

/* ---- backward ---- */

/* Where the lanes of a phase begin among those of a pixel, in outputs: see transpose_shifts. */
INLINE int first_shift(int phase)
{
    return PHASES > 1 && phase < 2;
}

/* rows[p][shift * outs + k]: dy of output k at pixel p, moved. In this order of shifts (row, column)
 * each phase has its taps side by side, as fg_conv_tap says:
 *
 *     (1, 0)  (0, 0)  (0, 1)  (1, 1)
 *
 * What is behind them belongs to nothing. */
INLINE void transpose_shifts(__local float *rows, __local const float *packed, struct tile tile,
                             const struct fg_conv_args a)
{
    for (int shift = 0; shift < PHASES; ++shift)
        transpose_rows(rows + shift * a.outs, a.pixel_lanes, 0,
                       packed + gradient_offset(STRIDE - 1 + fg_conv_shift_row(shift),
                                                STRIDE - 1 + fg_conv_shift_column(shift), a),
                       tile.vectors, a);
}

/* A row of what a piece reads, whose gradient is joined from two planes, of even columns and of odd
 * ones: -> G and the sums of the norm. Then what was read takes the place of the gradient. columns:
 * of the input that the piece has, 32 if they are all there; g, x: of the row */
INLINE void join_columns(__local float *even, int plane, __global float *g, int adds,
                         struct norm_sums *sums, __global const float *x, struct fg_affine f,
                         int channel, int pixel, int pixels, int columns,
                         const struct fg_conv_args a)
{
    __local float *odd = even + (PHASES > 1 ? plane : 0);
    const float16 l = load16(0, even);
    const float16 r = PHASES > 1 ? load16(0, odd) : (float16)(0.0f);
    const float16 first = (float16)(l.s0, r.s0, l.s1, r.s1, l.s2, r.s2, l.s3, r.s3, l.s4, r.s4,
                                    l.s5, r.s5, l.s6, r.s6, l.s7, r.s7);
    const float16 last = (float16)(l.s8, r.s8, l.s9, r.s9, l.sa, r.sa, l.sb, r.sb, l.sc, r.sc,
                                   l.sd, r.sd, l.se, r.se, l.sf, r.sf);
    float16 read = add_vector(g, adds, sums, drop_input(first, channel, pixel, a), x, f,
                              min(columns, FG_LANES), a);
    float16 read_last = (float16)(0.0f);

    read = drop_input(read, channel, pixel, a);
    if (columns > FG_LANES) {
        read_last =
            add_vector(g + FG_LANES, adds, sums, drop_input(last, channel, pixel + FG_LANES, a),
                       x + FG_LANES, f, columns - FG_LANES, a);
        read_last = drop_input(read_last, channel, pixel + FG_LANES, a);
    }
    if (columns < 2 * FG_LANES) {
        read = select((float16)(0.0f), read, lanes_below(columns));
        read_last = select((float16)(0.0f), read_last, lanes_below(columns - FG_LANES));
    }
    put_first(even, lanes_even(read, read_last), pixels);
    if (PHASES > 1)
        put_first(odd, lanes_odd(read, read_last), pixels);
}

/* The row of a piece that no tap reads: weights have nothing of it, and its gradient is zero, if there is
 * such a row in the image. g: of the row */
INLINE void fill_unread(__local float *even, int plane, __global float *g, int adds,
                        struct piece piece, int columns, const struct fg_conv_args a)
{
    if (!SKIPS_ROWS) {
        put_first(even, (float16)(0.0f), piece.pixels);
        put_first(even + plane, (float16)(0.0f), piece.pixels);
    } else if (!adds && 2 * piece.row + 1 < a.in_height) {
        for (int i = 0; i < columns; i += FG_LANES)
            lanes_store_first(g + i, (float16)(0.0f), columns - i);
    }
}

/* One channel: da of the phases -> G, d_beta, d_gamma; then what was read of x takes the place of da.
 * phases: of the channel; x and g: its first pixel of the tile, channel: in the list */
INLINE void join_gradient(__global float *g, int adds, __global float *partials, int begins,
                          __local float *phases, __global const float *x, struct fg_affine f,
                          int channel, struct tile tile, const struct fg_conv_args a)
{
    const int plane = TILE_CHANNELS * a.tile;
    const int pixel = input_pixel(tile, a);
    struct norm_sums sums = load_norm_sums(partials, begins, a);

    for (struct piece piece = first_piece(tile, a); piece.first < tile.pixels;
         piece = next_piece(piece, tile, a)) {
        const int columns = min(2 * piece.pixels, a.in_width - 2 * piece.column);
        for (int row = 0; row < 2; ++row) {
            const int at = piece.from + row * a.in_width;
            __local float *even = phases + row * PHASE_COLUMNS * plane + piece.first;
            if (SKIPS_ROWS ? row > 0 : 2 * piece.row + row >= a.in_height)
                fill_unread(even, plane, g + at, adds, piece, columns, a);
            else if (columns == 2 * FG_LANES)
                join_columns(even, plane, g + at, adds, &sums, x + at, f, channel, pixel + at,
                             FG_LANES, 2 * FG_LANES, a);
            else
                join_columns(even, plane, g + at, adds, &sums, x + at, f, channel, pixel + at,
                             piece.pixels, columns, a);
        }
    }
    store_norm_sums(partials, sums, a);
}

/* What was read of one channel alone, in its planes. */
INLINE void read_phases(__local float *phases, __global const float *x, struct fg_affine f,
                        int channel, struct tile tile, const struct fg_conv_args a)
{
    const int plane = TILE_CHANNELS * a.tile;
    const int pixel = input_pixel(tile, a);

    for (struct piece piece = first_piece(tile, a); piece.first < tile.pixels;
         piece = next_piece(piece, tile, a))
        for (int row = 0; row < PHASE_COLUMNS; ++row) {
            __local float *even = phases + row * PHASE_COLUMNS * plane + piece.first;
            const struct columns read = read_columns(x, f, channel, pixel, piece, row, a);
            put_first(even, read.even, piece.pixels);
            if (PHASES > 1)
                put_first(even + plane, read.odd, piece.pixels);
        }
}

#endif
