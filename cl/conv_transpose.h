/* conv_transpose.h - the output's gradient of a packed tile, pixel after pixel, for weight gradients.
 * OpenCL C, for conv.cl and conv_gather.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_TRANSPOSE_H
#define FG_CONV_TRANSPOSE_H

#include "conv_tile.h"
#include "transpose.h"

/* 16 pixels of 4 channels, as few outputs of narrow groups are. Pixel i goes to `to` + i * step. */
INLINE void transpose_narrow(__local float *to, int step, __local const float *from, int k0,
                             const struct fg_conv_args a)
{
    float16 r[4];
#pragma unroll
    for (int i = 0; i < 4; ++i)
        r[i] = k0 + i < a.outs ? load16(0, from + (k0 + i) * COPIES * a.row) : (float16)(0.0f);
    transpose4(r);
    to += k0;
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].sc, r[i].sd, r[i].se, r[i].sf), 0, to + (12 + i) * step);
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].s8, r[i].s9, r[i].sa, r[i].sb), 0, to + (8 + i) * step);
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].s4, r[i].s5, r[i].s6, r[i].s7), 0, to + (4 + i) * step);
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].s0, r[i].s1, r[i].s2, r[i].s3), 0, to + i * step);
}

INLINE void transpose_wide(__local float *to, int step, __local const float *from, int k0,
                           const struct fg_conv_args a)
{
    float16 r[FG_LANES];
#pragma unroll
    for (int i = 0; i < FG_LANES; ++i)
        r[i] = k0 + i < a.outs ? load16(0, from + (k0 + i) * COPIES * a.row) : (float16)(0.0f);
    transpose16(r);
#pragma unroll
    for (int i = FG_LANES - 1; i >= 0; --i)
        store16(r[i], 0, to + i * step + k0);
}

/* Vectors of a.outs packed rows: pixel i of them goes to `to` + i * step. Behind a pixel's outputs
 * its last vector leaves zeros, which a smaller pixel may overwrite: the largest comes first. */
INLINE void transpose_rows(__local float *to, int step, __local const float *from, int vectors,
                           const struct fg_conv_args a)
{
    const int at_once = a.outs <= 8 ? 4 : FG_LANES;

    for (int v = vectors - 1; v >= 0; --v)
        for (int k = (a.outs - 1) / at_once * at_once; k >= 0; k -= at_once)
            if (at_once == 4)
                transpose_narrow(to + v * FG_LANES * step, step, from + v * FG_LANES, k, a);
            else
                transpose_wide(to + v * FG_LANES * step, step, from + v * FG_LANES, k, a);
}

#if SIDE == 1
/* rows[p][k] = dy[k][p]; channels beyond outs are zeros. */
INLINE void transpose_gradient(__local float *rows, __local float *turned,
                               __local const float *packed, struct tile tile,
                               const struct fg_conv_args a)
{
    (void)turned;
    transpose_rows(rows, a.pixel_lanes, packed, tile.vectors, a);
}
#else
/* What row `row` of taps reads for pixel p, tap after tap, in `turned`: see turn_gradient. */
INLINE int turned_at(int p, int row, const struct fg_conv_args a)
{
    return (a.row - 1 - p - (2 - row) * a.chunks.width) * a.outs;
}

/* The packed rows, which begin an image row before the tile, once: the pixel that is e behind their
 * first one goes to turned[(a.row - e) * outs]. With the last pixel first, the taps of one row
 * of the filter lie one behind the other, as they do in `rows`. Pixels before the first one and
 * behind the last one come from the copies that are moved. */
INLINE void turn_gradient(__local float *turned, __local const float *packed, struct tile tile,
                          const struct fg_conv_args a)
{
    const int length = tile.vectors * FG_LANES + 2 * a.chunks.width;
    const int vectors = (length + FG_LANES - 1) / FG_LANES;

    transpose_rows(turned + a.row * a.outs, -a.outs, packed + a.row, vectors, a);
    store16((float16)(0.0f), 0, turned + (a.row + 2) * a.outs);
    for (int k = 0; k < a.outs; ++k) {
        __local const float *from = packed + k * COPIES * a.row;
        turned[(a.row + 1) * a.outs + k] = from[0];
        turned[(a.row - length) * a.outs + k] = from[2 * a.row + length - 1];
    }
}

/* Zeros for tap `column` of each row of the filter, at pixels `first`, a row of the image apart. */
INLINE void clear_column(__local float *rows, int first, int column, struct tile tile,
                         const struct fg_conv_args a)
{
    for (int p = first; p < tile.pixels; p += a.chunks.width)
        for (int i = 0; i < SIDE; ++i)
            for (int k = 0; k < a.outs; ++k)
                rows[p * a.pixel_lanes + (i * SIDE + column) * a.outs + k] = 0.0f;
}

/* rows[p][tap * outs + k] = dy[k][p - tap]. What is behind them belongs to nothing. */
INLINE void transpose_gradient(__local float *rows, __local float *turned,
                               __local const float *packed, struct tile tile,
                               const struct fg_conv_args a)
{
    const int width = a.chunks.width, first_column = tile.image_pixel % width;
    const int floats = SIDE * a.outs;

    turn_gradient(turned, packed, tile, a);
    for (int p = 0; p < tile.pixels; ++p)
        for (int i = 0; i < SIDE; ++i)
            for (int o = 0; o < floats; o += FG_LANES)
                store16(load16(0, turned + turned_at(p, i, a) + o), 0,
                        rows + p * a.pixel_lanes + i * floats + o);
    clear_column(rows, width - 1 - first_column, 0, tile, a);
    clear_column(rows, (width - first_column) % width, SIDE - 1, tile, a);
}
#endif

#endif
