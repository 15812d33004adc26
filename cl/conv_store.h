/* conv_store.h - what becomes of a finished tile: the output and its statistics, or the input's
 * gradient and the sums of its norm. OpenCL C, for conv.cl,
 * conv_gather.cl and conv_phases.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_STORE_H
#define FG_CONV_STORE_H

#include "conv_tile.h"

/* What part of the mean each value of a tile is: one over the values that its lane has had so far.
 * seen: before the tile */
INLINE void make_shares(__local float *shares, float16 seen, int pixels)
{
    for (int v = 0; v * FG_LANES < pixels; ++v)
        store16((float16)(1.0f) / (seen + (float)(v + 1)), v, shares);
}

/* Welford's update, a lane at a time: its error does not grow with mean / sigma. */
INLINE void add_vector_statistics(float16 *mean, float16 *squares, float16 x, float16 share)
{
    const float16 off = x - *mean;
    *mean = fma(off, share, *mean);
    *squares = fma(off, x - *mean, *squares);
}

/* begins: 1 for the chunk's first tile, when the partials hold nothing */
INLINE void add_statistics(__global float *partials, __local const float *values,
                           __local const float *shares, int pixels, int begins)
{
    const int whole = pixels / FG_LANES, rest = pixels % FG_LANES;
    float16 mean = begins ? (float16)(0.0f) : load16(0, partials);
    float16 squares = begins ? (float16)(0.0f) : load16(1, partials);

    for (int v = 0; v < whole; ++v)
        add_vector_statistics(&mean, &squares, load16(v, values), load16(v, shares));
    if (rest) {
        const int16 there = lanes_below(rest);
        float16 m = mean, s = squares;
        add_vector_statistics(&m, &s, load16(whole, values), load16(whole, shares));
        squares = select(squares, s, there);
        mean = select(mean, m, there);
    }
    store16(mean, 0, partials);
    store16(squares, 1, partials);
}

INLINE void store_row(__global float *out, __local const float *values, int pixels)
{
    const int whole = pixels / FG_LANES;
    for (int v = 0; v < whole; ++v)
        store16(load16(v, values), v, out);
    for (int i = whole * FG_LANES; i < pixels; ++i)
        out[i] = values[i];
}

/* Writes or adds a row of the output's gradient to the shortcut's. */
INLINE void hand_on(__global float *g, __local const float *dy, int pixels,
                    const struct fg_conv_args a)
{
    for (int i = 0; i < pixels; i += FG_LANES)
        lanes_give_first(g + i, a.shortcut == FG_SHORTCUT_ADDS, load16(0, dy + i), pixels - i);
}

/* d_beta and d_gamma of a channel, lane by lane. */
struct norm_sums {
    float16 d_beta;
    float16 d_gamma;
};

INLINE struct norm_sums load_norm_sums(__global const float *partials, int begins,
                                       const struct fg_conv_args a)
{
    struct norm_sums sums = {(float16)(0.0f), (float16)(0.0f)};
    if (a.norm && !begins) {
        sums.d_beta = load16(0, partials);
        sums.d_gamma = load16(1, partials);
    }
    return sums;
}

INLINE void store_norm_sums(__global float *partials, struct norm_sums sums,
                            const struct fg_conv_args a)
{
    if (a.norm) {
        store16(sums.d_beta, 0, partials);
        store16(sums.d_gamma, 1, partials);
    }
}

/* A vector of da, of which the first `count` lanes are there: writes or adds its part of G, adds
 * those of d_beta and d_gamma. Returns max(z, floor). */
INLINE float16 add_vector(__global float *g, int adds, struct norm_sums *sums, float16 da,
                          __global const float *x, struct fg_affine f, int count,
                          const struct fg_conv_args a)
{
    const float16 xs = load16(0, x);
    const float16 z = fma(xs, (float16)(f.scale), (float16)(f.shift));
    const int16 above = lanes_live(z, a.floor);
    const int16 live = above && lanes_below(count);
    const float16 d = select((float16)(0.0f), da, live);

    sums->d_beta += d;
    /* x may be anything beyond the tile's end */
    sums->d_gamma =
        select(sums->d_gamma, fma(d, (xs - f.mean) * f.inverse, sums->d_gamma), live);
    lanes_give_first(g, adds, d * f.scale, count);
    return select((float16)(a.floor), z, above);
}

/* One channel: da -> G, d_beta, d_gamma; then what was read of x, which is at hand, takes the place of
 * da: max(z, floor), times its mask. x and g are at `pixel` of the batch; channel: in the list */
INLINE void add_gradient(__global float *g, int adds, __global float *partials, int begins,
                         __local float *row, __global const float *x, struct fg_affine f,
                         int channel, int pixel, int pixels, const struct fg_conv_args a)
{
    struct norm_sums sums = load_norm_sums(partials, begins, a);
    for (int i = 0; i < pixels; i += FG_LANES) {
        const float16 da = drop_input(load16(0, row + i), channel, pixel + i, a);
        float16 z;
        /* A constant count, so that whole vectors are compiled without masks. */
        if (pixels - i >= FG_LANES)
            z = add_vector(g + i, adds, &sums, da, x + i, f, FG_LANES, a);
        else
            z = add_vector(g + i, adds, &sums, da, x + i, f, pixels - i, a);
        store16(drop_input(z, channel, pixel + i, a), 0, row + i);
    }
    store_norm_sums(partials, sums, a);
}

#endif
