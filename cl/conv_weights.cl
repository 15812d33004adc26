/* conv_weights.cl - a convolution's weights in the order in which its kernels read them, and
 * its weight gradients back in the order of the parameters.
 *
 * SPDX-License-Identifier: MIT
 */
#include "conv.h"

/* packed[tile][in][tap][i] = weights[tile * tile_channels + i][in][tap], and for backward
 * packed[tile][k][tap][i] = weights[first_out + k][tile * tile_channels + i][taps - 1 - tap];
 * zero beyond the last channel.
 * grid: x = tile */
__kernel FG_ONE_WORK_ITEM void conv_weights_pack(__global float *restrict packed,
                                                 __global const float *restrict parameters,
                                                 const struct fg_conv_weights_args a)
{
    __global const float *weights = parameters + a.first_weight;
    const int first = get_global_id(0) * a.tile_channels;
    if (!a.backward) {
        packed += (size_t)first * a.in_channels * a.taps;
        for (int c = 0; c < a.in_channels * a.taps; ++c)
            for (int i = 0; i < a.tile_channels; ++i)
                *packed++ = first + i < a.out_channels
                                ? weights[(size_t)(first + i) * a.in_channels * a.taps + c]
                                : 0.0f;
        return;
    }
    packed += (size_t)first * a.outs * a.taps;
    for (int k = a.first_out; k < a.first_out + a.outs; ++k)
        for (int tap = a.taps - 1; tap >= 0; --tap)
            for (int i = 0; i < a.tile_channels; ++i)
                *packed++ =
                    first + i < a.in_channels
                        ? weights[((size_t)k * a.in_channels + first + i) * a.taps + tap]
                        : 0.0f;
}

/* gradients[k][c][tap] = sum over chunks, in order, of partials[chunk][c][tap * outs + k -
 * first_out] grid: x = some work-items, which share the input channels */
__kernel FG_ONE_WORK_ITEM void conv_weights_merge(__global float *restrict gradients,
                                                  __global const float *restrict partials,
                                                  const struct fg_conv_weights_args a)
{
    const size_t chunk = (size_t)a.in_channels * a.lanes;
    gradients += a.first_weight;
    for (int c = get_global_id(0); c < a.in_channels; c += get_global_size(0))
        for (int l = 0; l < a.taps * a.outs; l += FG_LANES) {
            __global const float *p = partials + (size_t)c * a.lanes + l;
            float16 sum = vload16(0, p);
            for (int i = 1; i < a.chunks; ++i)
                sum += vload16(0, p + i * chunk);
            float values[FG_LANES];
            vstore16(sum, 0, values);
            for (int i = 0; i < FG_LANES && l + i < a.taps * a.outs; ++i) {
                const int tap = (l + i) / a.outs;
                const int k = a.first_out + (l + i) % a.outs;
                gradients[((size_t)k * a.in_channels + c) * a.taps + tap] = values[i];
            }
        }
}
