/* conv_winograd_transform.h - the transforms of Winograd's convolution, lanes over squares.
 * OpenCL C, for conv_winograd.cl.
 *
 * Lavin, Gray, "Fast algorithms for convolutional neural networks", 2016: F(2x2, 3x3).
 *
 *     B^T x = (x0 - x2, x1 + x2, x2 - x1, x1 - x3)     A^T m = (m0 + m1 + m2, m1 - m2 - m3)
 *
 * Squares lie two pixels apart: even and odd columns are taken apart as a row is read, and the
 * lanes of a vector are squares side by side. Where an image has few columns, a vector holds
 * several rows of squares. Vectors are spelled out element by element: see transpose.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_WINOGRAD_TRANSFORM_H
#define FG_CONV_WINOGRAD_TRANSFORM_H

#include "conv_store.h"
#include "conv_winograd.h"
#include "prefetch.h"

#ifndef COLUMNS
#define COLUMNS 16 /* squares of one row in a vector: 16, 8, 4 or 2 */
#endif
#if COLUMNS != 16 && COLUMNS != 8 && COLUMNS != 4 && COLUMNS != 2
#error "COLUMNS is 16, 8, 4 or 2"
#endif

#define ROWS (FG_LANES / COLUMNS) /* rows of squares in a vector */

/* The rows of one image that a tile has. */
struct band {
    int pixel;  /* first, in the batch */
    int pixels; /* that are written */
    int image;  /* first pixel of the image, in the batch */
    int row;    /* first, in the image */
    int rows;   /* of squares */
    int lane;   /* first, in the tile */
};

/* Even and odd columns of a vector of squares. */
struct columns {
    float16 even;
    float16 odd;
};

/* 16 pixels of a row from a column on; zeros outside the image. */
INLINE float16 read_row(__global const float *x, struct fg_affine f, int channel,
                        struct band band, int row, int column, const struct fg_conv_args a)
{
    if (row < 0 || row >= a.in_height || column >= a.in_width)
        return (float16)(0.0f);
    const int pixel = row * a.in_width + column;
    return select((float16)(0.0f), read_input(x + pixel, f, channel, band.image + pixel, a),
                  lanes_below(a.in_width - column));
}

/* Rows `row`, row + 2, ... row + 2 (ROWS - 1) from a column on. */
INLINE struct columns read_columns(__global const float *x, struct fg_affine f, int channel,
                                   struct band band, int row, int column,
                                   const struct fg_conv_args a)
{
    float16 r[ROWS < 2 ? 2 : ROWS];
    struct columns c;
#if COLUMNS == 16
    r[0] = read_row(x, f, channel, band, row, column, a);
    r[1] = read_row(x, f, channel, band, row, column + FG_LANES, a);
#else
#pragma unroll
    for (int i = 0; i < ROWS; ++i)
        r[i] = read_row(x, f, channel, band, row + 2 * i, column, a);
#if COLUMNS == 4
    r[0] = (float16)(r[0].s0, r[0].s1, r[0].s2, r[0].s3, r[0].s4, r[0].s5, r[0].s6, r[0].s7,
                     r[1].s0, r[1].s1, r[1].s2, r[1].s3, r[1].s4, r[1].s5, r[1].s6, r[1].s7);
    r[1] = (float16)(r[2].s0, r[2].s1, r[2].s2, r[2].s3, r[2].s4, r[2].s5, r[2].s6, r[2].s7,
                     r[3].s0, r[3].s1, r[3].s2, r[3].s3, r[3].s4, r[3].s5, r[3].s6, r[3].s7);
#elif COLUMNS == 2
    r[0] = (float16)(r[0].s0, r[0].s1, r[0].s2, r[0].s3, r[1].s0, r[1].s1, r[1].s2, r[1].s3,
                     r[2].s0, r[2].s1, r[2].s2, r[2].s3, r[3].s0, r[3].s1, r[3].s2, r[3].s3);
    r[1] = (float16)(r[4].s0, r[4].s1, r[4].s2, r[4].s3, r[5].s0, r[5].s1, r[5].s2, r[5].s3,
                     r[6].s0, r[6].s1, r[6].s2, r[6].s3, r[7].s0, r[7].s1, r[7].s2, r[7].s3);
#endif
#endif
    c.even = lanes_even(r[0], r[1]);
    c.odd = lanes_odd(r[0], r[1]);
    return c;
}

/* The odd columns one square before, and the even ones one square behind. last, next: what lies
 * beside the vector, its last lane and its first */
INLINE float16 before(float16 last, float16 x)
{
    const float16 l = COLUMNS == 16 ? last : (float16)(0.0f);
    return (float16)(l.sf, x.s0, COLUMNS == 2 ? 0.0f : x.s1, x.s2, COLUMNS <= 4 ? 0.0f : x.s3,
                     x.s4, COLUMNS == 2 ? 0.0f : x.s5, x.s6, COLUMNS <= 8 ? 0.0f : x.s7, x.s8,
                     COLUMNS == 2 ? 0.0f : x.s9, x.sa, COLUMNS <= 4 ? 0.0f : x.sb, x.sc,
                     COLUMNS == 2 ? 0.0f : x.sd, x.se);
}

INLINE float16 behind(float16 x, float16 next)
{
    const float16 n = COLUMNS == 16 ? next : (float16)(0.0f);
    return (float16)(x.s1, COLUMNS == 2 ? 0.0f : x.s2, x.s3, COLUMNS <= 4 ? 0.0f : x.s4, x.s5,
                     COLUMNS == 2 ? 0.0f : x.s6, x.s7, COLUMNS <= 8 ? 0.0f : x.s8, x.s9,
                     COLUMNS == 2 ? 0.0f : x.sa, x.sb, COLUMNS <= 4 ? 0.0f : x.sc, x.sd,
                     COLUMNS == 2 ? 0.0f : x.se, x.sf, n.s0);
}

/* Rows of squares: those that are one row above those of b, and one row below those of a. */
INLINE float16 above(float16 a, float16 b)
{
#if COLUMNS == 16
    (void)b;
    return a;
#elif COLUMNS == 8
    return (float16)(a.s8, a.s9, a.sa, a.sb, a.sc, a.sd, a.se, a.sf, b.s0, b.s1, b.s2, b.s3,
                     b.s4, b.s5, b.s6, b.s7);
#elif COLUMNS == 4
    return (float16)(a.sc, a.sd, a.se, a.sf, b.s0, b.s1, b.s2, b.s3, b.s4, b.s5, b.s6, b.s7,
                     b.s8, b.s9, b.sa, b.sb);
#else
    return (float16)(a.se, a.sf, b.s0, b.s1, b.s2, b.s3, b.s4, b.s5, b.s6, b.s7, b.s8, b.s9,
                     b.sa, b.sb, b.sc, b.sd);
#endif
}

INLINE float16 below(float16 a, float16 b)
{
#if COLUMNS == 16
    (void)a;
    return b;
#elif COLUMNS == 8
    return (float16)(a.s8, a.s9, a.sa, a.sb, a.sc, a.sd, a.se, a.sf, b.s0, b.s1, b.s2, b.s3,
                     b.s4, b.s5, b.s6, b.s7);
#elif COLUMNS == 4
    return (float16)(a.s4, a.s5, a.s6, a.s7, a.s8, a.s9, a.sa, a.sb, a.sc, a.sd, a.se, a.sf,
                     b.s0, b.s1, b.s2, b.s3);
#else
    return (float16)(a.s2, a.s3, a.s4, a.s5, a.s6, a.s7, a.s8, a.s9, a.sa, a.sb, a.sc, a.sd,
                     a.se, a.sf, b.s0, b.s1);
#endif
}

/* B^T over the columns of a vector of squares from square `j` of a row on. */
INLINE void transform_columns(float16 *to, __global const float *x, struct fg_affine f,
                              int channel, struct band band, int row, int j,
                              const struct fg_conv_args a)
{
    const struct columns c = read_columns(x, f, channel, band, row, 2 * j, a);
    float16 last = (float16)(0.0f), next = (float16)(0.0f);
    if (COLUMNS == 16 && j > 0)
        last = read_row(x, f, channel, band, row, 2 * j - FG_LANES, a);
    if (COLUMNS == 16 && 2 * (j + COLUMNS) < a.in_width)
        next = read_row(x, f, channel, band, row, 2 * (j + COLUMNS), a);
    to[0] = before(last, c.odd) - c.odd;
    to[1] = c.even + c.odd;
    to[2] = c.odd - c.even;
    to[3] = c.even - behind(c.even, next);
}

/* One input channel of a band. to: of its first square, [positions][lanes]; x: the image; next:
 * that of the channel which comes next, to fetch it.
 * A row's last vector reaches into the next row, which is written later: columns are therefore
 * done from the right. */
INLINE void transform_input(__local float *to, __global const float *x,
                            __global const float *next, struct fg_affine f, int channel,
                            struct band band, const struct fg_winograd_args a)
{
    for (int j = (a.columns - 1) / COLUMNS * COLUMNS; j >= 0; j -= COLUMNS) {
        float16 above_odd[4], even[4], odd[4], below_even[4];
        transform_columns(above_odd, x, f, channel, band, band.row + 1 - 2 * ROWS, j, a.conv);
        transform_columns(even, x, f, channel, band, band.row, j, a.conv);
        for (int r = 0; r < band.rows; r += ROWS) {
            const int row = band.row + 2 * r;
            transform_columns(odd, x, f, channel, band, row + 1, j, a.conv);
            transform_columns(below_even, x, f, channel, band, row + 2 * ROWS, j, a.conv);
            for (int i = row + 1; i <= row + 2 * ROWS; ++i) {
                FG_PREFETCH(next + i * a.conv.in_width + 2 * j);
                FG_PREFETCH(next + i * a.conv.in_width + 2 * j + FG_LANES);
            }
            __local float *at = to + r * a.columns + j;
#pragma unroll
            for (int i = 0; i < 4; ++i, at += a.lanes) {
                store16(above(above_odd[i], odd[i]) - odd[i], 0, at);
                store16(even[i] + odd[i], 0, at + 4 * a.lanes);
                store16(odd[i] - even[i], 0, at + 8 * a.lanes);
                store16(even[i] - below(even[i], below_even[i]), 0, at + 12 * a.lanes);
                above_odd[i] = odd[i];
                even[i] = below_even[i];
            }
        }
    }
}

/* Two vectors that take turns: pixels of even and odd columns. */
INLINE void store_joined(__local float *to, float16 e, float16 o)
{
    store16((float16)(e.s0, o.s0, e.s1, o.s1, e.s2, o.s2, e.s3, o.s3, e.s4, o.s4, e.s5, o.s5,
                      e.s6, o.s6, e.s7, o.s7),
            0, to);
    store16((float16)(e.s8, o.s8, e.s9, o.s9, e.sa, o.sa, e.sb, o.sb, e.sc, o.sc, e.sd, o.sd,
                      e.se, o.se, e.sf, o.sf),
            0, to + FG_LANES);
}

/* A^T over rows and columns of a vector of squares: pixels of the upper row and of the lower. */
INLINE void transform_squares(__local float *upper, __local float *lower,
                              __local const float *products, float bias, int lanes)
{
    float16 up[4], low[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) {
        const float16 m0 = load16(0, products + j * lanes);
        const float16 m1 = load16(0, products + (4 + j) * lanes);
        const float16 m2 = load16(0, products + (8 + j) * lanes);
        const float16 m3 = load16(0, products + (12 + j) * lanes);
        up[j] = m0 + m1 + m2;
        low[j] = m1 - m2 - m3;
    }
    store_joined(upper, up[0] + up[1] + up[2] + bias, up[1] - up[2] - up[3] + bias);
    store_joined(lower, low[0] + low[1] + low[2] + bias, low[1] - low[2] - low[3] + bias);
}

/* One output channel of a band, in the order of its pixels. products: of its first square,
 * [positions][lanes]; lines: [2][line], upper and lower rows of all its squares */
INLINE void transform_outputs(__local float *results, __local float *lines,
                              __local const float *products, float bias, struct band band,
                              const struct fg_winograd_args a)
{
    const int width = a.conv.out_width;

    for (int v = 0; v < band.rows * a.columns; v += FG_LANES)
        transform_squares(lines + 2 * v, lines + a.line + 2 * v, products + v, bias, a.lanes);
    /* A row's last vector reaches into the next row, which is written later. */
    for (int row = 0; row * width < band.pixels; ++row) {
        __local const float *from = lines + row % 2 * a.line + row / 2 * 2 * a.columns;
        for (int i = 0; i < width; i += FG_LANES)
            store16(load16(0, from + i), 0, results + row * width + i);
    }
}

#endif
