/* lanes.h - vectors of pixels, and the statistics of one channel of a chunk, lane by lane.
 * OpenCL C.
 *
 * Lane l has every 16th pixel of the chunk, from pixel l on; batchnorm_statistics merges lanes
 * and chunks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_LANES_H
#define FG_LANES_H

#include "batchnorm.h"
#include "vectors.h"

#ifndef INLINE /* .ci/run: Oclgrind cannot run what inlining leaves behind */
#define INLINE static inline __attribute__((always_inline))
#endif

/* Mean and sum of squared deviations of each lane. */
struct lanes {
    float16 mean;
    float16 squares;
    int vectors; /* so far */
};

INLINE struct lanes lanes_none(void)
{
    const struct lanes none = {(float16)(0.0f), (float16)(0.0f), 0};
    return none;
}

INLINE int16 lanes_numbers(void)
{
    return (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* -1 in the first `count` lanes, 0 in the others. */
INLINE int16 lanes_below(int count)
{
    return lanes_numbers() < (int16)(count);
}

/* Welford's update with the first `count` lanes of x: its error does not grow with mean / sigma.
 */
INLINE void lanes_add(struct lanes *to, float16 x, int count)
{
    const int16 there = lanes_below(count);
    const float16 off = x - to->mean;
    const float16 mean = fma(off, (float16)(1.0f / (float)(to->vectors + 1)), to->mean);
    to->squares = select(to->squares, fma(off, x - mean, to->squares), there);
    to->mean = select(to->mean, mean, there);
    ++to->vectors;
}

/* partials: of one channel of a chunk, [2][FG_LANES] */
INLINE void lanes_store(__global float *partials, struct lanes lanes)
{
    store16(lanes.mean, 0, partials);
    store16(lanes.squares, 1, partials);
}

/* Vectors of which only the first `count` floats may be touched in memory, 1 or more: behind them
 * are pixels that another work-item writes. */

INLINE float16 lanes_load_first(__global const float *from, int count)
{
    float values[FG_LANES] = {0.0f};
    if (count >= FG_LANES)
        return load16(0, from);
    for (int i = 0; i < count; ++i)
        values[i] = from[i];
    return load16(0, values);
}

INLINE void lanes_store_first(__global float *to, float16 x, int count)
{
    float values[FG_LANES];
    if (count >= FG_LANES) {
        store16(x, 0, to);
        return;
    }
    store16(x, 0, values);
    for (int i = 0; i < count; ++i)
        to[i] = values[i];
}

/* to = or += x */
INLINE void lanes_give_first(__global float *to, int adds, float16 x, int count)
{
    lanes_store_first(to, adds ? lanes_load_first(to, count) + x : x, count);
}

/* Every second one of 32 values: spelled out, as in transpose.h. */
INLINE float16 lanes_even(float16 l, float16 r)
{
    return (float16)(l.s0, l.s2, l.s4, l.s6, l.s8, l.sa, l.sc, l.se, r.s0, r.s2, r.s4, r.s6,
                     r.s8, r.sa, r.sc, r.se);
}

INLINE float16 lanes_odd(float16 l, float16 r)
{
    return (float16)(l.s1, l.s3, l.s5, l.s7, l.s9, l.sb, l.sd, l.sf, r.s1, r.s3, r.s5, r.s7,
                     r.s9, r.sb, r.sd, r.sf);
}

/* Not fmax, which drops a NaN: a network that has gone wrong must show it. */
INLINE float16 lanes_max(float16 a, float16 b)
{
    return select(a, b, b > a || b != b);
}

/* -1 where an activation passes a gradient: where it is above its floor, or NaN. */
INLINE int16 lanes_live(float16 z, float low)
{
    return !(z <= (float16)(low));
}

/* max(scale*x + shift, low) */
INLINE float16 lanes_activate(float16 x, struct fg_affine f, float low)
{
    const float16 z = fma(x, (float16)(f.scale), (float16)(f.shift));
    return select((float16)(low), z, lanes_live(z, low));
}

/* G + q (y - mean) + c */
INLINE float16 lanes_finish(float16 g, float16 y, struct fg_coefficients f)
{
    return fma((float16)(f.q), y - (float16)(f.mean), g + (float16)(f.c));
}

#endif
