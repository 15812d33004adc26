/* conv.cl - 1x1 and 3x3 convolution, at stride 1 or 2, that reads its sources in place: forward and
 * backward. Larger sides are in conv_gather.cl.
 *
 * For devices of the CPU family: one work-item per work-group, which walks one chunk of pixels
 * in tiles. A tile is packed into local memory (conv_pack.h); a register tile of TILE_CHANNELS
 * rows of VECTORS vectors then runs over it (conv_multiply.h). Weights come in the order in
 * which they are read (conv_weights.cl).
 *
 * The channels of input and output may be cut into as many groups: outputs of a group read its
 * inputs only, so each group is a convolution of its own. Numbers of channels in the arguments
 * are those of one group.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef IN_PLACE
#define IN_PLACE \
    0 /* 1: input and output are channels of one map, which the kernel gets once \
       */
#endif
#ifndef BACKWARD_DATA
#define BACKWARD_DATA 1 /* 0: conv_backward makes weight gradients alone */
#endif

#include "conv_multiply.h"
#include "conv_pack.h"
#include "conv_store.h"
#include "conv_transpose.h"

/* ---- forward ----
 *
 *     z[c][p]   = max(scale[c] * in[c][p] + shift[c], floor)
 *     out[k][p] = bias[k] + sum over c, tap of weights[k][c][tap] * z[c][p + tap] + shortcut[k][p]
 *
 * in, out   maps [channels][pitch]; with IN_PLACE one map
 * shortcut  ditto; looked at where a.shortcut is set; may be the map of out: other channels, or the
 *           very same ones, which the sum then replaces
 * With dropout z and out are then multiplied by their masks, and so are their gradients in the
 * backward pass: dy at once, da before it goes through the ReLU.
 *
 * affine    [groups][in_channels]
 * weights   packed: [groups][outs / TILE_CHANNELS][in_channels][TAPS][TILE_CHANNELS]
 * partials  [chunks][groups][out_channels][2][FG_LANES]: mean, sum of squared deviations of each
 *           lane. Lane l has every 16th pixel of each run, from pixel l on
 * grid      x = chunk, y = groups, or block of `outs` output channels of a group */

__kernel FG_ONE_WORK_ITEM void conv_forward(
#if !IN_PLACE
    __global const float *restrict in,
#endif
    __global float *out, __global const float *shortcut,
    __global const struct fg_source *restrict sources,
    __global const struct fg_affine *restrict affine, __global const float *restrict weights,
    __global const float *restrict parameters, __global float *restrict partials,
    __local float *packed, __local float *results, __local int *channels,
    const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *in = out;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const struct share share = share_at(get_global_id(1), a.out_channels, a);
    const int padded = (a.out_channels + TILE_CHANNELS - 1) / TILE_CHANNELS * TILE_CHANNELS;
    __local float *shares = results + (a.outs + TILE_CHANNELS) * a.tile;
    const struct pack_space space = {shares + a.tile, channels + a.listed,
                                     channels + a.listed + a.row + FG_LANES};
    struct list list =
        list_of(sources + a.first_source, channels, 0, share.end_group * a.in_channels);

    /* What is put there keeps what is behind it. */
    if (STRIDE == 2)
        clear(packed, a.block * INPUT_COPIES * a.row);
    for (int r = 0; r < runs_of(chunk); ++r) {
        const struct run run = run_at(chunk, a.chunks, r);
        for (int first = 0; first < run.pixels; first += a.tile) {
            const struct tile tile = tile_at(run, first, a.tile);
            const int pixel = input_pixel(tile, a);
            const int16 before = (run.pixels - lanes_numbers() + FG_LANES - 1) / FG_LANES;
            make_shares(shares, convert_float16(r * before + first / FG_LANES), tile.pixels);
            if (STRIDE == 1)
                pack_begin(space, tile, a.chunks);
            for (int group = share.first_group; group < share.end_group; ++group) {
                const int in0 = group * a.in_channels;
                const int first_out = group * a.out_channels + share.first;
                __global const float *w =
                    weights + ((size_t)group * padded + share.first) * a.in_channels * TAPS;
                const struct outputs outputs = {
                    out + (size_t)(a.out_first_channel + first_out) * a.out_pitch + tile.pixel,
                    partials +
                        ((size_t)get_global_id(0) * a.groups * a.out_channels + first_out) * 2 *
                            FG_LANES,
                    shortcut + (size_t)(a.shortcut_first_channel + first_out) * a.out_pitch +
                        tile.pixel,
                    shares,
                    first_out,
                    r + first == 0};

                for (int c0 = 0; c0 < a.in_channels; c0 += a.block) {
                    const int block = min(a.block, a.in_channels - c0);
                    /* Behind the tile's last channels come the first ones of the next tile. */
                    const int last = in0 + c0 + block == share.end_group * a.in_channels;
                    list = list_channels(list, in0 + c0, block, a.listed);
                    const struct next next = {in + pixel + (last ? AREA * a.tile : 0), list,
                                              last ? share.first_group * a.in_channels
                                                   : in0 + c0 + block,
                                              (SKIPS_ROWS ? 2 : AREA) * a.tile / FG_LANES};
                    for (int c = in0 + c0; c < in0 + c0 + block; ++c)
                        pack_input(packed + (c - in0 - c0) * INPUT_COPIES * a.row,
                                   in + (size_t)place_of(list, c) * a.in_pitch + pixel,
                                   affine[c], c, space, tile, a);
                    multiply_forward(outputs, results, packed, w,
                                     parameters + a.bias + first_out, tile, share.count,
                                     a.in_channels, c0, block, next, a);
                }
            }
        }
    }
}

/* ---- backward: data and weights in one pass ----
 *
 * With dy the gradient of the output, z = scale[c]*x[c] + shift[c] and da[c][p] = sum over k,
 * tap of weights[k][c][tap] * dy[k][p - tap]; at stride 2, p - tap stands for the output's pixels
 * whose tap reads p, see conv_strided.h:
 *
 *     d[c][p]         = z > floor ? da : 0
 *     G[c][p]         = or += scale[c] * d
 *     d_beta[c]       = sum over p of d,     d_gamma[c] = sum over p of d * (x - mean) / sigma
 *     dw[k][c][tap]   = sum over p of max(z, floor) * dy[k][p - tap]
 *
 * in, in_gradient    x and G, [channels][pitch]
 * out, out_gradient  what dy is made of, [channels][pitch]; with IN_PLACE the same maps
 * shortcut_gradient  where dy is written or added, [channels][pitch]; where a.shortcut is set. It may
 *                    be the map of out_gradient: other channels, or, of a 1x1, the very same ones,
 *                    where dy then replaces what it is made of
 * weights            packed: [groups][in_channels / TILE_CHANNELS][PHASES][outs][taps backward]
 *                    [TILE_CHANNELS]
 * norm_partials      [chunks][groups][in_channels][2][FG_LANES]: d_beta, d_gamma
 * weight_partials    [chunks][groups][in_channels][lanes]: lane = tap * outs + k, phase after phase
 * grid               x = chunk, y = groups */

#if BACKWARD_DATA
/* da of one channel of a tile, whose first pixel x and g are at; then what was read of the input takes
 * its place. */
INLINE void take_gradient(__global float *g, int adds, __global float *partials, int begins,
                          __local float *row, __global const float *x, struct fg_affine f,
                          int channel, struct tile tile, const struct fg_conv_args a)
{
    if (STRIDE == 2) {
        join_gradient(g, adds, partials, begins, row, x, f, channel, tile, a);
    } else if (POOLED) {
        spread_gradient(g, adds, partials, begins, row, x, f, tile, a);
        read_tile(row, x, f, channel, tile, a);
    } else {
        add_gradient(g, adds, partials, begins, row, x, f, channel, tile.pixel, tile.pixels, a);
    }
}

/* da of a phase of TILE_CHANNELS input channels: [TILE_CHANNELS][tile]. The last phase fetches features
 * and gradients of the next ones meanwhile. pixel: of the input, first of the tile */
INLINE void multiply_data(__local float *da, int phase, __local const float *packed,
                          __global const float *weights, __global const float *in,
                          __global const float *in_gradient, struct list list, int next,
                          int pixel, struct tile tile, const struct fg_conv_args a)
{
    const int row_taps = fg_conv_phase_taps(phase / STRIDE, SIDE, STRIDE);
    const int column_taps = fg_conv_phase_taps(phase % STRIDE, SIDE, STRIDE);
    const int fetching = phase + 1 == PHASES ? TILE_CHANNELS : 0;
    const int rows_per_out = (TILE_CHANNELS + a.outs - 1) / a.outs;

    for (int v = 0; v < tile.vectors; v += VECTORS) {
        __global const float *w = weights;
        float16 sum[SUMS];
#pragma unroll
        for (int i = 0; i < SUMS; ++i)
            sum[i] = (float16)(0.0f);
        for (int k = 0; k < a.outs; ++k) {
            __local const float *row = packed + k * COPIES * a.row + v * FG_LANES;
            for (int i = k * rows_per_out; i < min((k + 1) * rows_per_out, fetching); ++i) {
                const size_t at = (size_t)nearest_place(list, next + i) * a.in_pitch + pixel +
                                  AREA * v * FG_LANES;
#pragma unroll
                for (int j = 0; j < AREA * VECTORS; ++j) {
                    FG_PREFETCH(in + at + j * FG_LANES);
                    FG_PREFETCH(in_gradient + at + j * FG_LANES);
                }
            }
#pragma unroll
            for (int tap = 0; tap < row_taps * column_taps; ++tap, w += TILE_CHANNELS) {
                __local const float *at =
                    row + gradient_offset(STRIDE - 1 + tap / column_taps,
                                          STRIDE - 1 + tap % column_taps, a);
                float16 dy[VECTORS];
#pragma unroll
                for (int i = 0; i < VECTORS; ++i)
                    dy[i] = load16(i, at);
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = fma((float16)(w[i / VECTORS]), dy[i % VECTORS], sum[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < SUMS; ++i)
            store16(sum[i], i % VECTORS, da + i / VECTORS * a.tile + v * FG_LANES);
    }
}

/* weights: [PHASES][outs][taps of the phase][TILE_CHANNELS] */
INLINE void multiply_phases(__local float *da, __local const float *packed,
                            __global const float *weights, __global const float *in,
                            __global const float *in_gradient, struct list list, int next,
                            int pixel, struct tile tile, const struct fg_conv_args a)
{
#pragma unroll
    for (int phase = 0; phase < PHASES; ++phase) {
        multiply_data(da, phase, packed, weights, in, in_gradient, list, next, pixel, tile, a);
        da += TILE_CHANNELS * a.tile;
        weights += fg_conv_taps_of(phase, SIDE, STRIDE) * a.outs * TILE_CHANNELS;
    }
}
#endif

/* Weight gradients of `count` input channels: phase by phase, or one row of taps after the other, or all
 * at once. x: [PHASES][TILE_CHANNELS][tile] */
INLINE void multiply_lanes(__global float *partials, int begins, __local const float *x,
                           __local const float *rows, struct turn_space space, int count,
                           struct tile tile, struct ahead *ahead, const struct fg_conv_args a)
{
    const int unit = LANE_VECTORS * FG_LANES, turned = PHASES == 1 && a.turned;
    const int parts = turned ? SIDE : PHASES;

    for (int part = 0; part < parts; ++part) {
        struct walk walk = walk_pixels(rows + first_shift(part) * a.outs, tile, a);
        int lanes = a.lanes;
        if (PHASES > 1)
            lanes = (fg_conv_taps_of(part, SIDE, STRIDE) * a.outs + unit - 1) / unit * unit;
        if (turned) {
            walk = walk_turned(space, part, tile, a);
            lanes = SIDE * a.outs;
        }
        multiply_weights(partials, begins, x, walk, lanes, count, tile.pixels, ahead, a);
        partials += lanes;
        x += turned ? 0 : TILE_CHANNELS * a.tile;
    }
}

__kernel FG_ONE_WORK_ITEM void conv_backward(
    __global const float *in,
#if !IN_PLACE
    __global const float *restrict out,
#endif
#if BACKWARD_DATA
    __global float *in_gradient,
#endif
#if !IN_PLACE || !BACKWARD_DATA
    __global const float *out_gradient,
#endif
    __global float *shortcut_gradient, __global const struct fg_source *restrict sources,
    __global const struct fg_affine *restrict affine,
    __global const struct fg_coefficients *restrict coefficients,
    __global const float *restrict weights, __global float *restrict norm_partials,
    __global float *restrict weight_partials, __local float *packed, __local float *rows,
    __local float *block, __local int *channels, const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *out = in;
#endif
#if IN_PLACE && BACKWARD_DATA
    __global const float *out_gradient = in_gradient;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const struct share share = share_at(get_global_id(1), a.outs, a);
    const int padded = (a.in_channels + TILE_CHANNELS - 1) / TILE_CHANNELS * TILE_CHANNELS;
    const ptrdiff_t shortcut_offset =
        (ptrdiff_t)(a.shortcut_first_channel - a.out_first_channel) * a.out_pitch;
    __local int *adds = channels + a.listed;
    const struct pack_space space = {block + PHASES * TILE_CHANNELS * a.tile, adds + a.listed,
                                     adds + a.listed + a.row + FG_LANES};
    const struct turn_space turn = {space.line + a.row + 3 * FG_LANES,
                                    space.right + a.row + FG_LANES};
    struct list list =
        list_of(sources + a.first_source, channels, adds, share.end_group * a.in_channels);

    norm_partials += (size_t)get_global_id(0) * a.groups * a.in_channels * 2 * FG_LANES;
    weight_partials += (size_t)get_global_id(0) * a.groups * a.in_channels * a.lanes;
    clear(rows, a.tile * a.pixel_lanes);
    if (STRIDE == 2)
        clear(block, PHASES * TILE_CHANNELS * a.tile);

    for (int r = 0; r < runs_of(chunk); ++r) {
        const struct run run = run_at(chunk, a.chunks, r);
        for (int first = 0; first < run.pixels; first += a.tile) {
            const struct tile tile = tile_at(run, first, a.tile);
            const int pixel = input_pixel(tile, a);
            const int begins = r + first == 0;
            pack_begin(space, tile, a.chunks);
            if (STRIDE == 1)
                transpose_begin(turn, tile, a);
            for (int group = share.first_group; group < share.end_group; ++group) {
                const int in0 = group * a.in_channels;
                const int out0 = group * a.out_channels + a.first_out;

                for (int k = 0; k < a.outs; ++k) {
                    const size_t at =
                        (size_t)(a.out_first_channel + out0 + k) * a.out_pitch + tile.pixel;
                    struct fg_coefficients f = {0.0f, 0.0f, 0.0f, 0.0f};
                    if (a.finish)
                        f = coefficients[out0 + k];
                    pack_gradient(packed + k * COPIES * a.row, out_gradient + at, out + at, f,
                                  out0 + k, space, tile, a);
                    if (a.shortcut)
                        hand_on(shortcut_gradient + at + shortcut_offset,
                                packed + k * COPIES * a.row +
                                    gradient_offset(SIDE / 2, SIDE / 2, a),
                                tile.pixels, a);
                }
                if (PHASES > 1)
                    transpose_shifts(rows, packed, tile, a);
                else
                    transpose_gradient(rows, turn, packed, tile, a);
                /* Behind the tile's last group comes the first one of the next tile. */
                const int last_group = group + 1 == share.end_group;
                const int next_out =
                    (last_group ? share.first_group : group + 1) * a.out_channels + a.first_out;
                struct ahead ahead =
                    ahead_of(out_gradient, out, shortcut_gradient + shortcut_offset,
                             (size_t)(a.out_first_channel + next_out) * a.out_pitch +
                                 tile.pixel + (last_group ? tile.pixels : 0),
                             tile, a.in_channels, a);

                for (int c0 = 0; c0 < a.in_channels; c0 += TILE_CHANNELS) {
                    const int count = min(TILE_CHANNELS, a.in_channels - c0);
                    list = list_channels(list, in0 + c0, count, a.listed);
#if BACKWARD_DATA
                    const int last = c0 + count == a.in_channels && last_group;
                    multiply_phases(block, packed,
                                    weights + ((size_t)group * padded + c0) * a.outs * TAPS, in,
                                    in_gradient, list,
                                    last ? share.first_group * a.in_channels : in0 + c0 + count,
                                    pixel + (last ? AREA * tile.pixels : 0), tile, a);
#endif
                    for (int c = in0 + c0; c < in0 + c0 + count; ++c) {
                        const struct fg_affine f = affine[c];
                        const size_t at = (size_t)place_of(list, c) * a.in_pitch + pixel;
                        __local float *row = block + (c - in0 - c0) * a.tile;
#if BACKWARD_DATA
                        take_gradient(in_gradient + at, a.first_out > 0 || adds[c - list.first],
                                      norm_partials + c * 2 * FG_LANES,
                                      begins && a.first_out == 0, row, in + at, f, c, tile, a);
#else
                        if (STRIDE == 2)
                            read_phases(row, in + at, f, c, tile, a);
                        else
                            read_tile(row, in + at, f, c, tile, a);
#endif
                    }
                    for (int phase = 0; phase < PHASES; ++phase)
                        clear(block + (phase * TILE_CHANNELS + count) * a.tile,
                              (TILE_CHANNELS - count) * a.tile);
                    multiply_lanes(weight_partials + (size_t)(in0 + c0) * a.lanes, begins,
                                   block, rows, turn, count, tile, &ahead, a);
                }
            }
        }
    }
}
