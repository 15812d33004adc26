/* conv_phases.cl - convolution of any odd side, at stride 1 or 2: the gradient of its input.
 *
 *     da[c][Y][X] = sum over k, i, j of weights[k][c][i][j] * dy[k][y][x]
 *                   with y * stride = Y + side / 2 - i and x * stride = X + side / 2 - j
 *
 * and from da on as in conv.cl. Pixels (Y, X) of one phase, (Y % stride, X % stride), are reached
 * by the same taps, and are a map as large as the output: in it the sum is a convolution at
 * stride 1 with these taps, and nothing is multiplied with zeros.
 *
 * Chunks are those of the input. Lanes of the norm's sums begin anew in each row; rows of
 * phase 0 come first, then those of phase 1.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef IN_PLACE
#define IN_PLACE 0 /* 1: input and output are channels of one map; stride 1 */
#endif

#define SIDE 1 /* of what is left to multiply: see conv_gather.h */

#include "conv_gather.h"
#include "conv_multiply.h"
#include "conv_store.h"

/* Taps of one direction that reach a phase. */
struct phase {
    int number;
    int first; /* tap, */
    int taps;  /* a stride apart */
};

INLINE struct phase phase_of(int number, const struct fg_conv_args a)
{
    struct phase phase;
    phase.number = number;
    phase.first = fg_conv_first_tap(number, a.side, a.stride);
    phase.taps = fg_conv_phase_taps(number, a.side, a.stride);
    return phase;
}

/* Rows of the output's map that stand for the chunk's rows of a phase, through the batch. */
INLINE struct span rows_of(struct fg_chunk chunk, int phase, const struct fg_conv_args a)
{
    const int before = a.stride - 1 - phase;
    const int image = chunk.first / (a.in_height * a.in_width);
    const int row = (chunk.row + before) / a.stride;
    struct span span;
    span.first = 0;
    span.from = image * a.out_height + row;
    span.to = chunk.images > 1
                  ? (image + chunk.images) * a.out_height
                  : image * a.out_height + (chunk.row + chunk.rows + before) / a.stride;
    return span;
}

/* Packs rows first .. first + count - 1 of the outputs' gradient, in order: row = k * taps + tap, with the taps of a phase.
 * first_channel: of the group, of all outputs */
INLINE void pack_gradients(__local float *packed, __global const float *g,
                           __global const float *y,
                           __global const struct fg_coefficients *coefficients,
                           int first_channel, struct gather_space space, struct tile tile,
                           struct phase rows, struct phase columns, int first, int count,
                           const struct fg_conv_args a)
{
    const struct span span = span_of(tile, a);
    const int taps = rows.taps * columns.taps;

    for (int r = first; r < first + count; ++r, packed += a.tile) {
        const int k = first_channel + r / taps;
        const int i = rows.first + r % taps / columns.taps * a.stride;
        const int j = columns.first + r % columns.taps * a.stride;
        if (r % taps == 0) {
            struct fg_coefficients f = {0.0f, 0.0f, 0.0f, 0.0f};
            if (a.finish)
                f = coefficients[k];
            const size_t at = (size_t)(a.out_first_channel + k) * a.out_pitch;
            load_gradient(space.line, g + at, y + at, f, k, span, a);
        }
        gather_row(packed,
                   space.line + tile.pixel - span.first + offset_back(i, a) * a.out_width +
                       offset_back(j, a),
                   i, j, space, tile.vectors, a);
    }
}

/* A row of da, made of those of its phases, which lie `phase` floats apart. */
INLINE void join_phases(__local float *row, __local const float *from, int phase,
                        const struct fg_conv_args a)
{
    for (int i = 0; i < a.out_width; i += FG_LANES) {
        const float16 l = load16(0, from + i);
        if (a.stride == 1) {
            store16(l, 0, row + i);
        } else {
            const float16 r = load16(0, from + phase + i);
            store16((float16)(l.s0, r.s0, l.s1, r.s1, l.s2, r.s2, l.s3, r.s3, l.s4, r.s4, l.s5,
                              r.s5, l.s6, r.s6, l.s7, r.s7),
                    0, row + 2 * i);
            store16((float16)(l.s8, r.s8, l.s9, r.s9, l.sa, r.sa, l.sb, r.sb, l.sc, r.sc, l.sd,
                              r.sd, l.se, r.se, l.sf, r.sf),
                    1, row + 2 * i);
        }
    }
}

/* weights        packed: [groups][phases][in_channels / TILE_CHANNELS][out_channels]
 *                [taps of the phase][TILE_CHANNELS]
 * norm_partials  [chunks][groups][in_channels][2][FG_LANES]: d_beta, d_gamma
 * grid           x = chunk, y = groups, or block of `outs` input channels of a group */
__kernel FG_ONE_WORK_ITEM void
conv_phases_backward_data(__global const float *in,
#if !IN_PLACE
                          __global const float *restrict out,
#endif
                          __global float *in_gradient,
#if !IN_PLACE
                          __global const float *restrict out_gradient,
#endif
                          __global const struct fg_source *restrict sources,
                          __global const struct fg_affine *restrict affine,
                          __global const struct fg_coefficients *restrict coefficients,
                          __global const float *restrict weights,
                          __global float *restrict norm_partials, __local float *packed,
                          __local float *results, __local int *channels,
                          const struct fg_conv_args a)
{
#if IN_PLACE
    __global const float *out = in;
    __global const float *out_gradient = in_gradient;
#endif
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const struct share share = share_at(get_global_id(1), a.in_channels, a);
    const int first_in = share.first_group * a.in_channels + share.first;
    const int end_in = (share.end_group - 1) * a.in_channels + share.first + share.count;
    const int padded = (a.in_channels + TILE_CHANNELS - 1) / TILE_CHANNELS * TILE_CHANNELS;
    const int result = (a.outs + TILE_CHANNELS) * a.tile; /* floats of a phase */
    const int tile_rows = a.tile / a.out_width;
    __local int *adds = channels + a.listed;
    __local float *row = results + a.stride * result;
    const struct gather_space space =
        gather_space_of(row + a.stride * (a.out_width + FG_LANES), adds + a.listed, a);
    const struct list list =
        list_channels(list_of(sources + a.first_source, channels, adds, end_in), first_in,
                      end_in - first_in, a.listed);

    /* What lies outside the batch is never written, but loaded before it is masked. */
    clear(space.line, a.line);
    norm_partials += (size_t)get_global_id(0) * a.groups * a.in_channels * 2 * FG_LANES;
    for (int group = share.first_group; a.norm && group < share.end_group; ++group)
        for (int i = 0; i < share.count * 2; ++i)
            store16((float16)(0.0f), (group * a.in_channels + share.first) * 2 + i,
                    norm_partials);

    for (int row_phase = 0; row_phase < a.stride; ++row_phase) {
        const struct span chunk_rows = rows_of(chunk, row_phase, a);
        const struct phase rows = phase_of(row_phase, a);
        for (int t = chunk_rows.from; t < chunk_rows.to; t += tile_rows) {
            const struct run run = {t * a.out_width, (chunk_rows.to - t) * a.out_width, 0};
            const struct tile tile = tile_at(run, 0, tile_rows * a.out_width);
            mark_pixels(space, tile, 1, a);
            for (int group = share.first_group; group < share.end_group; ++group) {
                __global const float *w =
                    weights + ((size_t)group * a.side * a.side +
                               (row_phase > 0 ? phase_of(0, a).taps * a.side : 0)) *
                                  padded * a.out_channels;

                for (int column_phase = 0; column_phase < a.stride; ++column_phase) {
                    const struct phase columns = phase_of(column_phase, a);
                    const int reading = a.out_channels * rows.taps * columns.taps;
                    __local float *to = results + column_phase * result;
                    const struct next none = {in, list, 0, 0};
                    const struct outputs kept = {0, 0, 0, 0, 0, 0};

                    for (int r = 0; r < reading; r += a.block) {
                        const int block = min(a.block, reading - r);
                        pack_gradients(packed, out_gradient, out, coefficients,
                                       group * a.out_channels, space, tile, rows, columns, r,
                                       block, a);
                        multiply_forward(kept, to, packed, w + (size_t)share.first * reading, w,
                                         tile, share.count, reading, r, block, none, a);
                    }
                    w += (size_t)padded * reading;
                }
                for (int c = 0; c < share.count; ++c) {
                    const int channel = group * a.in_channels + share.first + c;
                    for (int n = 0; n < tile.pixels / a.out_width; ++n) {
                        const int y = (t + n) % a.out_height * a.stride + row_phase;
                        const int pixel =
                            ((t + n) / a.out_height * a.in_height + y) * a.in_width;
                        const size_t at = (size_t)place_of(list, channel) * a.in_pitch + pixel;
                        const size_t ahead =
                            (size_t)nearest_place(list, channel + 2) * a.in_pitch + pixel;
                        if (y >= a.in_height)
                            continue;
                        for (int i = 0; i < a.in_width; i += FG_LANES) {
                            FG_PREFETCH(in + ahead + i);
                            FG_PREFETCH(in_gradient + ahead + i);
                        }
                        join_phases(row, results + c * a.tile + n * a.out_width, result, a);
                        add_gradient(in_gradient + at, adds[channel - list.first],
                                     norm_partials + channel * 2 * FG_LANES, 0, row, in + at,
                                     affine[channel], channel, pixel, a.in_width, a);
                    }
                }
            }
        }
    }
}
