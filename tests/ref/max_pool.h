/* max_pool.h - maximum of 3x3 pixels at stride 2 with padding 1, in double precision.
 *
 * Norm and ReLU before it are ref/reader.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_MAX_POOL_H
#define FG_TESTS_REF_MAX_POOL_H

typedef struct fg_ref_max_pool {
    int channels, images;
    int height, width; /* of the input; the output's are (side + 1) / 2 */
} fg_ref_max_pool;

/* in   [channels][images][height][width]
 * out  [channels][images][(height + 1) / 2][(width + 1) / 2] */
void fg_ref_max_pool_forward(double *out, const fg_ref_max_pool *pool, const double *in);

/* A window's gradient goes to its first maximum, row by row. */
void fg_ref_max_pool_backward(double *grad_in, const fg_ref_max_pool *pool, const double *in,
                              const double *grad_out);

#endif
