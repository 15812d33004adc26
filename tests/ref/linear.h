/* linear.h - fully connected layer, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_LINEAR_H
#define FG_TESTS_REF_LINEAR_H

typedef struct fg_ref_linear {
    int in_channels, out_channels, images;
} fg_ref_linear;

/* out[k][n] = bias[k] + sum over c of weights[k][c] * in[c][n] */
void fg_ref_linear_forward(double *out, const fg_ref_linear *linear, const double *in,
                           const double *weights, const double *bias);

/* grad_bias[k] = sum over n of grad_out[k][n] */
void fg_ref_linear_backward_bias(double *grad_bias, const fg_ref_linear *linear,
                                 const double *grad_out);

#endif
