/* head_pool.h - mean over each cell of a grid, in double precision.
 *
 * Norm and ReLU before it are ref/reader.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_HEAD_POOL_H
#define FG_TESTS_REF_HEAD_POOL_H

typedef struct fg_ref_head_pool {
    int channels, images, height, width;
    int grid; /* cells per side; a cell is min(height, width) / grid pixels wide and high */
} fg_ref_head_pool;

/* out[(c*grid + i)*grid + j][n] = mean over the cell in row i and column j of in[c][n]
 *
 * out  [channels*grid*grid][images]
 * in   [channels][images][height][width] */
void fg_ref_head_pool_forward(double *out, const fg_ref_head_pool *pool, const double *in);
void fg_ref_head_pool_backward(double *grad_in, const fg_ref_head_pool *pool,
                               const double *grad_out);

#endif
