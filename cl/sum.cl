/* sum.cl - the sum of sources, each behind its norm and ReLU, as they lie in one map or two.
 *
 * Bound by memory: a channel's pixels are walked in blocks, whose sums stay in registers while
 * the terms go by. A chunk's rows are short and lie a pitch apart, so the same pixels of the next
 * channel are fetched by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ONE_INPUT
#define ONE_INPUT 0 /* 1: both inputs are of one map, which the kernel gets once */
#endif
#ifndef IN_PLACE
#define IN_PLACE \
    0 /* 1, 2: the output is in the map of the first, the second input: that comes once too */
#endif
#ifndef BLOCK
#define BLOCK 8 /* forward: float16 in a block */
#endif

#if IN_PLACE < 0 || IN_PLACE > 2 || (ONE_INPUT && IN_PLACE == 2)
#error "IN_PLACE is 0, 1 or 2, and 1 where both inputs and the output are of one map"
#endif

#include "lanes.h"
#include "prefetch.h"
#include "sources.h"
#include "sum.h"

/* ---- forward ----
 *
 *     out[k][p] = sum over terms j, in order, of max(scale_j[k] * x_j[k][p'] + shift_j[k], floor)
 *
 * where p' is p at stride 1, else every stride-th pixel in both directions, and a term with
 * fewer channels than k adds nothing.
 *
 * first, second, out  maps [channels][pitch]
 * affine              of an input: [its channels], term by term
 * partials            [chunks][out_channels][2][FG_LANES]: see lanes.h
 * grid                x = chunk of the output */

struct terms {
    __global const float *values;
    __global const struct fg_source *sources;
    __global const struct fg_affine *affine;
    struct fg_sum_input input;
};

/* Some pixels of one channel of the output. */
struct block {
    int channel;
    int pixel; /* first, in the batch */
    int pixels;
};

/* picked[i] = x at the pixel that pixel i of the block stands for */
INLINE void pick(float *picked, __global const float *x, struct block at, struct fg_chunks out,
                 struct fg_sum_input in)
{
    const int line = at.pixel / out.width;
    int image = line / out.height, row = line % out.height, column = at.pixel % out.width;

    for (int i = 0; i < at.pixels; ++i) {
        picked[i] = x[(image * in.height + row * in.stride) * in.width + column * in.stride];
        if (++column == out.width) {
            column = 0;
            if (++row == out.height) {
                row = 0;
                ++image;
            }
        }
    }
    for (int i = at.pixels; i % FG_LANES; ++i)
        picked[i] = 0.0f;
}

INLINE void add_terms(float16 *sum, const int vectors, struct block at, struct terms terms,
                      struct fg_chunks out)
{
    const struct fg_sum_input in = terms.input;
    __global const struct fg_source *source = terms.sources + in.first_source;
    __global const struct fg_affine *affine = terms.affine + at.channel;

    for (int j = 0; j < in.terms; ++j, affine += source->channels, ++source) {
        if (at.channel >= source->channels)
            continue;
        const struct fg_affine f = *affine;
        __global const float *x =
            terms.values + (size_t)(source->first_channel + at.channel) * in.pitch;
        if (in.stride == 1) {
#pragma unroll
            for (int v = 0; v < vectors; ++v) {
                FG_PREFETCH(x + in.pitch + at.pixel + v * FG_LANES);
                sum[v] += lanes_activate(load16(v, x + at.pixel), f, in.floor);
            }
        } else {
            float picked[BLOCK * FG_LANES];
            pick(picked, x, at, out, in);
#pragma unroll
            for (int v = 0; v < vectors; ++v)
                sum[v] += lanes_activate(load16(v, picked), f, in.floor);
        }
    }
}

/* The sums of at most `vectors` vectors of pixels; all are whole where there are several. */
INLINE void write_block(__global float *out, struct lanes *lanes, const int vectors,
                        struct block at, struct terms first, struct terms second,
                        struct fg_chunks chunks)
{
    float16 sum[BLOCK];
#pragma unroll
    for (int v = 0; v < vectors; ++v)
        sum[v] = (float16)(0.0f);
    add_terms(sum, vectors, at, first, chunks);
    add_terms(sum, vectors, at, second, chunks);
#pragma unroll
    for (int v = 0; v < vectors; ++v) {
        const int count = min(FG_LANES, at.pixels - v * FG_LANES);
        lanes_store_first(out + at.pixel + v * FG_LANES, sum[v], count);
        lanes_add(lanes, sum[v], count);
    }
}

__kernel FG_ONE_WORK_ITEM void
sum_forward(__global float *first,
#if !ONE_INPUT
            __global float *second,
#endif
#if !IN_PLACE
            __global float *out,
#endif
            __global const struct fg_source *restrict first_sources,
            __global const struct fg_source *restrict second_sources,
            __global const struct fg_affine *restrict first_affine,
            __global const struct fg_affine *restrict second_affine,
            __global float *restrict partials, const struct fg_sum_args a)
{
#if ONE_INPUT
    __global float *second = first;
#endif
#if IN_PLACE
    __global float *out = IN_PLACE == 1 ? first : second;
#endif
    const struct terms terms = {first, first_sources, first_affine, a.first};
    const struct terms more = {second, second_sources, second_affine, a.second};
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int pixels = chunk.images * chunk.pixels;

    for (int k = 0; k < a.out_channels; ++k) {
        __global float *row = out + (size_t)(a.out_first_channel + k) * a.out_pitch;
        struct lanes lanes = lanes_none();
        struct block at = {k, chunk.first, BLOCK * FG_LANES};
        int rest = pixels;
        for (; rest >= at.pixels; rest -= at.pixels, at.pixel += at.pixels)
            write_block(row, &lanes, BLOCK, at, terms, more, a.chunks);
        for (; rest > 0; rest -= FG_LANES, at.pixel += FG_LANES) {
            at.pixels = min(FG_LANES, rest);
            write_block(row, &lanes, 1, at, terms, more, a.chunks);
        }
        if (a.statistics)
            lanes_store(partials +
                            ((size_t)get_global_id(0) * a.out_channels + k) * 2 * FG_LANES,
                        lanes);
    }
}

/* ---- backward ----
 *
 * With dS = G + q (s - mean) + c the gradient of the output and z = scale_j*x_j + shift_j:
 *
 *     d         = z > floor ? dS : 0
 *     G_j       = or += scale_j * d;  pixels that were not read get 0, or nothing
 *     d_beta_j  = sum over p of d,     d_gamma_j = sum over p of d * (x_j - mean_j) / sigma_j
 *
 * x_j is read where a norm or a ReLU needs it, and nowhere else.
 *
 * first, second, out       x and s, [channels][pitch]
 * *_gradient               G_j and G, ditto
 * *_partials               of an input: [chunks][its channels][2][FG_LANES], d_beta and d_gamma
 *                          of terms that have a norm; lane = pixel of the chunk % FG_LANES
 * grid                     x = chunk of the output */

/* One channel of the output over a chunk. */
struct gradient {
    __global const float *g;
    __global const float *s;
    struct fg_coefficients f;
    int finish;
};

INLINE float16 gradient_at(struct gradient of, int i)
{
    const float16 g = load16(0, of.g + i);
    return of.finish ? lanes_finish(g, load16(0, of.s + i), of.f) : g;
}

INLINE float gradient_of_pixel(struct gradient of, int i)
{
    return of.finish ? fma(of.f.q, of.s[i] - of.f.mean, of.g[i] + of.f.c) : of.g[i];
}

/* One channel of a term. */
struct term {
    __global float *g;
    __global const float *x;  /* not read without norm and ReLU */
    __global float *partials; /* 0: no norm */
    struct fg_affine f;
    float floor;
    int adds;
    int pitch; /* to the next channel */
};

/* x and g at the chunk's first pixel. */
INLINE void backward_whole(struct term to, struct gradient of, int pixels)
{
    float16 d_beta = (float16)(0.0f), d_gamma = (float16)(0.0f);

    for (int i = 0; i < pixels; i += FG_LANES) {
        const int count = min(FG_LANES, pixels - i);
        float16 d = gradient_at(of, i);
        FG_PREFETCH(to.g + to.pitch + i);
        if (to.partials || to.floor > -INFINITY) {
            /* x may be anything beyond the chunk's end */
            const float16 x = load16(0, to.x + i);
            FG_PREFETCH(to.x + to.pitch + i);
            const float16 z = fma(x, (float16)(to.f.scale), (float16)(to.f.shift));
            const int16 live = lanes_live(z, to.floor) && lanes_below(count);
            d = select((float16)(0.0f), d, live);
            d_beta += d;
            d_gamma = select(d_gamma, fma(d, (x - to.f.mean) * to.f.inverse, d_gamma), live);
        }
        lanes_give_first(to.g + i, to.adds, d * to.f.scale, count);
    }
    if (to.partials) {
        store16(d_beta, 0, to.partials);
        store16(d_gamma, 1, to.partials);
    }
}

/* x and g at the first pixel of the chunk's first image. */
INLINE void backward_strided(struct term to, struct gradient of, struct fg_chunk chunk,
                             struct fg_chunks out, struct fg_sum_input in)
{
    float d_beta[FG_LANES] = {0}, d_gamma[FG_LANES] = {0};
    int p = 0;

    for (int n = 0; n < chunk.images; ++n)
        for (int row = chunk.row; row < chunk.row + chunk.rows; ++row) {
            const int line = (n * in.height + row * in.stride) * in.width;
            const int lines = min(in.stride, in.height - row * in.stride);
            if (!to.adds)
                for (int i = line; i < line + lines * in.width; ++i)
                    to.g[i] = 0.0f;
            for (int column = 0; column < out.width; ++column, ++p) {
                const int i = line + column * in.stride;
                float d = gradient_of_pixel(of, p);
                if (to.floor > -INFINITY)
                    d = fma(to.x[i], to.f.scale, to.f.shift) <= to.floor ? 0.0f : d;
                to.g[i] = to.adds ? to.g[i] + to.f.scale * d : to.f.scale * d;
                if (to.partials) {
                    const int lane = p % FG_LANES;
                    d_beta[lane] += d;
                    d_gamma[lane] = fma(d, (to.x[i] - to.f.mean) * to.f.inverse, d_gamma[lane]);
                }
            }
        }
    if (to.partials) {
        store16(load16(0, d_beta), 0, to.partials);
        store16(load16(0, d_gamma), 1, to.partials);
    }
}

struct term_gradients {
    struct terms terms;
    __global float *gradients;
    __global float *partials; /* of the chunk */
};

/* What channel k of the output gives to the terms of one input. */
INLINE void backward_terms(struct term_gradients to, struct gradient of, int k,
                           struct fg_chunk chunk, struct fg_chunks out)
{
    const struct fg_sum_input in = to.terms.input;
    const int image = chunk.first / (out.height * out.width);
    const size_t first =
        in.stride == 1 ? (size_t)chunk.first : (size_t)image * in.height * in.width;
    __global const struct fg_source *source = to.terms.sources + in.first_source;

    for (int j = 0, c = k; j < in.terms; ++j, c += source->channels, ++source) {
        const size_t at = (size_t)(source->first_channel + k) * in.pitch + first;
        struct term term;
        if (k >= source->channels)
            continue;
        term.g = to.gradients + at;
        term.x = to.terms.values + at;
        term.partials =
            in.norm && source->scale >= 0 ? to.partials + (size_t)c * 2 * FG_LANES : 0;
        term.f = to.terms.affine[c];
        term.floor = in.floor;
        term.pitch = in.pitch;
        term.adds = source->adds & FG_ADDS_GRADIENT;
        if (in.stride == 1)
            backward_whole(term, of, chunk.images * chunk.pixels);
        else
            backward_strided(term, of, chunk, out, in);
    }
}

__kernel FG_ONE_WORK_ITEM void
sum_backward(__global const float *first, __global float *first_gradient,
#if !ONE_INPUT
             __global const float *second, __global float *second_gradient,
#endif
#if !IN_PLACE
             __global const float *out, __global const float *out_gradient,
#endif
             __global const struct fg_source *restrict first_sources,
             __global const struct fg_source *restrict second_sources,
             __global const struct fg_affine *restrict first_affine,
             __global const struct fg_affine *restrict second_affine,
             __global const struct fg_coefficients *restrict coefficients,
             __global float *restrict first_partials, __global float *restrict second_partials,
             const struct fg_sum_args a)
{
#if ONE_INPUT
    __global const float *second = first;
    __global float *second_gradient = first_gradient;
#endif
#if IN_PLACE
    __global const float *out = IN_PLACE == 1 ? first : second;
    __global const float *out_gradient = IN_PLACE == 1 ? first_gradient : second_gradient;
#endif
    const size_t chunk_partials = (size_t)get_global_id(0) * 2 * FG_LANES;
    const struct term_gradients to = {{first, first_sources, first_affine, a.first},
                                      first_gradient,
                                      first_partials + chunk_partials * a.first.channels};
    const struct term_gradients more = {{second, second_sources, second_affine, a.second},
                                        second_gradient,
                                        second_partials + chunk_partials * a.second.channels};
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));

    for (int k = 0; k < a.out_channels; ++k) {
        const size_t at = (size_t)(a.out_first_channel + k) * a.out_pitch + chunk.first;
        struct gradient of = {out_gradient + at, out + at, {0.0f, 0.0f, 0.0f, 0.0f}, a.finish};
        if (a.finish)
            of.f = coefficients[k];
        backward_terms(to, of, k, chunk, a.chunks);
        backward_terms(more, of, k, chunk, a.chunks);
    }
}
