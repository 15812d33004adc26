/* pool.cl - mean of 2x2 pixels at stride 2; an odd last row or column is dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lanes.h"
#include "pool.h"

/* out[k][n][y][x] = mean over i, j in 0..1 of in[k][n][2y + i][2x + j]
 *
 * in        [channels][in_pitch]
 * out       [..][out_pitch], from out_first_channel on
 * partials  [chunks][channels][2][FG_LANES]: see lanes.h
 * grid      x = chunk of the output */
__kernel FG_ONE_WORK_ITEM void pool_forward(__global const float *restrict in,
                                            __global float *restrict out,
                                            __global float *restrict partials,
                                            const struct fg_pool_args a)
{
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int image = chunk.first / (a.chunks.height * a.chunks.width);
    for (int k = 0; k < a.channels; ++k) {
        __global float *y = out + (size_t)(a.out_first_channel + k) * a.out_pitch + chunk.first;
        struct lanes lanes = lanes_none();
        float values[FG_LANES];
        int lane = 0;
        for (int n = image; n < image + chunk.images; ++n) {
            __global const float *x =
                in + (size_t)k * a.in_pitch + (n * a.in_height + 2 * chunk.row) * a.in_width;
            for (int row = 0; row < chunk.rows; ++row, x += 2 * a.in_width)
                for (int column = 0; column < a.chunks.width; ++column) {
                    __global const float *from = x + 2 * column;
                    const float mean = 0.25f * ((from[0] + from[1]) +
                                                (from[a.in_width] + from[a.in_width + 1]));
                    *y++ = mean;
                    values[lane++] = mean;
                    if (lane == FG_LANES) {
                        lanes_add(&lanes, load16(0, values), FG_LANES);
                        lane = 0;
                    }
                }
        }
        if (!a.statistics)
            continue;
        if (lane > 0) {
            for (int i = lane; i < FG_LANES; ++i)
                values[i] = 0.0f;
            lanes_add(&lanes, load16(0, values), lane);
        }
        lanes_store(partials + ((size_t)get_global_id(0) * a.channels + k) * 2 * FG_LANES,
                    lanes);
    }
}

/* in_gradient[k][n][2y + i][2x + j] = dy[k][n][y][x] / 4, with dy = G + q (y - mean) + c; 0 for
 * what is dropped
 *
 * grid: x = channel */
__kernel FG_ONE_WORK_ITEM void
pool_backward(__global float *restrict in_gradient, __global const float *restrict out,
              __global const float *restrict out_gradient,
              __global const struct fg_coefficients *restrict coefficients,
              const struct fg_pool_args a)
{
    const int k = get_global_id(0);
    const size_t first = (size_t)(a.out_first_channel + k) * a.out_pitch;
    __global float *to = in_gradient + (size_t)k * a.in_pitch;
    const int odd_row = a.in_height > 2 * a.chunks.height;
    const int odd_column = a.in_width > 2 * a.chunks.width;
    int p = 0;
    for (int n = 0; n < a.chunks.images; ++n) {
        for (int row = 0; row < a.chunks.height; ++row, to += 2 * a.in_width) {
            for (int column = 0; column < a.chunks.width; ++column, ++p) {
                float dy = out_gradient[first + p];
                if (a.finish) {
                    const struct fg_coefficients f = coefficients[k];
                    dy = fma(f.q, out[first + p] - f.mean, dy + f.c);
                }
                dy *= 0.25f;
                to[2 * column] = dy;
                to[2 * column + 1] = dy;
                to[a.in_width + 2 * column] = dy;
                to[a.in_width + 2 * column + 1] = dy;
            }
            if (odd_column) {
                to[a.in_width - 1] = 0.0f;
                to[2 * a.in_width - 1] = 0.0f;
            }
        }
        if (odd_row) {
            for (int column = 0; column < a.in_width; ++column)
                to[column] = 0.0f;
            to += a.in_width;
        }
    }
}
