/* pool.cl - mean of 2x2 pixels at stride 2; an odd last row or column is dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "batchnorm.h"
#include "pool.h"

/* Mean and sum of squared deviations of each lane: Welford's update. */
struct lanes {
    float16 mean;
    float16 squares;
    int vectors; /* whole ones so far */
};

static inline void add_vector(struct lanes *to, float16 x, int count)
{
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const int16 there = lane < (int16)(count);
    const float16 off = x - to->mean;
    const float16 mean = fma(off, (float16)(1.0f / (float)(to->vectors + 1)), to->mean);
    to->squares = select(to->squares, fma(off, x - mean, to->squares), there);
    to->mean = select(to->mean, mean, there);
    ++to->vectors;
}

/* out[k][n][y][x] = mean over i, j in 0..1 of in[k][n][2y + i][2x + j]
 *
 * in        [channels][in_pitch]
 * out       [..][out_pitch], from out_first_channel on
 * partials  [chunks][channels][2][FG_LANES], as conv_forward's; lanes start anew in every chunk
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
        struct lanes lanes = {(float16)(0.0f), (float16)(0.0f), 0};
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
                        add_vector(&lanes, vload16(0, values), FG_LANES);
                        lane = 0;
                    }
                }
        }
        if (!a.statistics)
            continue;
        if (lane > 0) {
            for (int i = lane; i < FG_LANES; ++i)
                values[i] = 0.0f;
            add_vector(&lanes, vload16(0, values), lane);
        }
        __global float *p =
            partials + ((size_t)get_global_id(0) * a.channels + k) * 2 * FG_LANES;
        vstore16(lanes.mean, 0, p);
        vstore16(lanes.squares, 1, p);
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
