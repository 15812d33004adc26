/* head_pool.cl - the mean over each cell of a grid, behind norm and ReLU, read from sources in
 * place.
 *
 * SPDX-License-Identifier: MIT
 */
#include "batchnorm.h"
#include "pool.h"
#include "sources.h"

/* out[(c*grid + i)*grid + j][n] = mean over the cell of max(scale[c]*in[c][n][y][x] + shift[c],
 * floor)
 *
 * in    [channels][in_pitch], through sources
 * out   [in_channels*grid*grid][out_pitch]
 * grid  x = channel of the concatenation */
__kernel FG_ONE_WORK_ITEM void
head_pool_forward(__global const float *restrict in, __global float *restrict out,
                  __global const struct fg_source *restrict sources,
                  __global const struct fg_affine *restrict affine,
                  const struct fg_head_pool_args a)
{
    const int c = get_global_id(0);
    const struct fg_affine f = affine[c];
    const int width = a.chunks.width;
    const float share = 1.0f / (float)(a.cell * a.cell);
    in += (size_t)fg_sources_channel(sources + a.first_source, c) * a.in_pitch;
    out += (size_t)c * a.grid * a.grid * a.out_pitch;
    for (int n = 0; n < a.chunks.images; ++n)
        for (int i = 0; i < a.grid; ++i)
            for (int j = 0; j < a.grid; ++j) {
                __global const float *x =
                    in + (n * a.chunks.height + i * a.cell) * width + j * a.cell;
                float sum = 0.0f;
                for (int row = 0; row < a.cell; ++row)
                    for (int column = 0; column < a.cell; ++column) {
                        const float z = fma(x[row * width + column], f.scale, f.shift);
                        sum += z <= a.floor ? a.floor : z; /* NaN stays NaN, unlike in fmax */
                    }
                out[(size_t)(i * a.grid + j) * a.out_pitch + n] = sum * share;
            }
}

/* With z = scale*x + shift, d = z > floor ? cell gradient : 0:
 * G = or += scale*d, d_beta = sum of d, d_gamma = sum of d (x - mean) / sigma.
 *
 * partials  [chunks][in_channels][2][FG_LANES], of norms; lane = pixel of the chunk % FG_LANES
 * grid      x = chunk of the input */
__kernel FG_ONE_WORK_ITEM void
head_pool_backward(__global const float *restrict in, __global float *restrict in_gradient,
                   __global const float *restrict out_gradient,
                   __global const struct fg_source *restrict sources,
                   __global const struct fg_affine *restrict affine,
                   __global float *restrict partials, const struct fg_head_pool_args a)
{
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int image = chunk.first / (a.chunks.height * a.chunks.width);
    const float share = 1.0f / (float)(a.cell * a.cell);
    for (int c = 0; c < a.in_channels; ++c) {
        const struct fg_affine f = affine[c];
        const struct fg_source source = fg_sources_at(sources + a.first_source, c);
        const size_t channel = source.first_channel;
        const int adds = source.adds & FG_ADDS_GRADIENT;
        __global const float *x = in + channel * a.in_pitch + chunk.first;
        __global float *g = in_gradient + channel * a.in_pitch + chunk.first;
        __global const float *dy = out_gradient + (size_t)c * a.grid * a.grid * a.out_pitch;
        float d_beta[FG_LANES] = {0}, d_gamma[FG_LANES] = {0};
        int i = 0;
        for (int n = image; n < image + chunk.images; ++n)
            for (int row = chunk.row; row < chunk.row + chunk.rows; ++row)
                for (int first = 0; first < a.chunks.width; first += a.cell) {
                    const int cell_row = row / a.cell, cell_column = first / a.cell;
                    const int last = min(first + a.cell, a.chunks.width);
                    float gradient = 0.0f; /* outside the grid */
                    if (cell_row < a.grid && cell_column < a.grid)
                        gradient =
                            share *
                            dy[(size_t)(cell_row * a.grid + cell_column) * a.out_pitch + n];
                    for (int column = first; column < last; ++column, ++i) {
                        const float d =
                            fma(x[i], f.scale, f.shift) <= a.floor ? 0.0f : gradient;
                        const int lane = i % FG_LANES;
                        d_beta[lane] += d;
                        d_gamma[lane] = fma(d, (x[i] - f.mean) * f.inverse, d_gamma[lane]);
                        g[i] = adds ? g[i] + f.scale * d : f.scale * d;
                    }
                }
        if (!a.norm)
            continue;
        __global float *to =
            partials + ((size_t)get_global_id(0) * a.in_channels + c) * 2 * FG_LANES;
        for (int l = 0; l < FG_LANES; ++l) {
            to[l] = d_beta[l];
            to[FG_LANES + l] = d_gamma[l];
        }
    }
}
