/* pool.h - mean of 2x2 pixels at stride 2, in double precision; an odd last row or column is
 * dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_POOL_H
#define FG_TESTS_REF_POOL_H

typedef struct fg_ref_pool {
    int channels, images;
    int height, width; /* of the input */
} fg_ref_pool;

/* out  [channels][images][height / 2][width / 2]
 * in   [channels][images][height][width] */
void fg_ref_pool_forward(double *out, const fg_ref_pool *pool, const double *in);
void fg_ref_pool_backward(double *grad_in, const fg_ref_pool *pool, const double *grad_out);

#endif
