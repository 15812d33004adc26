/* reader.h - what a reader makes of its sources, in double precision.
 *
 * The reference builds the concatenation that the kernels never do: what follows it, a
 * convolution or a pool, is then a loop over plain arrays.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_READER_H
#define FG_TESTS_REF_READER_H

#include <stdbool.h>

#include "cl/sources.h"

/* Of one channel: scale = gamma * inverse, shift = beta - mean * scale. Without a norm it is
 * 1, 0, 0, 1, and grad_gamma and grad_beta below mean nothing. */
typedef struct fg_ref_affine {
    double scale, shift, mean, inverse;
} fg_ref_affine;

typedef struct fg_ref_reader {
    const struct fg_source *sources;
    const fg_ref_affine *affine; /* [channels] */
    int channels;
    int pixels; /* of a channel: images * height * width */
    bool relu;
} fg_ref_reader;

/* a[c][p] = scale[c] * x[channel(c)][p] + shift[c], and not below 0 with ReLU
 *
 * a  [channels][pixels]
 * x  [channels of the map][pixels] */
void fg_ref_reader_forward(double *a, const fg_ref_reader *reader, const double *x);

/* With d the gradient of what stands before the ReLU:
 *     grad_x[channel(c)] += scale[c] * d[c],  grad_beta[c] = sum of d[c],
 *     grad_gamma[c] = sum of d[c] * (x - mean) * inverse
 * where mean and inverse count as constants. */
void fg_ref_reader_backward(double *grad_x, double *grad_gamma, double *grad_beta,
                            const fg_ref_reader *reader, const double *x, const double *grad_a);

#endif
