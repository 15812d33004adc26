/* sum.h - the sum of terms in double precision.
 *
 * Norm and ReLU before it are ref/reader.h: what is added up here is the concatenation that it
 * makes of the terms.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_SUM_H
#define FG_TESTS_REF_SUM_H

#include "cl/sources.h"

typedef struct fg_ref_sum {
    const struct fg_source *terms;
    int count;
    int images;
    int height, width; /* of the terms; the output's are (side - 1) / stride + 1 */
    int stride;
} fg_ref_sum;

/* out[k][n][y][x] += sum over terms with more than k channels of
 * a[the term's first channel + k][n][stride * y][stride * x]
 *
 * out  [channels][images][height of the output][width of the output]
 * a    [channels of all terms][images][height][width] */
void fg_ref_sum_forward(double *out, const fg_ref_sum *sum, const double *a);

/* grad_a at the pixels that were read; it is not touched elsewhere. */
void fg_ref_sum_backward(double *grad_a, const fg_ref_sum *sum, const double *grad_out);

#endif
