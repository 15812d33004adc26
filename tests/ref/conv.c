/* conv.c - convolution with zero padding, a stride and groups, in double precision.
 *
 * Each pass walks all products weight * input of every output.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/conv.h"

#include <string.h>

int fg_ref_conv_out_side(const fg_ref_conv *conv, int side)
{
    return (side - 1) / conv->stride + 1;
}

/* One product's places in the arrays. */
typedef struct product {
    size_t out, in, weight;
} product;

typedef void (*visitor)(double *result, product at, const double *a, const double *b);

static size_t out_pixels(const fg_ref_conv *conv)
{
    return (size_t)conv->images * (size_t)fg_ref_conv_out_side(conv, conv->height) *
           (size_t)fg_ref_conv_out_side(conv, conv->width);
}

/* All products of output channel k, image n, pixel (y, x), whose element is `out`. */
static void visit_output(const fg_ref_conv *conv, visitor visit, double *result,
                         const double *a, const double *b, int k, int n, int y, int x,
                         size_t out)
{
    const int ins = conv->in_channels / conv->groups, side = conv->side;
    const int first = k / (conv->out_channels / conv->groups) * ins;

    for (int c = 0; c < ins; ++c)
        for (int i = 0; i < side; ++i)
            for (int j = 0; j < side; ++j) {
                const int row = y * conv->stride + i - side / 2;
                const int column = x * conv->stride + j - side / 2;
                if (row < 0 || row >= conv->height || column < 0 || column >= conv->width)
                    continue;
                const int image = (first + c) * conv->images + n;
                const product at = {out,
                                    (size_t)(image * conv->height + row) * (size_t)conv->width +
                                        (size_t)column,
                                    (size_t)(((k * ins + c) * side + i) * side + j)};
                visit(result, at, a, b);
            }
}

static void visit_all(const fg_ref_conv *conv, visitor visit, double *result, const double *a,
                      const double *b)
{
    const int height = fg_ref_conv_out_side(conv, conv->height);
    const int width = fg_ref_conv_out_side(conv, conv->width);
    size_t out = 0;

    for (int k = 0; k < conv->out_channels; ++k)
        for (int n = 0; n < conv->images; ++n)
            for (int y = 0; y < height; ++y)
                for (int x = 0; x < width; ++x)
                    visit_output(conv, visit, result, a, b, k, n, y, x, out++);
}

static void add_to_output(double *out, product at, const double *in, const double *weights)
{
    out[at.out] += weights[at.weight] * in[at.in];
}

static void add_to_input(double *grad_in, product at, const double *grad_out,
                         const double *weights)
{
    grad_in[at.in] += weights[at.weight] * grad_out[at.out];
}

static void add_to_weights(double *grad_weights, product at, const double *in,
                           const double *grad_out)
{
    grad_weights[at.weight] += in[at.in] * grad_out[at.out];
}

void fg_ref_conv_forward(double *out, const fg_ref_conv *conv, const double *in,
                         const double *weights, const double *bias)
{
    const size_t pixels = out_pixels(conv);

    for (size_t i = 0; i < (size_t)conv->out_channels * pixels; ++i)
        out[i] = bias != NULL ? bias[i / pixels] : 0.0;
    visit_all(conv, add_to_output, out, in, weights);
}

void fg_ref_conv_backward_data(double *grad_in, const fg_ref_conv *conv, const double *weights,
                               const double *grad_out)
{
    memset(grad_in, 0,
           (size_t)conv->in_channels * (size_t)conv->images *
               (size_t)(conv->height * conv->width) * sizeof *grad_in);
    visit_all(conv, add_to_input, grad_in, grad_out, weights);
}

void fg_ref_conv_backward_weights(double *grad_weights, const fg_ref_conv *conv,
                                  const double *in, const double *grad_out)
{
    memset(grad_weights, 0,
           (size_t)conv->out_channels * (size_t)(conv->in_channels / conv->groups) *
               (size_t)(conv->side * conv->side) * sizeof *grad_weights);
    visit_all(conv, add_to_weights, grad_weights, in, grad_out);
}
