/* conv.cl - convolution, stride 1, that reads its sources in place: forward and backward.
 *
 * For devices of the CPU family: one work-item per work-group, which walks one chunk of pixels
 * in tiles. A tile is packed into local memory (conv_tile.h); a register tile of TILE_CHANNELS
 * rows of VECTORS vectors then runs over it. Weights come in the order in which they are read
 * (conv_weights.cl).
 *
 * SPDX-License-Identifier: MIT
 */
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
#define LANE_VECTORS \
    7 /* backward: float16 in a row of the register tile of weight gradients ... */
#endif
#ifndef LANE_ROWS
#define LANE_ROWS 1 /* ... and its rows, a divisor of TILE_CHANNELS */
#endif
#ifndef IN_PLACE
#define IN_PLACE \
    0 /* 1: input and output are channels of one map, which the kernel gets once \
       */
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

#include "conv_tile.h"
#include "prefetch.h"
#include "transpose.h"

#define SUMS (TILE_CHANNELS * VECTORS) /* registers of the register tile */

/* The part of a chunk that is walked without a break: all of it for a 1x1, whose pixels do not
 * know their neighbours, and what lies in one image for a 3x3. */
struct run {
    int pixel; /* first, in the batch */
    int pixels;
    int image_pixel; /* first, in its image */
};

INLINE int runs_of(struct fg_chunk chunk)
{
    return SIDE == 1 ? 1 : chunk.images;
}

INLINE struct run run_at(struct fg_chunk chunk, struct fg_chunks chunks, int index)
{
    struct run run;
    run.pixel = chunk.first + index * chunks.height * chunks.width;
    run.pixels = SIDE == 1 ? chunk.images * chunk.pixels : chunk.pixels;
    run.image_pixel = chunk.row * chunks.width;
    return run;
}

INLINE struct tile tile_at(struct run run, int first, int most)
{
    struct tile tile;
    tile.pixel = run.pixel + first;
    tile.pixels = min(most, run.pixels - first);
    tile.vectors = (tile.pixels + FG_LANES * VECTORS - 1) / (FG_LANES * VECTORS) * VECTORS;
    tile.image_pixel = run.image_pixel + first;
    return tile;
}

/* ---- forward ----
 *
 *     z[c][p]   = max(scale[c] * in[c][p] + shift[c], floor)
 *     out[k][p] = bias[k] + sum over c, tap of weights[k][c][tap] * z[c][p + tap]
 *
 * in, out   maps [channels][pitch]; with IN_PLACE one map
 * affine    [in_channels]
 * weights   packed: [outs / TILE_CHANNELS][in_channels][TAPS][TILE_CHANNELS]
 * partials  [chunks][out_channels][2][FG_LANES]: mean, sum of squared deviations of each lane.
 *           Lane l has every 16th pixel of each run, from pixel l on
 * grid      x = chunk, y = block of `outs` output channels */

/* What is packed next, to fetch it while the present tile is computed. */
struct next {
    __global const float *in; /* at its first pixel */
    int channel;              /* of the input's list */
};

/* Adds `block` packed input channels to the sums of all outputs. results: [outs][tile]. */
INLINE void multiply_forward(__local float *results, __local const float *packed,
                             __global const float *weights, __global const float *bias,
                             __local const int *channels, struct tile tile, int outs,
                             int first_channel, int block, struct next next,
                             const struct fg_conv_args a)
{
    const int groups = tile.vectors / VECTORS * ((outs + TILE_CHANNELS - 1) / TILE_CHANNELS);
    const int lines = a.tile / FG_LANES;
    const int lines_per_group = (lines + groups - 1) / groups;
    int line = 0;

    for (int v = 0; v < tile.vectors; v += VECTORS)
        for (int k0 = 0; k0 < outs; k0 += TILE_CHANNELS, line += lines_per_group) {
            __global const float *w =
                weights +
                ((size_t)k0 * a.in_channels + (size_t)first_channel * TILE_CHANNELS) * TAPS;
            __local float *to = results + k0 * a.tile + v * FG_LANES;
            const int last_line = min(line + lines_per_group, lines);
            float16 sum[SUMS];
            if (first_channel > 0) {
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = vload16(i % VECTORS, to + i / VECTORS * a.tile);
            } else {
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = (float16)(a.bias >= 0 && k0 + i / VECTORS < outs
                                           ? bias[k0 + i / VECTORS]
                                           : 0.0f);
            }
            for (int c = 0; c < block; ++c) {
                __local const float *row = packed + c * COPIES * a.stride + v * FG_LANES;
                const size_t channel = channels[min(next.channel + c, a.in_channels - 1)];
                for (int i = line; i < last_line; ++i)
                    FG_PREFETCH(next.in + channel * a.in_pitch + i * FG_LANES);
#pragma unroll
                for (int tap = 0; tap < TAPS; ++tap, w += TILE_CHANNELS) {
                    __local const float *at = row + tap_offset(tap, a.stride, a.chunks.width);
                    float16 x[VECTORS];
#pragma unroll
                    for (int i = 0; i < VECTORS; ++i)
                        x[i] = vload16(i, at);
#pragma unroll
                    for (int i = 0; i < SUMS; ++i)
                        sum[i] = fma((float16)(w[i / VECTORS]), x[i % VECTORS], sum[i]);
                }
            }
#pragma unroll
            for (int i = 0; i < SUMS; ++i)
                vstore16(sum[i], i % VECTORS, to + i / VECTORS * a.tile);
        }
}

/* Welford's update, a lane at a time: its error does not grow with mean / sigma. seen: values
 * that each lane has had before; none before the chunk's first tile, when the partials hold
 * nothing. */
INLINE void add_statistics(__global float *partials, __local const float *values, int pixels,
                           float16 seen, int begins)
{
    const int whole = pixels / FG_LANES, rest = pixels % FG_LANES;
    float16 mean = begins ? (float16)(0.0f) : vload16(0, partials);
    float16 squares = begins ? (float16)(0.0f) : vload16(1, partials);

    for (int v = 0; v < whole; ++v) {
        const float16 x = vload16(v, values);
        const float16 off = x - mean;
        mean = fma(off, (float16)(1.0f) / (seen + (float)(v + 1)), mean);
        squares = fma(off, x - mean, squares);
    }
    if (rest) {
        const int16 there = lane_numbers() < rest;
        const float16 x = vload16(whole, values);
        const float16 off = x - mean;
        const float16 m = fma(off, (float16)(1.0f) / (seen + (float)(whole + 1)), mean);
        squares = select(squares, fma(off, x - m, squares), there);
        mean = select(mean, m, there);
    }
    vstore16(mean, 0, partials);
    vstore16(squares, 1, partials);
}

INLINE void store_row(__global float *out, __local const float *values, int pixels)
{
    const int whole = pixels / FG_LANES;
    for (int v = 0; v < whole; ++v)
        vstore16(vload16(v, values), v, out);
    for (int i = whole * FG_LANES; i < pixels; ++i)
        out[i] = values[i];
}

__kernel FG_ONE_WORK_ITEM void conv_forward(
#if !IN_PLACE
    __global const float *restrict in,
#endif
    __global float *out, __global const struct fg_source *restrict sources,
    __global const struct fg_affine *restrict affine, __global const float *restrict weights,
    __global const float *restrict parameters, __global float *restrict partials,
    __local float *packed, __local float *results, __local int *channels,
    const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *in = out;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int first_out = get_global_id(1) * a.outs;
    const int outs = min(a.outs, a.out_channels - first_out);
    const struct pack_space space = {results + (a.outs + TILE_CHANNELS) * a.tile,
                                     channels + a.in_channels,
                                     channels + a.in_channels + a.stride + FG_LANES};

    list_channels(channels, sources + a.first_source, a.sources);
    out += (size_t)(a.out_first_channel + first_out) * a.out_pitch;
    weights += (size_t)first_out * a.in_channels * TAPS;
    partials += ((size_t)get_global_id(0) * a.out_channels + first_out) * 2 * FG_LANES;

    for (int r = 0; r < runs_of(chunk); ++r) {
        const struct run run = run_at(chunk, a.chunks, r);
        for (int first = 0; first < run.pixels; first += a.tile) {
            const struct tile tile = tile_at(run, first, a.tile);
            pack_begin(space, tile, a.chunks);
            for (int c0 = 0; c0 < a.in_channels; c0 += a.block) {
                const int block = min(a.block, a.in_channels - c0);
                const int last = c0 + block == a.in_channels;
                const struct next next = {in + tile.pixel + (last ? a.tile : 0),
                                          last ? 0 : c0 + block};
                for (int c = 0; c < block; ++c)
                    pack_input(packed + c * COPIES * a.stride,
                               in + (size_t)channels[c0 + c] * a.in_pitch + tile.pixel,
                               affine[c0 + c], space, tile, a);
                multiply_forward(results, packed, weights, parameters + a.bias + first_out,
                                 channels, tile, outs, c0, block, next, a);
            }
            const float16 seen =
                convert_float16(r * ((run.pixels - lane_numbers() + FG_LANES - 1) / FG_LANES) +
                                first / FG_LANES);
            for (int k = 0; k < outs; ++k) {
                store_row(out + (size_t)k * a.out_pitch + tile.pixel, results + k * a.tile,
                          tile.pixels);
                if (a.statistics)
                    add_statistics(partials + k * 2 * FG_LANES, results + k * a.tile,
                                   tile.pixels, seen, r + first == 0);
            }
        }
    }
}

/* ---- backward: data and weights in one pass ----
 *
 * With dy the gradient of the output, z = scale[c]*x[c] + shift[c] and da[c][p] = sum over k,
 * tap of weights[k][c][tap] * dy[k][p - tap]:
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

/* rows[p][tap * outs + k] = dy[k][p - tap]. The last vector of a tap reaches into the next tap,
 * which is written later; channels beyond outs are zeros. */
INLINE void transpose_gradient(__local float *rows, __local const float *packed, int vectors,
                               const struct fg_conv_args a)
{
    for (int tap = 0; tap < TAPS; ++tap) {
        __local const float *from =
            packed + tap_offset(TAPS - 1 - tap, a.stride, a.chunks.width);
        for (int v = 0; v < vectors; ++v)
            for (int k0 = 0; k0 < a.outs; k0 += FG_LANES) {
                float16 r[FG_LANES];
#pragma unroll
                for (int i = 0; i < FG_LANES; ++i)
                    r[i] = k0 + i < a.outs ? vload16(v, from + (k0 + i) * COPIES * a.stride)
                                           : (float16)(0.0f);
                transpose16(r);
#pragma unroll
                for (int i = 0; i < FG_LANES; ++i)
                    vstore16(r[i], 0, rows + (v * FG_LANES + i) * a.lanes + tap * a.outs + k0);
            }
    }
}

#if BACKWARD_DATA
/* da of TILE_CHANNELS input channels: [TILE_CHANNELS][tile]. Fetches features and gradients of
 * the next ones meanwhile. */
INLINE void multiply_data(__local float *da, __local const float *packed,
                          __global const float *weights, __global const float *in,
                          __global const float *in_gradient, __local const int *channels,
                          struct tile tile, int next, const struct fg_conv_args a)
{
    const int lines_per_out = (2 * SUMS + a.outs - 1) / a.outs;

    for (int v = 0; v < tile.vectors; v += VECTORS) {
        __global const float *w = weights;
        float16 sum[SUMS];
#pragma unroll
        for (int i = 0; i < SUMS; ++i)
            sum[i] = (float16)(0.0f);
        for (int k = 0; k < a.outs; ++k) {
            __local const float *row = packed + k * COPIES * a.stride + v * FG_LANES;
            for (int i = k * lines_per_out; i < min((k + 1) * lines_per_out, 2 * SUMS); ++i) {
                const int line = i % SUMS;
                const size_t channel = channels[min(next + line / VECTORS, a.in_channels - 1)];
                FG_PREFETCH((i < SUMS ? in : in_gradient) + channel * a.in_pitch + tile.pixel +
                            (v + line % VECTORS) * FG_LANES);
            }
#pragma unroll
            for (int tap = 0; tap < TAPS; ++tap, w += TILE_CHANNELS) {
                __local const float *at = row + tap_offset(tap, a.stride, a.chunks.width);
                float16 dy[VECTORS];
#pragma unroll
                for (int i = 0; i < VECTORS; ++i)
                    dy[i] = vload16(i, at);
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = fma((float16)(w[i / VECTORS]), dy[i % VECTORS], sum[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < SUMS; ++i)
            vstore16(sum[i], i % VECTORS, da + i / VECTORS * a.tile + v * FG_LANES);
    }
}

/* One channel: da -> G, d_beta, d_gamma. x and g are at the tile's first pixel. */
INLINE void add_gradient(__global float *g, int adds, __global float *partials, int begins,
                         __local float *da, __global const float *x, struct fg_affine f,
                         int pixels, const struct fg_conv_args a)
{
    float16 d_beta = (float16)(0.0f), d_gamma = (float16)(0.0f);

    if (a.norm && !begins) {
        d_beta = vload16(0, partials);
        d_gamma = vload16(1, partials);
    }
    for (int i = 0; i < pixels; i += FG_LANES) {
        const float16 xs = vload16(0, x + i);
        const float16 z = fma(xs, (float16)(f.scale), (float16)(f.shift));
        const int16 live = z > (float16)(a.floor) && i + lane_numbers() < (int16)(pixels);
        const float16 d = select((float16)(0.0f), vload16(0, da + i), live);
        const float16 by = d * f.scale;
        d_beta += d;
        /* x may be anything beyond the tile's end */
        d_gamma = select(d_gamma, fma(d, (xs - f.mean) * f.inverse, d_gamma), live);
        if (i + FG_LANES <= pixels) {
            vstore16(adds ? vload16(0, g + i) + by : by, 0, g + i);
        } else {
            vstore16(by, 0, da + i);
            for (int j = i; j < pixels; ++j)
                g[j] = adds ? g[j] + da[j] : da[j];
        }
    }
    if (a.norm) {
        vstore16(d_beta, 0, partials);
        vstore16(d_gamma, 1, partials);
    }
}
#endif

/* Adds a tile's part to the weight gradients of `count` input channels.
 * x: [TILE_CHANNELS][tile], normalised; rows: [tile][lanes] */
INLINE void multiply_weights(__global float *partials, int begins, __local const float *x,
                             __local const float *rows, int count, int pixels,
                             const struct fg_conv_args a)
{
    for (int c = 0; c < count; c += LANE_ROWS)
        for (int l = 0; l < a.lanes; l += LANE_VECTORS * FG_LANES) {
            __global float *to = partials + (size_t)c * a.lanes + l;
            __local const float *row = rows + l;
            __local const float *value = x + c * a.tile;
            float16 sum[LANE_ROWS * LANE_VECTORS];
#pragma unroll
            for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                sum[i] = begins || c + i / LANE_VECTORS >= count
                             ? (float16)(0.0f)
                             : vload16(i % LANE_VECTORS, to + i / LANE_VECTORS * a.lanes);
            for (int p = 0; p < pixels; ++p, row += a.lanes, ++value) {
                float16 dy[LANE_VECTORS];
#pragma unroll
                for (int i = 0; i < LANE_VECTORS; ++i)
                    dy[i] = vload16(i, row);
#pragma unroll
                for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                    sum[i] = fma((float16)(value[i / LANE_VECTORS * a.tile]),
                                 dy[i % LANE_VECTORS], sum[i]);
            }
#pragma unroll
            for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                if (c + i / LANE_VECTORS < count)
                    vstore16(sum[i], i % LANE_VECTORS, to + i / LANE_VECTORS * a.lanes);
        }
}

__kernel FG_ONE_WORK_ITEM void
conv_backward(__global const float *in,
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
              __global float *restrict weight_partials, __local float *packed,
              __local float *rows, __local float *block, __local int *channels,
              const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *out = in;
#endif
#if IN_PLACE && BACKWARD_DATA
    __global const float *out_gradient = in_gradient;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    __local int *adds = channels + a.in_channels;
    const struct pack_space space = {block + TILE_CHANNELS * a.tile, adds + a.in_channels,
                                     adds + a.in_channels + a.stride + FG_LANES};

    list_channels(channels, sources + a.first_source, a.sources);
    for (int i = 0, c = 0; i < a.sources; ++i)
        for (int j = 0; j < sources[a.first_source + i].channels; ++j)
            adds[c++] = a.first_out > 0 || sources[a.first_source + i].adds;
    norm_partials += (size_t)get_global_id(0) * a.in_channels * 2 * FG_LANES;
    weight_partials += (size_t)get_global_id(0) * a.in_channels * a.lanes;
    for (int i = 0; i < a.tile * a.lanes; i += FG_LANES)
        vstore16((float16)(0.0f), 0, rows + i);

    for (int r = 0; r < runs_of(chunk); ++r) {
        const struct run run = run_at(chunk, a.chunks, r);
        for (int first = 0; first < run.pixels; first += a.tile) {
            const struct tile tile = tile_at(run, first, a.tile);
            const int begins = r + first == 0;
            pack_begin(space, tile, a.chunks);
            for (int k = 0; k < a.outs; ++k) {
                const size_t at =
                    (size_t)(a.out_first_channel + a.first_out + k) * a.out_pitch + tile.pixel;
                struct fg_coefficients f = {0.0f, 0.0f, 0.0f, 0.0f};
                if (a.finish)
                    f = coefficients[a.first_out + k];
                pack_gradient(packed + k * COPIES * a.stride, out_gradient + at, out + at, f,
                              space, tile, a);
            }
            transpose_gradient(rows, packed, tile.vectors, a);

            for (int c0 = 0; c0 < a.in_channels; c0 += TILE_CHANNELS) {
                const int count = min(TILE_CHANNELS, a.in_channels - c0);
#if BACKWARD_DATA
                multiply_data(block, packed, weights + (size_t)c0 * a.outs * TAPS, in,
                              in_gradient, channels, tile, c0 + TILE_CHANNELS, a);
#endif
                for (int c = 0; c < count; ++c) {
                    const struct fg_affine f = affine[c0 + c];
                    const size_t at = (size_t)channels[c0 + c] * a.in_pitch + tile.pixel;
                    __local float *row = block + c * a.tile;
#if BACKWARD_DATA
                    add_gradient(in_gradient + at, adds[c0 + c],
                                 norm_partials + (c0 + c) * 2 * FG_LANES,
                                 begins && a.first_out == 0, row, in + at, f, tile.pixels, a);
#endif
                    /* da is done with: from here on the block holds the input. */
                    for (int i = 0; i < tile.pixels; i += FG_LANES)
                        vstore16(activate(vload16(0, in + at + i), f, a.floor), 0, row + i);
                }
                for (int c = count; c < TILE_CHANNELS; ++c)
                    for (int i = 0; i < tile.pixels; i += FG_LANES)
                        vstore16((float16)(0.0f), 0, block + c * a.tile + i);
                multiply_weights(weight_partials + (size_t)c0 * a.lanes, begins, block, rows,
                                 count, tile.pixels, a);
            }
        }
    }
}
