/* conv_transpose.h - the output's gradient of a packed tile, pixel after pixel, for weight gradients.
 * OpenCL C, for conv.cl and conv_gather.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_TRANSPOSE_H
#define FG_CONV_TRANSPOSE_H

#include "conv_tile.h"
#include "transpose.h"

/* Where pixel i of a vector goes: as `places` says, or `step` behind the one before. */
INLINE int place_of_pixel(int i, int step, __local const int *places)
{
    return places ? places[i] : i * step;
}

/* 16 pixels of 4 channels, as few outputs of narrow groups are. */
INLINE void transpose_narrow(__local float *to, int step, __local const int *places,
                             __local const float *from, int k0, const struct fg_conv_args a)
{
    float16 r[4];
#pragma unroll
    for (int i = 0; i < 4; ++i)
        r[i] = k0 + i < a.outs ? load16(0, from + (k0 + i) * COPIES * a.row) : (float16)(0.0f);
    transpose4(r);
    to += k0;
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].sc, r[i].sd, r[i].se, r[i].sf), 0,
                to + place_of_pixel(12 + i, step, places));
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].s8, r[i].s9, r[i].sa, r[i].sb), 0,
                to + place_of_pixel(8 + i, step, places));
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].s4, r[i].s5, r[i].s6, r[i].s7), 0,
                to + place_of_pixel(4 + i, step, places));
#pragma unroll
    for (int i = 3; i >= 0; --i)
        vstore4((float4)(r[i].s0, r[i].s1, r[i].s2, r[i].s3), 0,
                to + place_of_pixel(i, step, places));
}

INLINE void transpose_wide(__local float *to, int step, __local const int *places,
                           __local const float *from, int k0, const struct fg_conv_args a)
{
    float16 r[FG_LANES];
#pragma unroll
    for (int i = 0; i < FG_LANES; ++i)
        r[i] = k0 + i < a.outs ? load16(0, from + (k0 + i) * COPIES * a.row) : (float16)(0.0f);
    transpose16(r);
#pragma unroll
    for (int i = FG_LANES - 1; i >= 0; --i)
        store16(r[i], 0, to + place_of_pixel(i, step, places) + k0);
}

/* Vectors of a.outs packed rows: pixel i of them goes to `to` + places[i], or + i * step where there are
 * no places. Behind a pixel's outputs its last vector leaves zeros, which a smaller pixel may
 * overwrite: the largest comes first. */
INLINE void transpose_rows(__local float *to, int step, __local const int *places,
                           __local const float *from, int vectors, const struct fg_conv_args a)
{
    const int at_once = a.outs <= 8 ? 4 : FG_LANES;

    for (int v = vectors - 1; v >= 0; --v) {
        __local float *first = to + (places ? 0 : v * FG_LANES * step);
        __local const int *there = places ? places + v * FG_LANES : 0;
        for (int k = (a.outs - 1) / at_once * at_once; k >= 0; k -= at_once)
            if (at_once == 4)
                transpose_narrow(first, step, there, from + v * FG_LANES, k, a);
            else
                transpose_wide(first, step, there, from + v * FG_LANES, k, a);
    }
}

/* What a 3x3 needs for it beside `rows`. */
struct turn_space {
    __local float *turned;
    __local int *places; /* of the packed rows' pixels in it */
};

#if SIDE == 1
INLINE void transpose_begin(struct turn_space space, struct tile tile,
                            const struct fg_conv_args a)
{
    (void)space, (void)tile, (void)a;
}

/* rows[p][k] = dy[k][p]; channels beyond outs are zeros. */
INLINE void transpose_gradient(__local float *rows, struct turn_space space,
                               __local const float *packed, struct tile tile,
                               const struct fg_conv_args a)
{
    (void)space;
    transpose_rows(rows, a.pixel_lanes, 0, packed, tile.vectors, a);
}
#else
INLINE int packed_pixels(struct tile tile, const struct fg_conv_args a)
{
    return tile.vectors * FG_LANES + 2 * a.chunks.width;
}

/* Once per tile. The packed rows, which begin an image row before the tile, are turned with the last
 * pixel first, so that the taps of one row of the filter lie one behind the other. Between two rows of
 * the image is a pixel of zeros, so that a tap that leaves the image reads those. */
INLINE void transpose_begin(struct turn_space space, struct tile tile,
                            const struct fg_conv_args a)
{
    const int width = a.chunks.width;
    int column = tile.image_pixel % width;
    int place = (a.row + a.row / width + 3) * a.outs;

    for (int i = 0; i < a.row; ++i, place -= a.outs) {
        space.places[i] = place;
        if (++column == width) {
            column = 0;
            place -= a.outs;
        }
    }
}

/* The pixels before the packed rows' first one and behind their last one come from the copies that are
 * moved. */
INLINE void turn_gradient(struct turn_space space, __local const float *packed,
                          struct tile tile, const struct fg_conv_args a)
{
    const int length = packed_pixels(tile, a), width = a.chunks.width;
    __local float *before = space.turned + space.places[0] + a.outs;
    __local float *behind = space.turned + space.places[length - 1] - a.outs;

    store16((float16)(0.0f), 0, before + a.outs);
    transpose_rows(space.turned, 0, space.places, packed + a.row,
                   (length + FG_LANES - 1) / FG_LANES, a);
    for (int i = width - 1 - tile.image_pixel % width; i < length; i += width)
        for (int k = 0; k < a.outs; ++k)
            space.turned[space.places[i] - a.outs + k] = 0.0f;
    for (int k = 0; k < a.outs; ++k) {
        __local const float *from = packed + k * COPIES * a.row;
        before[k] = from[0];
        behind[k] = from[2 * a.row + length - 1];
    }
}

/* What row `row` of taps reads for pixel p of the tile, tap after tap. */
INLINE __local const float *turned_at(struct turn_space space, int p, int row,
                                      const struct fg_conv_args a)
{
    return space.turned + space.places[p + (2 - row) * a.chunks.width] - a.outs;
}

/* rows[p][tap * outs + k] = dy[k][p - tap]. What is behind them belongs to nothing. */
INLINE void transpose_gradient(__local float *rows, struct turn_space space,
                               __local const float *packed, struct tile tile,
                               const struct fg_conv_args a)
{
    const int floats = SIDE * a.outs;

    turn_gradient(space, packed, tile, a);
    for (int p = 0; !a.turned && p < tile.pixels; ++p)
        for (int i = 0; i < SIDE; ++i)
            for (int o = 0; o < floats; o += FG_LANES)
                store16(load16(0, turned_at(space, p, i, a) + o), 0,
                        rows + p * a.pixel_lanes + i * floats + o);
}
#endif

#endif
