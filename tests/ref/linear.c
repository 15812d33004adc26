/* linear.c - fully connected layer, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/linear.h"

void fg_ref_linear_forward(double *out_values, const fg_ref_linear *linear,
                           const double *in_values, const double *weight_values,
                           const double *bias)
{
    double(*out)[linear->images] = (void *)out_values;
    const double(*in)[linear->images] = (const void *)in_values;
    const double(*weights)[linear->in_channels] = (const void *)weight_values;

    for (int k = 0; k < linear->out_channels; ++k)
        for (int n = 0; n < linear->images; ++n) {
            out[k][n] = bias[k];
            for (int c = 0; c < linear->in_channels; ++c)
                out[k][n] += weights[k][c] * in[c][n];
        }
}

void fg_ref_linear_backward_bias(double *grad_bias, const fg_ref_linear *linear,
                                 const double *grad_out_values)
{
    const double(*grad_out)[linear->images] = (const void *)grad_out_values;

    for (int k = 0; k < linear->out_channels; ++k) {
        grad_bias[k] = 0.0;
        for (int n = 0; n < linear->images; ++n)
            grad_bias[k] += grad_out[k][n];
    }
}
