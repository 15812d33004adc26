/* head_pool.c - mean over each cell of a grid, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/head_pool.h"

#include <stddef.h>
#include <string.h>

static int cell_of(const fg_ref_head_pool *pool)
{
    return (pool->height < pool->width ? pool->height : pool->width) / pool->grid;
}

void fg_ref_head_pool_forward(double *out_values, const fg_ref_head_pool *pool,
                              const double *in_values)
{
    const int grid = pool->grid, cell = cell_of(pool);
    double(*out)[grid][grid][pool->images] = (void *)out_values;
    const double(*in)[pool->images][pool->height][pool->width] = (const void *)in_values;

    for (int c = 0; c < pool->channels; ++c)
        for (int i = 0; i < grid; ++i)
            for (int j = 0; j < grid; ++j)
                for (int n = 0; n < pool->images; ++n) {
                    double sum = 0.0;
                    for (int y = i * cell; y < (i + 1) * cell; ++y)
                        for (int x = j * cell; x < (j + 1) * cell; ++x)
                            sum += in[c][n][y][x];
                    out[c][i][j][n] = sum / (cell * cell);
                }
}

void fg_ref_head_pool_backward(double *grad_in_values, const fg_ref_head_pool *pool,
                               const double *grad_out_values)
{
    const int grid = pool->grid, cell = cell_of(pool);
    double(*grad_in)[pool->images][pool->height][pool->width] = (void *)grad_in_values;
    const double(*grad_out)[grid][grid][pool->images] = (const void *)grad_out_values;

    memset(grad_in, 0, (size_t)pool->channels * sizeof *grad_in);
    for (int c = 0; c < pool->channels; ++c)
        for (int n = 0; n < pool->images; ++n)
            for (int y = 0; y < grid * cell; ++y)
                for (int x = 0; x < grid * cell; ++x)
                    grad_in[c][n][y][x] = grad_out[c][y / cell][x / cell][n] / (cell * cell);
}
