/* conv.h - convolution with zero padding, a stride and groups, in double precision.
 *
 * What it reads is a plain array: ref/reader.h makes it from sources.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_CONV_H
#define FG_TESTS_REF_CONV_H

typedef struct fg_ref_conv {
    int images, height, width; /* of the input */
    int in_channels, out_channels;
    int side; /* of the filter, odd; the border is side / 2 wide */
    int stride;
    int groups;
} fg_ref_conv;

/* Side of the output where that of the input is `side`. */
int fg_ref_conv_out_side(const fg_ref_conv *conv, int side);

/* With y' = y * stride + i - side/2 and x' = x * stride + j - side/2, inside the image, and in
 * the group of k the input channels from first(k) on:
 *     out[k][n][y][x] = bias[k] +
 *         sum over c, i, j of weights[k][c][i][j] * in[first(k) + c][n][y'][x']
 *
 * out      [out_channels][images][out height][out width]
 * in       [in_channels][images][height][width]
 * weights  [out_channels][in_channels / groups][side][side]
 * bias     [out_channels], or NULL */
void fg_ref_conv_forward(double *out, const fg_ref_conv *conv, const double *in,
                         const double *weights, const double *bias);

/* grad_in[first(k) + c][n][y'][x'] = sum over k, i, j of
 *     weights[k][c][i][j] * grad_out[k][n][y][x] */
void fg_ref_conv_backward_data(double *grad_in, const fg_ref_conv *conv, const double *weights,
                               const double *grad_out);

/* grad_weights[k][c][i][j] = sum over n, y, x of
 *     in[first(k) + c][n][y'][x'] * grad_out[k][n][y][x] */
void fg_ref_conv_backward_weights(double *grad_weights, const fg_ref_conv *conv,
                                  const double *in, const double *grad_out);

#endif
