/* max_pool.c - maximum of 3x3 pixels at stride 2 with padding 1, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/max_pool.h"

#include <stddef.h>
#include <string.h>

/* Pixel of an image that is the first maximum of its window in row y and column x. */
static int winner(const fg_ref_max_pool *pool, const double *image, int y, int x)
{
    int best = -1;

    for (int row = 2 * y - 1; row <= 2 * y + 1; ++row)
        for (int column = 2 * x - 1; column <= 2 * x + 1; ++column) {
            const int pixel = row * pool->width + column;
            if (row < 0 || row >= pool->height || column < 0 || column >= pool->width)
                continue;
            if (best < 0 || image[pixel] > image[best])
                best = pixel;
        }
    return best;
}

void fg_ref_max_pool_forward(double *out, const fg_ref_max_pool *pool, const double *in)
{
    const int pixels = pool->height * pool->width;

    for (int n = 0; n < pool->channels * pool->images; ++n, in += pixels)
        for (int y = 0; y < (pool->height + 1) / 2; ++y)
            for (int x = 0; x < (pool->width + 1) / 2; ++x)
                *out++ = in[winner(pool, in, y, x)];
}

void fg_ref_max_pool_backward(double *grad_in, const fg_ref_max_pool *pool, const double *in,
                              const double *grad_out)
{
    const int pixels = pool->height * pool->width;
    const int count = pool->channels * pool->images;

    memset(grad_in, 0, (size_t)count * (size_t)pixels * sizeof *grad_in);
    for (int n = 0; n < count; ++n, in += pixels, grad_in += pixels)
        for (int y = 0; y < (pool->height + 1) / 2; ++y)
            for (int x = 0; x < (pool->width + 1) / 2; ++x)
                grad_in[winner(pool, in, y, x)] += *grad_out++;
}
