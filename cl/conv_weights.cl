/* conv_weights.cl - a convolution's weights in the order in which its kernels read them, and
 * its weight gradients back in the order of the parameters.
 *
 * SPDX-License-Identifier: MIT
 */
#include "conv.h"
#include "vectors.h"

/* One tile of a group, from channel `first` of the tile's side on. weights: of the group. */
static inline void pack_forward(__global float *packed, __global const float *weights,
                                int first, const struct fg_conv_weights_args a)
{
    const int rows = a.in_channels * a.side * a.side;

    for (int c = 0; c < rows; ++c)
        for (int i = 0; i < a.tile_channels; ++i)
            *packed++ =
                first + i < a.out_channels ? weights[(size_t)(first + i) * rows + c] : 0.0f;
}

static inline void pack_backward(__global float *packed, __global const float *weights,
                                 int first, const struct fg_conv_weights_args a)
{
    for (int phase = 0; phase < fg_conv_phases(a.side, a.stride); ++phase) {
        const int first_i = fg_conv_first_tap(phase / a.stride, a.side, a.stride);
        const int first_j = fg_conv_first_tap(phase % a.stride, a.side, a.stride);
        const int last_i = a.side - 1 - (a.side - 1 - first_i) % a.stride;
        const int last_j = a.side - 1 - (a.side - 1 - first_j) % a.stride;

        for (int k = a.first_out; k < a.first_out + a.outs; ++k)
            for (int i = last_i; i >= first_i; i -= a.stride)
                for (int j = last_j; j >= first_j; j -= a.stride)
                    for (int c = first; c < first + a.tile_channels; ++c)
                        *packed++ =
                            c < a.in_channels
                                ? weights[(((size_t)k * a.in_channels + c) * a.side + i) *
                                              a.side +
                                          j]
                                : 0.0f;
    }
}

/* packed: of the group; in_padded: its input channels in whole tiles */
static inline void pack_phases(__global float *packed, __global const float *weights, int first,
                               int in_padded, const struct fg_conv_weights_args a)
{
    for (int phase = 0; phase < a.stride * a.stride; ++phase) {
        const int first_i = fg_conv_first_tap(phase / a.stride, a.side, a.stride);
        const int first_j = fg_conv_first_tap(phase % a.stride, a.side, a.stride);
        const int rows = a.outs * fg_conv_phase_taps(phase / a.stride, a.side, a.stride) *
                         fg_conv_phase_taps(phase % a.stride, a.side, a.stride);
        __global float *to = packed + (size_t)first * rows;

        for (int k = 0; k < a.outs; ++k)
            for (int i = first_i; i < a.side; i += a.stride)
                for (int j = first_j; j < a.side; j += a.stride)
                    for (int c = first; c < first + a.tile_channels; ++c)
                        *to++ = c < a.in_channels
                                    ? weights[(((size_t)k * a.in_channels + c) * a.side + i) *
                                                  a.side +
                                              j]
                                    : 0.0f;
        packed += (size_t)in_padded * rows;
    }
}

/* With weights[k][c][tap] those of a group, zero beyond its last channel:
 *     forward   packed[group][tile][c][tap][i] = weights[tile * tile_channels + i][c][tap]
 *     backward  packed[group][tile][phase][k][taps of the phase, the last first][i] =
 *                   weights[first_out + k][tile * tile_channels + i][tap]
 *     phases    packed[group][phase][tile][k][taps of the phase][i] =
 *                   weights[k][tile * tile_channels + i][tap]
 * grid: x = tile, y = group */
__kernel FG_ONE_WORK_ITEM void conv_weights_pack(__global float *restrict packed,
                                                 __global const float *restrict parameters,
                                                 const struct fg_conv_weights_args a)
{
    const int taps = a.side * a.side, group = get_global_id(1);
    const int padded = get_global_size(0) * a.tile_channels;
    const int first = get_global_id(0) * a.tile_channels;
    __global const float *weights =
        parameters + a.first_weight + (size_t)group * a.out_channels * a.in_channels * taps;

    packed += (size_t)group * padded * taps *
              (a.order == FG_CONV_ORDER_FORWARD ? a.in_channels : a.outs);
    if (a.order == FG_CONV_ORDER_FORWARD)
        pack_forward(packed + (size_t)first * a.in_channels * taps, weights, first, a);
    else if (a.order == FG_CONV_ORDER_BACKWARD)
        pack_backward(packed + (size_t)first * a.outs * taps, weights, first, a);
    else
        pack_phases(packed, weights, first, padded, a);
}

/* gradients[k][c][tap] = sum over chunks, in order, of
 *     partials[chunk][input channel][phase][index * outs + k - first_out],
 * k and c of a group, tap the index-th of its phase: fg_conv_tap
 * grid: x = some work-items, which share the input channels of all groups */
__kernel FG_ONE_WORK_ITEM void conv_weights_merge(__global float *restrict gradients,
                                                  __global const float *restrict partials,
                                                  const struct fg_conv_weights_args a)
{
    const int taps = a.side * a.side, channels = a.groups * a.in_channels;
    const size_t chunk = (size_t)channels * a.lanes;
    gradients += a.first_weight;
    for (int in = get_global_id(0); in < channels; in += get_global_size(0)) {
        const int c = in % a.in_channels;
        const int first_out = in / a.in_channels * a.out_channels + a.first_out;
        __global const float *phase_partials = partials + (size_t)in * a.lanes;
        for (int phase = 0; phase < fg_conv_phases(a.side, a.stride); ++phase) {
            const int lanes = fg_conv_taps_of(phase, a.side, a.stride) * a.outs;
            for (int l = 0; l < lanes; l += FG_LANES) {
                __global const float *p = phase_partials + l;
                float16 sum = load16(0, p);
                for (int i = 1; i < a.chunks; ++i)
                    sum += load16(0, p + i * chunk);
                float values[FG_LANES];
                store16(sum, 0, values);
                for (int i = 0; i < FG_LANES && l + i < lanes; ++i) {
                    const int tap = fg_conv_tap(phase, (l + i) / a.outs, a.side, a.stride);
                    const int k = first_out + (l + i) % a.outs;
                    gradients[((size_t)k * a.in_channels + c) * taps + tap] = values[i];
                }
            }
            phase_partials += (lanes + a.lane_unit - 1) / a.lane_unit * a.lane_unit;
        }
    }
}
