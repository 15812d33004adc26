/* conv.cl - convolution, stride 1, that reads its sources in place: forward and backward.
 *
 * For devices of the CPU family: one work-item per work-group, which walks one chunk of pixels in
 * tiles. A tile of the input is normalised and packed into local memory, where it is contiguous and
 * has its zero border; a register tile of TILE_CHANNELS x VECTORS vectors then runs over it.
 *
 * A packed row of a 3x3 holds a tile and one image row before and behind it, three times: moved by one
 * pixel to the right, as it is, and moved to the left. So a tap is an offset in it, for every width.
 *
 * SPDX-License-Identifier: MIT
 */
#include "batchnorm.h"
#include "conv.h"
#include "prefetch.h"
#include "sources.h"

#ifndef SIDE
#define SIDE 3 /* of the filter: 1 or 3 */
#endif
#ifndef TILE_CHANNELS
#define TILE_CHANNELS 12 /* rows of the register tile */
#endif
#ifndef VECTORS
#define VECTORS 2 /* float16 in each of them */
#endif
#ifndef LANE_VECTORS
#define LANE_VECTORS 7 /* backward: float16 of the register tile of weight gradients ... */
#endif
#ifndef LANE_ROWS
#define LANE_ROWS 1 /* ... and its rows, a divisor of TILE_CHANNELS */
#endif
#ifndef IN_PLACE
#define IN_PLACE 0 /* 1: input and output are channels of one map, which the kernel gets once */
#endif
#ifndef BACKWARD_DATA
#define BACKWARD_DATA 1 /* 0: conv_backward makes weight gradients alone */
#endif

#if SIDE != 1 && SIDE != 3
#error "SIDE is 1 or 3"
#endif
#if TILE_CHANNELS % LANE_ROWS
#error "LANE_ROWS divides TILE_CHANNELS"
#endif

#define TAPS (SIDE * SIDE)
#define COPIES SIDE

/* What is packed next, to fetch it while the present tile is computed. */
struct next {
    int pixel;   /* in the batch */
    int channel; /* of the input's list */
};

static inline void list_channels(__local int *channels, __global const struct fg_source *sources,
                                 int count)
{
    int c = 0;
    for (int i = 0; i < count; ++i)
        for (int j = 0; j < sources[i].channels; ++j)
            channels[c++] = sources[i].first_channel + j;
}

/* max(scale*x + shift, floor) */
static inline float16 activate(float16 x, struct fg_affine f, float low)
{
    return fmax(fma(x, (float16)(f.scale), (float16)(f.shift)), (float16)(low));
}

/* G + q (y - mean) + c */
static inline float16 finish(float16 g, float16 y, struct fg_coefficients f)
{
    return fma((float16)(f.q), y - (float16)(f.mean), g + (float16)(f.c));
}

#if SIDE == 3
/* What a tile of a 3x3 needs to know of its place in an image. Line j is the image's pixel
 * first - 1 + j; row i of the packed tile is pixel first + i. */
struct place {
    int first;  /* of the packed row in the image: a row before the tile; may be negative */
    int length; /* floats of the packed row */
    int from;   /* first and ... */
    int to;     /* ... behind the last element of the line that lies in the image */
};

static inline struct place place_of(int tile_first, int vectors, struct fg_chunks chunks)
{
    struct place p;
    p.first = tile_first - chunks.width;
    p.length = vectors * FG_LANES + 2 * chunks.width;
    p.from = max(0, 1 - p.first);
    p.to = min(p.length + 2, chunks.height * chunks.width + 1 - p.first);
    return p;
}

/* 1 where a packed pixel has a left, or right, neighbour in its row. */
static inline void mark_columns(__local int *left, __local int *right, struct place p, int width)
{
    int column = ((p.first % width) + width) % width;
    for (int i = 0; i < p.length + FG_LANES; ++i) {
        left[i] = column > 0 ? -1 : 0;
        right[i] = column < width - 1 ? -1 : 0;
        column = column + 1 < width ? column + 1 : 0;
    }
}

/* Zeros where the line leaves the image. */
static inline void line_border(__local float *line, struct place p)
{
    for (int j = 0; j < p.from; ++j)
        line[j] = 0.0f;
    for (int j = max(p.to, 0); j < p.length + 2 + FG_LANES; ++j)
        line[j] = 0.0f;
}

/* line -> the three packed rows */
static inline void spread(__local float *row, int stride, __local const float *line,
                          __local const int *left, __local const int *right, int length)
{
    for (int i = 0; i < length; i += FG_LANES) {
        const float16 l = vload16(0, line + i);
        const float16 m = vload16(0, line + i + 1);
        const float16 r = vload16(0, line + i + 2);
        vstore16(select((float16)(0.0f), l, vload16(0, left + i)), 0, row + i);
        vstore16(m, 0, row + stride + i);
        vstore16(select((float16)(0.0f), r, vload16(0, right + i)), 0, row + 2 * stride + i);
    }
}
#endif

/* ---- forward ----
 *
 * out[k][p] = bias[k] + sum over c, tap of weights[k][c][tap] * max(scale[c]*in[c][p + tap] + shift[c], floor)
 *
 * in, out   maps [channels][pitch]; with IN_PLACE one map
 * affine    [in_channels]
 * weights   packed: [outs / TILE_CHANNELS][in_channels][TAPS][TILE_CHANNELS]
 * partials  [chunks][out_channels][2][FG_LANES]: mean, sum of squared deviations of each lane. Lane l
 *           has every 16th pixel of a run, from pixel l on; a run is the chunk for a 1x1, and the
 *           chunk's part of each image for a 3x3.
 * grid      x = chunk, y = block of `outs` output channels */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_forward(
#if !IN_PLACE
    __global const float *restrict in,
#endif
    __global float *out, __global const struct fg_source *restrict sources,
    __global const struct fg_affine *restrict affine, __global const float *restrict weights,
    __global const float *restrict bias, __global float *restrict partials,
    __local float *packed, __local float *results, __local int *channels,
    const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *in = out;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int first_out = get_global_id(1) * a.outs;
    const int outs = min(a.outs, a.out_channels - first_out);
    const int image = a.chunks.height * a.chunks.width;
    const int runs = SIDE == 1 ? 1 : chunk.images;
    const int run_pixels = SIDE == 1 ? chunk.images * chunk.pixels : chunk.pixels;
#if SIDE == 3
    __local float *line = results + (outs + TILE_CHANNELS) * a.tile;
    __local int *left = channels + a.in_channels;
    __local int *right = left + a.stride + FG_LANES;
#endif
    list_channels(channels, sources + a.first_source, a.sources);
    out += (size_t)(a.out_first_channel + first_out) * a.out_pitch;
    partials += ((size_t)get_global_id(0) * a.out_channels + first_out) * 2 * FG_LANES;

    for (int run = 0; run < runs; ++run)
        for (int t = 0; t < run_pixels; t += a.tile) {
            const int pixel = chunk.first + run * image + t;
            const int pixels = min(a.tile, run_pixels - t);
            const int vectors = (pixels + FG_LANES * VECTORS - 1) / (FG_LANES * VECTORS) * VECTORS;
#if SIDE == 3
            const struct place place = place_of(chunk.row * a.chunks.width + t, vectors, a.chunks);
            mark_columns(left, right, place, a.chunks.width);
#endif
            for (int c0 = 0; c0 < a.in_channels; c0 += a.block) {
                const int block = min(a.block, a.in_channels - c0);
                struct next next = {pixel, c0 + a.block};
                if (next.channel >= a.in_channels) {
                    next.channel = 0;
                    next.pixel = pixel + a.tile;
                }
                for (int c = 0; c < block; ++c) {
                    const struct fg_affine f = affine[c0 + c];
                    __global const float *x = in + (size_t)channels[c0 + c] * a.in_pitch + pixel;
#if SIDE == 1
                    for (int i = 0; i < vectors * FG_LANES; i += FG_LANES)
                        vstore16(i < pixels ? activate(vload16(0, x + i), f, a.floor)
                                            : (float16)(0.0f),
                                 0, packed + c * a.stride + i);
#else
                    x -= a.chunks.width + 1;
                    for (int j = place.from; j < place.to; j += FG_LANES)
                        vstore16(activate(vload16(0, x + j), f, a.floor), 0, line + j);
                    line_border(line, place);
                    spread(packed + c * COPIES * a.stride, a.stride, line, left, right, place.length);
#endif
                }

                int group = 0;
                for (int v = 0; v < vectors; v += VECTORS)
                    for (int k0 = 0; k0 < outs; k0 += TILE_CHANNELS, ++group) {
                        __global const float *w =
                            weights +
                            ((size_t)(first_out + k0) * a.in_channels + (size_t)c0 * TILE_CHANNELS) * TAPS;
                        __local float *r = results + k0 * a.tile + v * FG_LANES;
                        float16 sum[TILE_CHANNELS * VECTORS];
                        if (c0 == 0)
#pragma unroll
                            for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                                sum[i] = a.bias >= 0 && k0 + i / VECTORS < outs
                                             ? (float16)(bias[a.bias + first_out + k0 + i / VECTORS])
                                             : (float16)(0.0f);
                        else
#pragma unroll
                            for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                                sum[i] = vload16(i % VECTORS, r + i / VECTORS * a.tile);
                        for (int c = 0; c < block; ++c) {
                            if (next.channel + c < a.in_channels)
                                FG_PREFETCH(in + (size_t)channels[next.channel + c] * a.in_pitch +
                                            next.pixel + group * FG_LANES);
                            __local const float *row = packed + c * COPIES * a.stride + v * FG_LANES;
#pragma unroll
                            for (int tap = 0; tap < TAPS; ++tap, w += TILE_CHANNELS) {
#if SIDE == 1
                                __local const float *at = row;
#else
                                __local const float *at =
                                    row + tap % 3 * a.stride + tap / 3 * a.chunks.width;
#endif
                                float16 z[VECTORS];
#pragma unroll
                                for (int i = 0; i < VECTORS; ++i)
                                    z[i] = vload16(i, at);
#pragma unroll
                                for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                                    sum[i] = fma((float16)(w[i / VECTORS]), z[i % VECTORS], sum[i]);
                            }
                        }
#pragma unroll
                        for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                            vstore16(sum[i], i % VECTORS, r + i / VECTORS * a.tile);
                    }
            }

            const int whole = pixels / FG_LANES;
            const int rest = pixels % FG_LANES;
            const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            /* Values that each lane has seen before this tile. */
            const float16 seen = convert_float16(run * ((run_pixels - lane + 15) / FG_LANES) + t / FG_LANES);
            for (int k = 0; k < outs; ++k) {
                __local const float *r = results + k * a.tile;
                __global float *y = out + (size_t)k * a.out_pitch + pixel;
                for (int v = 0; v < whole; ++v)
                    vstore16(vload16(v, r), v, y);
                for (int i = whole * FG_LANES; i < pixels; ++i)
                    y[i] = r[i];
                if (!a.statistics)
                    continue;
                /* Welford's update, a lane at a time: its error does not grow with mean / sigma. */
                __global float *p = partials + k * 2 * FG_LANES;
                float16 mean = run + t ? vload16(0, p) : (float16)(0.0f);
                float16 squares = run + t ? vload16(1, p) : (float16)(0.0f);
                for (int v = 0; v < whole; ++v) {
                    const float16 x = vload16(v, r);
                    const float16 off = x - mean;
                    mean = fma(off, (float16)(1.0f) / (seen + (float)(v + 1)), mean);
                    squares = fma(off, x - mean, squares);
                }
                if (rest) {
                    const float16 x = vload16(whole, r);
                    const float16 off = x - mean;
                    const float16 m = fma(off, (float16)(1.0f) / (seen + (float)(whole + 1)), mean);
                    squares = select(squares, fma(off, x - m, squares), lane < rest);
                    mean = select(mean, m, lane < rest);
                }
                vstore16(mean, 0, p);
                vstore16(squares, 1, p);
            }
        }
}

/* ---- backward: data and weights in one pass ----
 *
 * With dy the gradient of the output, z = scale[c]*x[c] + shift[c] and da[c][p] = sum over k, tap of
 * weights[k][c][tap] * dy[k][p - tap]:
 *
 *     d[c][p]         = z > floor ? da : 0
 *     G[c][p]         = or += scale[c] * d
 *     d_beta[c]       = sum over p of d,     d_gamma[c] = sum over p of d * (x - mean) / sigma
 *     dw[k][c][tap]   = sum over p of max(z, floor) * dy[k][p - tap]
 *
 * in, in_gradient    x and G, [channels][pitch]
 * out, out_gradient  what dy is made of, [channels][pitch]; with IN_PLACE the same maps
 * weights            packed: [in_channels / TILE_CHANNELS][outs][TAPS backward][TILE_CHANNELS]
 * norm_partials      [chunks][in_channels][2][FG_LANES]: d_beta, d_gamma
 * weight_partials    [chunks][in_channels][lanes]: lane = tap * outs + k
 * grid               x = chunk */

/* Transposes 16x16 floats. */
#define EXCHANGE(a, b, first, second)                                                            \
    {                                                                                            \
        const float16 t = first;                                                                 \
        b = second;                                                                              \
        a = t;                                                                                   \
    }

static inline void transpose(float16 *r)
{
#pragma unroll
    for (int i = 0; i < 8; ++i)
        EXCHANGE(r[i], r[i + 8], ((float16)(r[i].lo, r[i + 8].lo)),
                 ((float16)(r[i].hi, r[i + 8].hi)))
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j / 4 * 8 + j % 4;
        EXCHANGE(r[i], r[i + 4],
                 ((float16)(r[i].s0123, r[i + 4].s0123, r[i].s89ab, r[i + 4].s89ab)),
                 ((float16)(r[i].s4567, r[i + 4].s4567, r[i].scdef, r[i + 4].scdef)))
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j / 2 * 4 + j % 2;
        EXCHANGE(r[i], r[i + 2],
                 ((float16)(r[i].s01, r[i + 2].s01, r[i].s45, r[i + 2].s45, r[i].s89, r[i + 2].s89,
                            r[i].scd, r[i + 2].scd)),
                 ((float16)(r[i].s23, r[i + 2].s23, r[i].s67, r[i + 2].s67, r[i].sab, r[i + 2].sab,
                            r[i].sef, r[i + 2].sef)))
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j * 2;
        EXCHANGE(r[i], r[i + 1],
                 ((float16)(r[i].s0, r[i + 1].s0, r[i].s2, r[i + 1].s2, r[i].s4, r[i + 1].s4,
                            r[i].s6, r[i + 1].s6, r[i].s8, r[i + 1].s8, r[i].sa, r[i + 1].sa,
                            r[i].sc, r[i + 1].sc, r[i].se, r[i + 1].se)),
                 ((float16)(r[i].s1, r[i + 1].s1, r[i].s3, r[i + 1].s3, r[i].s5, r[i + 1].s5,
                            r[i].s7, r[i + 1].s7, r[i].s9, r[i + 1].s9, r[i].sb, r[i + 1].sb,
                            r[i].sd, r[i + 1].sd, r[i].sf, r[i + 1].sf)))
    }
}

/* rows[p][tap * outs + k] = dy[k][p - tap]. A row's last vector of a tap reaches into the next tap,
 * which comes later; channels beyond outs are zeros. */
static inline void transpose_gradient(__local float *rows, __local const float *packed, int vectors,
                                      int outs, const struct fg_conv_args a)
{
    for (int tap = 0; tap < TAPS; ++tap) {
        const int at = TAPS - 1 - tap;
        __local const float *from = packed + at % SIDE * a.stride + at / SIDE * a.chunks.width;
        for (int v = 0; v < vectors; ++v)
            for (int k0 = 0; k0 < outs; k0 += FG_LANES) {
                float16 r[FG_LANES];
#pragma unroll
                for (int i = 0; i < FG_LANES; ++i)
                    r[i] = k0 + i < outs ? vload16(v, from + (k0 + i) * COPIES * a.stride)
                                         : (float16)(0.0f);
                transpose(r);
#pragma unroll
                for (int i = 0; i < FG_LANES; ++i)
                    vstore16(r[i], 0, rows + (v * FG_LANES + i) * a.lanes + tap * outs + k0);
            }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_backward(
    __global const float *in,
#if !IN_PLACE
    __global const float *restrict out,
#endif
#if BACKWARD_DATA
    __global float *in_gradient,
#endif
#if !IN_PLACE || !BACKWARD_DATA
    __global const float *restrict out_gradient,
#endif
    __global const struct fg_source *restrict sources,
    __global const struct fg_affine *restrict affine,
    __global const struct fg_coefficients *restrict coefficients,
    __global const float *restrict weights, __global float *restrict norm_partials,
    __global float *restrict weight_partials, __local float *packed, __local float *rows,
    __local float *tile, __local int *channels, const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *out = in;
#endif
#if IN_PLACE && BACKWARD_DATA
    __global const float *out_gradient = in_gradient;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int image = a.chunks.height * a.chunks.width;
    const int runs = SIDE == 1 ? 1 : chunk.images;
    const int run_pixels = SIDE == 1 ? chunk.images * chunk.pixels : chunk.pixels;
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __local int *adds = channels + a.in_channels;
#if SIDE == 3
    __local float *line = tile + TILE_CHANNELS * a.tile;
    __local int *left = adds + a.in_channels;
    __local int *right = left + a.stride + FG_LANES;
#endif
    list_channels(channels, sources + a.first_source, a.sources);
    for (int i = 0, c = 0; i < a.sources; ++i)
        for (int j = 0; j < sources[a.first_source + i].channels; ++j)
            adds[c++] = a.first_out > 0 || sources[a.first_source + i].adds;
    norm_partials += (size_t)get_global_id(0) * a.in_channels * 2 * FG_LANES;
    weight_partials += (size_t)get_global_id(0) * a.in_channels * a.lanes;
    for (int i = 0; i < a.tile * a.lanes; i += FG_LANES)
        vstore16((float16)(0.0f), 0, rows + i);

    for (int run = 0; run < runs; ++run)
        for (int t = 0; t < run_pixels; t += a.tile) {
            const int pixel = chunk.first + run * image + t;
            const int pixels = min(a.tile, run_pixels - t);
            const int vectors = (pixels + FG_LANES * VECTORS - 1) / (FG_LANES * VECTORS) * VECTORS;
            const int begins = run + t == 0;
#if SIDE == 3
            const struct place place = place_of(chunk.row * a.chunks.width + t, vectors, a.chunks);
            mark_columns(left, right, place, a.chunks.width);
#endif
            for (int k = 0; k < a.outs; ++k) {
                const size_t row = (size_t)(a.out_first_channel + a.first_out + k) * a.out_pitch + pixel;
                __global const float *y = out + row;
                __global const float *g = out_gradient + row;
                struct fg_coefficients f = {0.0f, 0.0f, 0.0f, 0.0f};
                if (a.finish)
                    f = coefficients[a.first_out + k];
#if SIDE == 1
                for (int i = 0; i < vectors * FG_LANES; i += FG_LANES) {
                    float16 dy = 0.0f;
                    if (i < pixels)
                        dy = vload16(0, g + i);
                    if (i < pixels && a.finish)
                        dy = finish(dy, vload16(0, y + i), f);
                    vstore16(dy, 0, packed + k * a.stride + i);
                }
#else
                g -= a.chunks.width + 1;
                y -= a.chunks.width + 1;
                for (int j = place.from; j < place.to; j += FG_LANES)
                    vstore16(a.finish ? finish(vload16(0, g + j), vload16(0, y + j), f)
                                      : vload16(0, g + j),
                             0, line + j);
                line_border(line, place);
                spread(packed + k * COPIES * a.stride, a.stride, line, left, right, place.length);
#endif
            }
            transpose_gradient(rows, packed, vectors, a.outs, a);

            for (int c0 = 0; c0 < a.in_channels; c0 += TILE_CHANNELS) {
                const int count = min(TILE_CHANNELS, a.in_channels - c0);
#if BACKWARD_DATA
                for (int v = 0; v < vectors; v += VECTORS) {
                    __global const float *w = weights + (size_t)c0 * a.outs * TAPS;
                    float16 sum[TILE_CHANNELS * VECTORS];
#pragma unroll
                    for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                        sum[i] = (float16)(0.0f);
                    const int next = min(c0 + TILE_CHANNELS, a.in_channels - 1);
                    const int per = (2 * TILE_CHANNELS * VECTORS + a.outs - 1) / a.outs;
                    for (int k = 0; k < a.outs; ++k) {
                        for (int i = k * per; i < k * per + per; ++i) {
                            const int line = i % (TILE_CHANNELS * VECTORS);
                            const size_t at =
                                (size_t)channels[min(next + line / VECTORS, a.in_channels - 1)] *
                                    a.in_pitch +
                                pixel + (v + line % VECTORS) * FG_LANES;
                            FG_PREFETCH((i < TILE_CHANNELS * VECTORS ? in : in_gradient) + at);
                        }
                        __local const float *row = packed + k * COPIES * a.stride + v * FG_LANES;
#pragma unroll
                        for (int tap = 0; tap < TAPS; ++tap, w += TILE_CHANNELS) {
                            __local const float *at =
                                row + tap % SIDE * a.stride + tap / SIDE * a.chunks.width;
                            float16 z[VECTORS];
#pragma unroll
                            for (int i = 0; i < VECTORS; ++i)
                                z[i] = vload16(i, at);
#pragma unroll
                            for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                                sum[i] = fma((float16)(w[i / VECTORS]), z[i % VECTORS], sum[i]);
                        }
                    }
#pragma unroll
                    for (int i = 0; i < TILE_CHANNELS * VECTORS; ++i)
                        vstore16(sum[i], i % VECTORS, tile + i / VECTORS * a.tile + v * FG_LANES);
                }
#endif
                /* The tile holds da; from here on it holds max(z, floor). */
                for (int c = 0; c < count; ++c) {
                    const struct fg_affine f = affine[c0 + c];
                    const size_t row = (size_t)channels[c0 + c] * a.in_pitch + pixel;
                    __local float *at = tile + c * a.tile;
#if BACKWARD_DATA
                    __global float *p = norm_partials + (c0 + c) * 2 * FG_LANES;
                    const int fresh = begins && a.first_out == 0;
                    float16 d_beta = (float16)(0.0f), d_gamma = (float16)(0.0f);
                    if (a.norm && !fresh) {
                        d_beta = vload16(0, p);
                        d_gamma = vload16(1, p);
                    }
#endif
                    for (int i = 0; i < pixels; i += FG_LANES) {
                        const float16 x = vload16(0, in + row + i);
                        const float16 z = fma(x, (float16)(f.scale), (float16)(f.shift));
#if BACKWARD_DATA
                        const int16 live = z > (float16)(a.floor) && i + lane < (int16)(pixels);
                        const float16 d = select((float16)(0.0f), vload16(0, at + i), live);
                        d_beta += d;
                        /* x may be anything beyond the run's end */
                        d_gamma = select(d_gamma, fma(d, (x - f.mean) * f.inverse, d_gamma), live);
                        float16 g = d * f.scale;
                        __global float *to = in_gradient + row + i;
                        if (i + FG_LANES <= pixels) {
                            vstore16(adds[c0 + c] ? vload16(0, to) + g : g, 0, to);
                        } else {
                            vstore16(g, 0, at + i);
                            for (int j = 0; j < pixels - i; ++j)
                                to[j] = adds[c0 + c] ? to[j] + at[i + j] : at[i + j];
                        }
#endif
                        vstore16(fmax(z, (float16)(a.floor)), 0, at + i);
                    }
#if BACKWARD_DATA
                    if (a.norm) {
                        vstore16(d_beta, 0, p);
                        vstore16(d_gamma, 1, p);
                    }
#endif
                }
                for (int c = count; c < TILE_CHANNELS; ++c)
                    for (int i = 0; i < pixels; i += FG_LANES)
                        vstore16((float16)(0.0f), 0, tile + c * a.tile + i);

                for (int c = 0; c < count; c += LANE_ROWS)
                    for (int l = 0; l < a.lanes; l += LANE_VECTORS * FG_LANES) {
                        __global float *to = weight_partials + (size_t)(c0 + c) * a.lanes + l;
                        float16 sum[LANE_ROWS * LANE_VECTORS];
#pragma unroll
                        for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                            sum[i] = begins || c + i / LANE_VECTORS >= count
                                         ? (float16)(0.0f)
                                         : vload16(i % LANE_VECTORS, to + i / LANE_VECTORS * a.lanes);
                        __local const float *row = rows + l;
                        __local const float *x = tile + c * a.tile;
                        for (int p = 0; p < pixels; ++p, row += a.lanes, ++x) {
                            float16 z[LANE_VECTORS];
#pragma unroll
                            for (int i = 0; i < LANE_VECTORS; ++i)
                                z[i] = vload16(i, row);
#pragma unroll
                            for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                                sum[i] = fma((float16)(x[i / LANE_VECTORS * a.tile]),
                                             z[i % LANE_VECTORS], sum[i]);
                        }
#pragma unroll
                        for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                            if (c + i / LANE_VECTORS < count)
                                vstore16(sum[i], i % LANE_VECTORS, to + i / LANE_VECTORS * a.lanes);
                    }
            }
        }
}
