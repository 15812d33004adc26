/* conv_multiply.h - register tiles of TILE_CHANNELS rows of VECTORS vectors that run over packed
 * tiles. OpenCL C, for conv.cl and conv_gather.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_MULTIPLY_H
#define FG_CONV_MULTIPLY_H

#include "conv_store.h"
#include "conv_tile.h"
#include "conv_transpose.h"
#include "prefetch.h"

#ifndef LANE_VECTORS
#define LANE_VECTORS 7 /* float16 in a row of the register tile of weight gradients ... */
#endif
#ifndef LANE_ROWS
#define LANE_ROWS 1 /* ... and its rows, a divisor of TILE_CHANNELS */
#endif
#if TILE_CHANNELS % LANE_ROWS
#error "LANE_ROWS divides TILE_CHANNELS"
#endif

#define SUMS (TILE_CHANNELS * VECTORS) /* registers of the register tile */

/* What is packed next, to fetch it while the present tile is computed. */
struct next {
    __global const float *in; /* at its first pixel */
    struct list list;
    int first; /* channel in the list */
    int lines; /* of each of them; 0: fetch nothing */
};

/* From the first pixel of what is packed to a line of it. */
INLINE int line_offset(int line, const struct fg_conv_args a)
{
    const int pixels = line * FG_LANES;
    return SKIPS_ROWS ? pixels + pixels / a.in_width * a.in_width : pixels;
}

/* Where finished results go: rows of outputs, from the tile's first pixel on. */
struct outputs {
    __global float *to;             /* row 0 in the map; NULL: they stay in local memory */
    __global float *statistics;     /* of row 0 */
    __global const float *shortcut; /* its row 0, where there is one */
    __local const float *shares;
    int channel; /* of row 0, of all outputs */
    int begins;  /* 1 in the chunk's first tile */
};

/* Results of at most `rows` rows, VECTORS vectors of each from vector v of the tile on. */
INLINE void finish_results(struct outputs out, __local float *results, int stride, int row,
                           int rows, int v, struct tile tile, const struct fg_conv_args a)
{
    const int pixels = min(VECTORS * FG_LANES, tile.pixels - v * FG_LANES);

    for (int k = row; k < row + rows && pixels > 0; ++k, results += stride) {
        for (int i = 0; DROPOUT_OUT && i < pixels; i += FG_LANES)
            store16(drop_output(load16(0, results + i), out.channel + k,
                                tile.pixel + v * FG_LANES + i, a),
                    0, results + i);
        for (int i = 0; a.shortcut && i < pixels; i += FG_LANES)
            store16(
                load16(0, results + i) +
                    lanes_load_first(out.shortcut + (size_t)k * a.out_pitch + v * FG_LANES + i,
                                     pixels - i),
                0, results + i);
        store_row(out.to + (size_t)k * a.out_pitch + v * FG_LANES, results, pixels);
        if (a.statistics)
            add_statistics(out.statistics + k * 2 * FG_LANES, results,
                           out.shares + v * FG_LANES, pixels, out.begins && v == 0);
    }
}

/* The same of one row of a register tile all of whose pixels are there, straight from its
 * registers. */
INLINE void finish_row(struct outputs out, const float16 *sum, int k, int v, struct tile tile,
                       const struct fg_conv_args a)
{
    const size_t at = (size_t)k * a.out_pitch + v * FG_LANES;
    __global float *statistics = out.statistics + k * 2 * FG_LANES;
    float16 x[VECTORS];

#pragma unroll
    for (int i = 0; i < VECTORS; ++i) {
        x[i] = drop_output(sum[i], out.channel + k, tile.pixel + (v + i) * FG_LANES, a);
        if (a.shortcut)
            x[i] += load16(i, out.shortcut + at);
        store16(x[i], i, out.to + at);
    }
    if (a.statistics) {
        const int begins = out.begins && v == 0;
        float16 mean = begins ? (float16)(0.0f) : load16(0, statistics);
        float16 squares = begins ? (float16)(0.0f) : load16(1, statistics);
#pragma unroll
        for (int i = 0; i < VECTORS; ++i)
            add_vector_statistics(&mean, &squares, x[i], load16(v + i, out.shares));
        store16(mean, 0, statistics);
        store16(squares, 1, statistics);
    }
}

/* Adds `block` of the `rows` packed input channels to the sums of all outputs; the last block
 * finishes them.
 *
 * results  [outs][tile], between blocks
 * packed   [block][INPUT_COPIES][a.row]
 * weights  [outs / TILE_CHANNELS][rows][TAPS][TILE_CHANNELS]
 * bias     of the outputs, looked at where a.bias >= 0 */
INLINE void multiply_forward(struct outputs out, __local float *results,
                             __local const float *packed, __global const float *weights,
                             __global const float *bias, struct tile tile, int outs, int rows,
                             int first_row, int block, struct next next,
                             const struct fg_conv_args a)
{
    const int tiles = tile.vectors / VECTORS * ((outs + TILE_CHANNELS - 1) / TILE_CHANNELS);
    const int lines_per_tile = (next.lines + tiles - 1) / tiles;
    const int finish = out.to && first_row + block == rows;
    /* What is stored at once needs no room of its own. */
    const int passing = finish && first_row == 0;
    const int stride = passing ? VECTORS * FG_LANES : a.tile;
    const int out_lines = finish ? (SUMS + block - 1) / block : 0;
    int line = 0;

    for (int v = 0; v < tile.vectors; v += VECTORS)
        for (int k0 = 0; k0 < outs; k0 += TILE_CHANNELS, line += lines_per_tile) {
            /* Where the register tile that comes next will be stored. */
            const int next_k = k0 + TILE_CHANNELS < outs ? k0 + TILE_CHANNELS : 0;
            const size_t next_at =
                (size_t)next_k * a.out_pitch + (next_k > 0 ? v : v + VECTORS) * FG_LANES;
            __global const float *w =
                weights + ((size_t)k0 * rows + (size_t)first_row * TILE_CHANNELS) * TAPS;
            __local float *to = passing ? results : results + k0 * a.tile + v * FG_LANES;
            const int last_line = min(line + lines_per_tile, next.lines);
            float16 sum[SUMS];
            if (first_row > 0) {
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = load16(i % VECTORS, to + i / VECTORS * a.tile);
            } else {
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = (float16)(a.bias >= 0 && k0 + i / VECTORS < outs
                                           ? bias[k0 + i / VECTORS]
                                           : 0.0f);
            }
            for (int c = 0; c < block; ++c) {
                __local const float *row = packed + c * INPUT_COPIES * a.row + v * FG_LANES;
                const size_t channel = nearest_place(next.list, next.first + c);
                for (int i = line; i < last_line; ++i)
                    FG_PREFETCH(next.in + channel * a.in_pitch + line_offset(i, a));
                for (int i = c * out_lines; i < min((c + 1) * out_lines, SUMS); ++i) {
                    const size_t at =
                        next_at + (size_t)(i / VECTORS) * a.out_pitch + i % VECTORS * FG_LANES;
                    FG_PREFETCH(out.to + at);
                    if (a.shortcut)
                        FG_PREFETCH(out.shortcut + at);
                }
#pragma unroll
                for (int tap = 0; tap < TAPS; ++tap, w += TILE_CHANNELS) {
                    __local const float *at = row + tap_offset(tap, tile, a);
                    float16 x[VECTORS];
#pragma unroll
                    for (int i = 0; i < VECTORS; ++i)
                        x[i] = load16(i, at);
#pragma unroll
                    for (int i = 0; i < SUMS; ++i)
                        sum[i] = fma((float16)(w[i / VECTORS]), x[i % VECTORS], sum[i]);
                }
            }
            if (finish && (v + VECTORS) * FG_LANES <= tile.pixels) {
#pragma unroll
                for (int k = 0; k < TILE_CHANNELS; ++k)
                    if (k0 + k < outs)
                        finish_row(out, sum + k * VECTORS, k0 + k, v, tile, a);
                continue;
            }
#pragma unroll
            for (int i = 0; i < SUMS; ++i)
                store16(sum[i], i % VECTORS, to + i / VECTORS * stride);
            if (finish)
                finish_results(out, to, stride, k0, min(TILE_CHANNELS, outs - k0), v, tile, a);
        }
}

/* The output's gradient that is packed next, what it is finished with and where it is handed on to:
 * fetched a line of each at a time, row after row. */
struct ahead {
    __global const float *g;
    __global const float *y;
    __global const float *shortcut; /* its gradient */
    size_t at;                      /* the next line */
    int vectors;                    /* of a row */
    int vector;                     /* the next one */
    int lines;                      /* left */
    int at_once;                    /* of them */
};

/* rows: of the input, packed and multiplied while the lines come
 * at: the first output that is packed next */
INLINE struct ahead ahead_of(__global const float *g, __global const float *y,
                             __global const float *shortcut, size_t at, struct tile tile,
                             int rows, const struct fg_conv_args a)
{
    const int lines = a.outs * tile.vectors;
    const int pixels = (rows + LANE_ROWS - 1) / LANE_ROWS *
                       (a.lanes / (LANE_VECTORS * FG_LANES)) * tile.pixels;
    const struct ahead ahead = {g,
                                a.finish ? y : g,
                                a.shortcut ? shortcut : g,
                                at,
                                tile.vectors,
                                0,
                                lines,
                                (lines + pixels - 1) / pixels};
    return ahead;
}

INLINE void fetch_ahead(struct ahead *ahead, int pitch)
{
    for (int i = 0; i < ahead->at_once && ahead->lines > 0; ++i, --ahead->lines) {
        FG_PREFETCH(ahead->g + ahead->at);
        FG_PREFETCH(ahead->y + ahead->at);
        FG_PREFETCH(ahead->shortcut + ahead->at);
        ahead->at += FG_LANES;
        if (++ahead->vector == ahead->vectors) {
            ahead->vector = 0;
            ahead->at += pitch - ahead->vectors * FG_LANES;
        }
    }
}

/* What is multiplied for one pixel of a tile after the other: `lanes` floats, the next ones `step` behind
 * them. */
struct walk {
    __local const float *first;
    int step;
    int pixels; /* till a row of the image ends, where one more step is made ... */
    int width;  /* ... as behind each of so many that follow */
};

/* rows: [tile][a.pixel_lanes] */
INLINE struct walk walk_pixels(__local const float *rows, struct tile tile,
                               const struct fg_conv_args a)
{
    const struct walk walk = {rows, a.pixel_lanes, tile.pixels, tile.pixels};
    return walk;
}

#if SIDE == 3
/* What a row of taps reads of the turned gradient. */
INLINE struct walk walk_turned(struct turn_space space, int row, struct tile tile,
                               const struct fg_conv_args a)
{
    const int width = a.chunks.width;
    const struct walk walk = {turned_at(space, 0, row, a), -a.outs,
                              width - tile.image_pixel % width, width};
    return walk;
}
#else
INLINE struct walk walk_turned(struct turn_space space, int row, struct tile tile,
                               const struct fg_conv_args a)
{
    (void)space, (void)row;
    return walk_pixels(0, tile, a);
}
#endif

/* Adds a tile's part to `lanes` weight gradients of each of `count` input channels.
 * x: [TILE_CHANNELS][tile], normalised */
INLINE void multiply_weights(__global float *partials, int begins, __local const float *x,
                             struct walk walk, int lanes, int count, int pixels,
                             struct ahead *ahead, const struct fg_conv_args a)
{
    /* What is broadcast is the least: the vectors stay in the first-level cache meanwhile. */
    for (int l = 0; l < lanes; l += LANE_VECTORS * FG_LANES)
        for (int c = 0; c < count; c += LANE_ROWS) {
            __global float *to = partials + (size_t)c * a.lanes + l;
            __local const float *row = walk.first + l;
            __local const float *value = x + c * a.tile;
            float16 sum[LANE_ROWS * LANE_VECTORS];
#pragma unroll
            for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                sum[i] = begins || c + i / LANE_VECTORS >= count
                             ? (float16)(0.0f)
                             : load16(i % LANE_VECTORS, to + i / LANE_VECTORS * a.lanes);
            for (int p = 0, end = walk.pixels; p < pixels; end += walk.width, row += walk.step)
                for (; p < min(end, pixels); ++p, row += walk.step, ++value) {
                    float16 dy[LANE_VECTORS];
                    fetch_ahead(ahead, a.out_pitch);
#pragma unroll
                    for (int i = 0; i < LANE_VECTORS; ++i)
                        dy[i] = load16(i, row);
#pragma unroll
                    for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                        sum[i] = fma((float16)(value[i / LANE_VECTORS * a.tile]),
                                     dy[i % LANE_VECTORS], sum[i]);
                }
#pragma unroll
            for (int i = 0; i < LANE_ROWS * LANE_VECTORS; ++i)
                if (c + i / LANE_VECTORS < count)
                    store16(sum[i], i % LANE_VECTORS, to + i / LANE_VECTORS * a.lanes);
        }
}

#endif
