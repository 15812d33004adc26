/* conv_gather.cl - convolution of any odd side, at stride 1 or 2, that reads its sources in
 * place: forward, and backward for the weights. The gradient of the input is in conv_phases.cl;
 * sides 1 and 3 are in conv.cl.
 *
 * For devices of the CPU family, as conv.cl; formulas, groups and layouts are the same where
 * nothing else is said. Side and stride are arguments: one program does all.
 *
 * A chunk is walked without a break at images: lane l of the statistics has every 16th pixel of
 * the chunk, from pixel l on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef IN_PLACE
#define IN_PLACE 0 /* 1: input and output are channels of one map */
#endif

#define SIDE 1 /* of what is left to multiply: see conv_gather.h */

#include "conv_gather.h"
#include "conv_multiply.h"
#include "conv_pack.h"
#include "conv_store.h"
#include "conv_transpose.h"

/* Packs rows first .. first + count - 1 of a group: row = c * taps + tap. A channel's line stays
 * for its rows to come, so they must be asked for in order.
 *
 * packed  [count][tile]
 * first_channel  of the group */
INLINE void pack_inputs(__local float *packed, __global const float *in, struct list list,
                        __global const struct fg_affine *affine, int first_channel,
                        struct gather_space space, struct tile tile, int first, int count,
                        const struct fg_conv_args a)
{
    const struct span span = span_of(tile, a);
    const int taps = a.side * a.side;

    for (int r = first; r < first + count; ++r, packed += a.tile) {
        const int c = first_channel + r / taps, i = r % taps / a.side, j = r % a.side;
        const int row = i - a.side / 2, column = j - a.side / 2;
        const int odd_row = row & (a.stride - 1), odd_column = column & (a.stride - 1);
        __global const float *x = in + (size_t)place_of(list, c) * a.in_pitch;
        __global const float *ahead = in + (size_t)nearest_place(list, c + 2) * a.in_pitch;

        if (r % taps == 0 && a.stride == 1)
            load_input(space.line, x, ahead, affine[c], c, span, a);
        else if (r % taps == 0)
            split_input(space.line, x, ahead, affine[c], c, span, a);
        gather_row(packed,
                   space.line + (odd_row * 2 + odd_column) * a.line + tile.pixel - span.first +
                       (row - odd_row) / a.stride * a.out_width +
                       (column - odd_column) / a.stride,
                   i, j, space, tile.vectors, a);
    }
}

/* The list with the channels of these rows. */
INLINE struct list list_rows(struct list list, int first_channel, int first, int count,
                             const struct fg_conv_args a)
{
    const int taps = a.side * a.side;
    return list_channels(list, first_channel + first / taps,
                         (first + count - 1) / taps - first / taps + 1, a.listed);
}

/* ---- forward ----
 *
 *     out[k][y][x] = bias[k] + sum over c, i, j of
 *         weights[k][c][i][j] * z[c][y * stride + i - side / 2][x * stride + j - side / 2]
 *
 * weights  packed: [groups][outs / TILE_CHANNELS][in_channels][taps][TILE_CHANNELS]
 * grid     x = chunk of the output, y = groups, or block of `outs` output channels of a group */
__kernel FG_ONE_WORK_ITEM void conv_gather_forward(
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
    const struct run run = run_at(chunk, a.chunks, 0);
    const struct share share = share_at(get_global_id(1), a.out_channels, a);
    const int padded = (a.out_channels + TILE_CHANNELS - 1) / TILE_CHANNELS * TILE_CHANNELS;
    const int rows = a.in_channels * a.side * a.side;
    __local float *shares = results + (a.outs + TILE_CHANNELS) * a.tile;
    const struct gather_space space = gather_space_of(shares + a.tile, channels + a.listed, a);
    struct list list =
        list_of(sources + a.first_source, channels, 0, share.end_group * a.in_channels);

    /* What lies outside the batch is never written, but loaded before it is masked. */
    clear(space.line, a.stride * a.stride * a.line);
    for (int first = 0; first < run.pixels; first += a.tile) {
        const struct tile tile = tile_at(run, first, a.tile);
        make_shares(shares, (float16)(first / FG_LANES), tile.pixels);
        mark_pixels(space, tile, 0, a);
        for (int group = share.first_group; group < share.end_group; ++group) {
            const int in0 = group * a.in_channels;
            const int first_out = group * a.out_channels + share.first;
            const struct outputs outputs = {
                out + (size_t)(a.out_first_channel + first_out) * a.out_pitch + tile.pixel,
                partials + ((size_t)get_global_id(0) * a.groups * a.out_channels + first_out) *
                               2 * FG_LANES,
                out,
                shares,
                first_out,
                first == 0};

            for (int r = 0; r < rows; r += a.block) {
                const int block = min(a.block, rows - r);
                list = list_rows(list, in0, r, block, a);
                const struct next none = {in, list, 0, 0};
                pack_inputs(packed, in, list, affine, in0, space, tile, r, block, a);
                multiply_forward(outputs, results, packed,
                                 weights + ((size_t)group * padded + share.first) * rows,
                                 parameters + a.bias + first_out, tile, share.count, rows, r,
                                 block, none, a);
            }
        }
    }
}

/* ---- backward: weights ----
 *
 * weight_partials  [chunks][groups][in_channels][taps][lanes]: lane = k
 * grid             x = chunk of the output, y = groups */
__kernel FG_ONE_WORK_ITEM void
conv_gather_backward_weights(__global const float *in,
#if !IN_PLACE
                             __global const float *restrict out,
#endif
                             __global const float *restrict out_gradient,
                             __global const struct fg_source *restrict sources,
                             __global const struct fg_affine *restrict affine,
                             __global const struct fg_coefficients *restrict coefficients,
                             __global float *restrict weight_partials, __local float *packed,
                             __local float *dy, __local float *block, __local int *channels,
                             const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *out = in;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const struct run run = run_at(chunk, a.chunks, 0);
    const struct share share = share_at(get_global_id(1), a.outs, a);
    const int rows = a.in_channels * a.side * a.side;
    const struct gather_space space =
        gather_space_of(block + TILE_CHANNELS * a.tile, channels + a.listed, a);
    const struct pack_space none = {0, 0, 0}; /* dy needs no neighbours */
    const struct turn_space nothing = {0, 0};
    struct list list =
        list_of(sources + a.first_source, channels, 0, share.end_group * a.in_channels);

    /* What lies outside the batch is never written, but loaded before it is masked. */
    clear(space.line, a.stride * a.stride * a.line);
    clear(dy, a.tile * a.lanes);

    for (int first = 0; first < run.pixels; first += a.tile) {
        const struct tile tile = tile_at(run, first, a.tile);
        mark_pixels(space, tile, 0, a);
        for (int group = share.first_group; group < share.end_group; ++group) {
            const int in0 = group * a.in_channels;
            const int out0 = group * a.out_channels + a.first_out;
            __global float *to = weight_partials +
                                 ((size_t)get_global_id(0) * a.groups + group) * rows * a.lanes;

            for (int k = 0; k < a.outs; ++k) {
                const size_t at =
                    (size_t)(a.out_first_channel + out0 + k) * a.out_pitch + tile.pixel;
                struct fg_coefficients f = {0.0f, 0.0f, 0.0f, 0.0f};
                if (a.finish)
                    f = coefficients[out0 + k];
                pack_gradient(packed + k * a.tile, out_gradient + at, out + at, f, out0 + k,
                              none, tile, a);
            }
            transpose_gradient(dy, nothing, packed, tile, a);
            struct ahead ahead = ahead_of(out_gradient, out, out_gradient,
                                          (size_t)(a.out_first_channel + out0) * a.out_pitch +
                                              tile.pixel + tile.pixels,
                                          tile, rows, a);
            for (int r = 0; r < rows; r += TILE_CHANNELS) {
                const int count = min(TILE_CHANNELS, rows - r);
                list = list_rows(list, in0, r, count, a);
                pack_inputs(block, in, list, affine, in0, space, tile, r, count, a);
                clear(block + count * a.tile, (TILE_CHANNELS - count) * a.tile);
                multiply_weights(to + (size_t)r * a.lanes, first == 0, block,
                                 walk_pixels(dy, tile, a), a.lanes, count, tile.pixels, &ahead,
                                 a);
            }
        }
    }
}
