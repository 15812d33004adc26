/* tile.cl - what a foreign library multiplies: a convolution's input as a matrix.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lanes.h"
#include "sources.h"
#include "tile.h"

/* Part of a row of the matrix: floats lo .. hi - 1 of `end` are made of from[i * stride], those
 * before and behind them are 0. What a vector stores past its part is overwritten by the next. */
INLINE void fill_part(__global float *to, __global const float *from, int lo, int hi, int end,
                      int room, struct fg_affine f, const struct fg_tile_args a)
{
    for (int i = 0; i < lo; i += FG_LANES)
        lanes_store_first(to + i, (float16)(0.0f), room - i);
    for (int i = lo; i < hi; i += FG_LANES) {
        float16 x;
        if (a.stride == 1) {
            x = vload16(0, from + i);
        } else {
            float values[FG_LANES];
            for (int j = 0; j < FG_LANES; ++j)
                values[j] = from[min(i + j, hi - 1) * a.stride];
            x = vload16(0, values);
        }
        lanes_store_first(to + i, lanes_activate(x, f, a.floor), room - i);
    }
    for (int i = hi; i < end; i += FG_LANES)
        lanes_store_first(to + i, (float16)(0.0f), room - i);
}

/* tile[c][tap][p] = max(scale[c] * in[c][q] + shift[c], floor), where q is the pixel that the tap
 * reads for pixel first_pixel + p of the output; 0 where there is none
 *
 * in    [..][in_pitch]
 * tile  [channels][side * side][pixels]
 * grid  x = channel, y = tap */
__kernel FG_ONE_WORK_ITEM void tile_forward(__global float *restrict tile,
                                            __global const float *restrict in,
                                            __global const struct fg_source *restrict sources,
                                            __global const struct fg_affine *restrict affine,
                                            const struct fg_tile_args a)
{
    const int c = get_global_id(0), tap = get_global_id(1);
    const int down = tap / a.side - a.side / 2, right = tap % a.side - a.side / 2;
    __global const float *from =
        in + (size_t)fg_sources_channel(sources + a.first_source, a.first + c) * a.in_pitch;
    __global float *to = tile + ((size_t)c * a.side * a.side + tap) * a.pixels;
    const struct fg_affine f = affine[a.first + c];

    if (a.side == 1 && a.stride == 1) {
        fill_part(to, from + a.first_pixel, 0, a.pixels, a.pixels, a.pixels, f, a);
        return;
    }
    for (int p = 0; p < a.pixels;) {
        const int at = a.first_pixel + p;
        const int column = at % a.out_width, row = at / a.out_width % a.out_height;
        const int image = at / (a.out_width * a.out_height);
        const int count = min(a.out_width - column, a.pixels - p);
        const int y = row * a.stride + down, x = column * a.stride + right;
        /* Of the part's pixels, the first that reads a column of the image, and the one behind
         * the last. */
        const int lo = min(x < 0 ? (-x + a.stride - 1) / a.stride : 0, count);
        const int hi = x < a.in_width ? min((a.in_width - 1 - x) / a.stride + 1, count) : 0;
        if (y < 0 || y >= a.in_height || hi <= lo)
            fill_part(to + p, from, 0, 0, count, a.pixels - p, f, a);
        else
            fill_part(to + p, from + (image * a.in_height + y) * a.in_width + x, lo, hi, count,
                      a.pixels - p, f, a);
        p += count;
    }
}

/* out[k][p] = bias[k], for a library that adds to it
 *
 * out   [..][pitch], from first_channel on
 * grid  x = channel */
__kernel FG_ONE_WORK_ITEM void tile_bias(__global float *restrict out,
                                         __global const float *restrict parameters,
                                         const struct fg_tile_bias_args a)
{
    const int k = get_global_id(0);
    __global float *to = out + (size_t)(a.first_channel + k) * a.pitch;

    for (int p = 0; p < a.pixels; p += FG_LANES)
        lanes_store_first(to + p, (float16)(parameters[a.bias + k]), a.pixels - p);
}
