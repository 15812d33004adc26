/* pool.c - mean of 2x2 pixels at stride 2, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/pool.h"

void fg_ref_pool_forward(double *out_values, const fg_ref_pool *pool, const double *in_values)
{
    const double(*in)[pool->height][pool->width] = (const void *)in_values;

    for (int n = 0; n < pool->channels * pool->images; ++n)
        for (int y = 0; y < pool->height / 2; ++y)
            for (int x = 0; x < pool->width / 2; ++x)
                *out_values++ = (in[n][2 * y][2 * x] + in[n][2 * y][2 * x + 1] +
                                 in[n][2 * y + 1][2 * x] + in[n][2 * y + 1][2 * x + 1]) /
                                4.0;
}

void fg_ref_pool_backward(double *grad_in_values, const fg_ref_pool *pool,
                          const double *grad_out_values)
{
    const int height = pool->height / 2, width = pool->width / 2;
    double(*grad_in)[pool->height][pool->width] = (void *)grad_in_values;
    const double(*grad_out)[height][width] = (const void *)grad_out_values;

    for (int n = 0; n < pool->channels * pool->images; ++n)
        for (int y = 0; y < pool->height; ++y)
            for (int x = 0; x < pool->width; ++x)
                grad_in[n][y][x] =
                    y / 2 < height && x / 2 < width ? grad_out[n][y / 2][x / 2] / 4.0 : 0.0;
}
