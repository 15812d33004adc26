/* pool.cl - mean of 2x2 pixels at stride 2; an odd last row or column is dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "batchnorm.h"
#include "pool.h"

/* Input pixel of the batch that is the upper left of output pixel p's four. */
static inline int corner(int p, struct fg_pool_args a)
{
    const int pixels = a.chunks.height * a.chunks.width;
    const int row = p % pixels / a.chunks.width;
    const int column = p % a.chunks.width;
    return (p / pixels * a.in_height + 2 * row) * a.in_width + 2 * column;
}

/* out[k][n][y][x] = mean over i, j in 0..1 of in[k][n][2y + i][2x + j]
 *
 * in        [channels][in_pitch]
 * out       [..][out_pitch], from out_first_channel on
 * partials  [chunks][channels][2][FG_LANES], as conv_forward's; lanes start anew in every chunk
 * grid      x = chunk of the output */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
pool_forward(__global const float *restrict in, __global float *restrict out,
             __global float *restrict partials, const struct fg_pool_args a)
{
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int pixels = chunk.images * chunk.pixels;
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (int k = 0; k < a.channels; ++k) {
        __global const float *x = in + (size_t)k * a.in_pitch;
        __global float *y = out + (size_t)(a.out_first_channel + k) * a.out_pitch + chunk.first;
        float16 mean = 0.0f, squares = 0.0f;
        for (int i = 0; i < pixels; i += FG_LANES) {
            const int count = min(FG_LANES, pixels - i);
            float values[FG_LANES] = {0};
            for (int l = 0; l < count; ++l) {
                __global const float *from = x + corner(chunk.first + i + l, a);
                values[l] = 0.25f * ((from[0] + from[1]) + (from[a.in_width] + from[a.in_width + 1]));
                y[i + l] = values[l];
            }
            const float16 v = vload16(0, values);
            const float16 off = v - mean;
            const float16 m = fma(off, (float16)(1.0f / (i / FG_LANES + 1)), mean);
            squares = select(squares, fma(off, v - m, squares), lane < count);
            mean = select(mean, m, lane < count);
        }
        if (a.statistics) {
            __global float *p = partials + ((size_t)get_global_id(0) * a.channels + k) * 2 * FG_LANES;
            vstore16(mean, 0, p);
            vstore16(squares, 1, p);
        }
    }
}

/* in_gradient[k][n][2y + i][2x + j] = dy[k][n][y][x] / 4, with dy = G + q (y - mean) + c; 0 for what is
 * dropped
 *
 * grid: x = channel */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
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
