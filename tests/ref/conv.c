/* conv.c - convolution at stride 1 with zero padding, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/conv.h"

#include <stdbool.h>
#include <stddef.h>

static bool inside(const fg_ref_conv *conv, int y, int x)
{
    return y >= 0 && y < conv->height && x >= 0 && x < conv->width;
}

void fg_ref_conv_forward(double *out_values, const fg_ref_conv *conv, const double *in_values,
                         const double *weight_values, const double *bias)
{
    const int side = conv->side, border = side / 2;
    double(*out)[conv->images][conv->height][conv->width] = (void *)out_values;
    const double(*in)[conv->images][conv->height][conv->width] = (const void *)in_values;
    const double(*weights)[conv->in_channels][side][side] = (const void *)weight_values;

    for (int k = 0; k < conv->out_channels; ++k)
        for (int n = 0; n < conv->images; ++n)
            for (int y = 0; y < conv->height; ++y)
                for (int x = 0; x < conv->width; ++x) {
                    double sum = bias != NULL ? bias[k] : 0.0;
                    for (int c = 0; c < conv->in_channels; ++c)
                        for (int i = 0; i < side; ++i)
                            for (int j = 0; j < side; ++j)
                                if (inside(conv, y + i - border, x + j - border))
                                    sum += weights[k][c][i][j] *
                                           in[c][n][y + i - border][x + j - border];
                    out[k][n][y][x] = sum;
                }
}

void fg_ref_conv_backward_data(double *grad_in_values, const fg_ref_conv *conv,
                               const double *weight_values, const double *grad_out_values)
{
    const int side = conv->side, border = side / 2;
    double(*grad_in)[conv->images][conv->height][conv->width] = (void *)grad_in_values;
    const double(*weights)[conv->in_channels][side][side] = (const void *)weight_values;
    const double(*grad_out)[conv->images][conv->height][conv->width] =
        (const void *)grad_out_values;

    for (int c = 0; c < conv->in_channels; ++c)
        for (int n = 0; n < conv->images; ++n)
            for (int y = 0; y < conv->height; ++y)
                for (int x = 0; x < conv->width; ++x) {
                    double sum = 0.0;
                    for (int k = 0; k < conv->out_channels; ++k)
                        for (int i = 0; i < side; ++i)
                            for (int j = 0; j < side; ++j)
                                if (inside(conv, y - i + border, x - j + border))
                                    sum += weights[k][c][i][j] *
                                           grad_out[k][n][y - i + border][x - j + border];
                    grad_in[c][n][y][x] = sum;
                }
}

void fg_ref_conv_backward_weights(double *grad_weight_values, const fg_ref_conv *conv,
                                  const double *in_values, const double *grad_out_values)
{
    const int side = conv->side, border = side / 2;
    double(*grad_weights)[conv->in_channels][side][side] = (void *)grad_weight_values;
    const double(*in)[conv->images][conv->height][conv->width] = (const void *)in_values;
    const double(*grad_out)[conv->images][conv->height][conv->width] =
        (const void *)grad_out_values;

    for (int k = 0; k < conv->out_channels; ++k)
        for (int c = 0; c < conv->in_channels; ++c)
            for (int i = 0; i < side; ++i)
                for (int j = 0; j < side; ++j) {
                    double sum = 0.0;
                    for (int n = 0; n < conv->images; ++n)
                        for (int y = 0; y < conv->height; ++y)
                            for (int x = 0; x < conv->width; ++x)
                                if (inside(conv, y + i - border, x + j - border))
                                    sum += in[c][n][y + i - border][x + j - border] *
                                           grad_out[k][n][y][x];
                    grad_weights[k][c][i][j] = sum;
                }
}
