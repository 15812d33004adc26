/* fft.cl - convolution by Fourier transforms, apart from the transforms, which clFFT does: what is
 * transformed, the products of spectra, and the output.
 *
 * A convolution of an image with a border of zeros is cyclic, so its spectrum is the product of two.
 * Images and filters are laid into fields of height * width floats; the tile has such fields at its
 * begin, and spectra behind them, see src/plan/fft_pieces.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fft.h"
#include "lanes.h"
#include "sources.h"

/* Zeros from `from` to `to`, which is a field's end. */
INLINE void clear_rest(__global float *field, int from, int to)
{
    for (int i = from; i < to; i += FG_LANES)
        lanes_store_first(field + i, (float16)(0.0f), to - i);
}

/* tile[c - first_in][i - first_image][row][column] = max(scale[c] * in[c][i][row][column] + shift[c],
 * floor), and 0 outside the image
 *
 * in    [..][pitch]
 * grid  x = input channel, y = image of those that are done at once */
__kernel FG_ONE_WORK_ITEM void fft_read(__global float *restrict tile,
                                        __global const float *restrict in,
                                        __global const struct fg_source *restrict sources,
                                        __global const struct fg_affine *restrict affine,
                                        const struct fg_fft_args a)
{
    const int c = a.first_in + get_global_id(0), image = get_global_id(1);
    const int pixels = a.image_height * a.image_width, floats = a.height * a.width;
    __global const float *from =
        in + (size_t)fg_sources_channel(sources + a.first_source, c) * a.pitch +
        (size_t)(a.first_image + image) * pixels;
    __global float *field =
        tile + ((size_t)get_global_id(0) * get_global_size(1) + image) * floats;
    const struct fg_affine f = affine[c];

    /* What a vector stores past its row is overwritten by the next. */
    for (int row = 0; row < a.image_height; ++row) {
        __global float *to = field + row * a.width;
        const int room = floats - row * a.width;
        for (int x = 0; x < a.image_width; x += FG_LANES) {
            const float16 z =
                lanes_activate(load16(0, from + row * a.image_width + x), f, a.floor);
            lanes_store_first(to + x, z, room - x);
        }
        for (int x = a.image_width; x < a.width; x += FG_LANES)
            lanes_store_first(to + x, (float16)(0.0f), room - x);
    }
    clear_rest(field, a.image_height * a.width, floats);
}

/* tile[k - first_out][c - first_in] = a filter around the field's first float, its taps in reverse
 * order: a product of spectra is a convolution, where networks have a correlation
 *
 * grid  x = output channel, y = input channel of those that are done at once */
__kernel FG_ONE_WORK_ITEM void fft_weights(__global float *restrict tile,
                                           __global const float *restrict parameters,
                                           const struct fg_fft_args a)
{
    const int k = a.first_out + get_global_id(0), c = a.first_in + get_global_id(1);
    const int half_side = a.side / 2, floats = a.height * a.width;
    __global const float *from =
        parameters + a.first_weight + ((size_t)k * a.in_channels + c) * a.side * a.side;
    __global float *field =
        tile + ((size_t)get_global_id(0) * get_global_size(1) + get_global_id(1)) * floats;

    clear_rest(field, 0, floats);
    for (int i = 0; i < a.side; ++i)
        for (int j = 0; j < a.side; ++j) {
            const int row = (half_side - i + a.height) % a.height;
            const int column = (half_side - j + a.width) % a.width;
            field[row * a.width + column] = from[i * a.side + j];
        }
}

#define OUTS 4 /* products of one vector at once */

/* products[i][k] = or += sum over c of weights[k][c] * inputs[c][i], element by element: spectra
 *
 * inputs    [ins][images][spectrum], twice
 * weights   [outs][ins][spectrum], twice
 * products  [images][outs][spectrum], twice
 * grid      x = vector of the spectrum */
__kernel FG_ONE_WORK_ITEM void fft_multiply(__global float *restrict tile,
                                            const struct fg_fft_args a)
{
    const size_t at = get_global_id(0) * FG_LANES;
    __global const float *inputs = tile + a.inputs + at, *weights = tile + a.weights + at;
    __global float *products = tile + a.products + at;
    const int inputs_imaginary = a.inputs_imaginary - a.inputs;
    const int weights_imaginary = a.weights_imaginary - a.weights;
    const int products_imaginary = a.products_imaginary - a.products;

    for (int i = 0; i < a.images; ++i)
        for (int k0 = 0; k0 < a.outs; k0 += OUTS) {
            float16 re[OUTS], im[OUTS];
#pragma unroll
            for (int k = 0; k < OUTS; ++k) {
                __global const float *to =
                    products + ((size_t)i * a.outs + min(k0 + k, a.outs - 1)) * a.spectrum;
                re[k] = a.first_in > 0 ? load16(0, to) : (float16)(0.0f);
                im[k] = a.first_in > 0 ? load16(0, to + products_imaginary) : (float16)(0.0f);
            }
            for (int c = 0; c < a.ins; ++c) {
                __global const float *x = inputs + ((size_t)c * a.images + i) * a.spectrum;
                const float16 x_re = load16(0, x), x_im = load16(0, x + inputs_imaginary);
#pragma unroll
                for (int k = 0; k < OUTS; ++k) {
                    __global const float *w =
                        weights + ((size_t)min(k0 + k, a.outs - 1) * a.ins + c) * a.spectrum;
                    const float16 w_re = load16(0, w), w_im = load16(0, w + weights_imaginary);
                    re[k] = fma(w_re, x_re, fma(-w_im, x_im, re[k]));
                    im[k] = fma(w_re, x_im, fma(w_im, x_re, im[k]));
                }
            }
#pragma unroll
            for (int k = 0; k < OUTS; ++k)
                if (k0 + k < a.outs) {
                    __global float *to = products + ((size_t)i * a.outs + k0 + k) * a.spectrum;
                    store16(re[k], 0, to);
                    store16(im[k], 0, to + products_imaginary);
                }
        }
}

/* out[k][i][row][column] = bias[k] + tile[i - first_image][k - first_out][row][column]
 *
 * out   [..][pitch], from first_out_channel on
 * grid  x = output channel, y = image of those that are done at once */
__kernel FG_ONE_WORK_ITEM void fft_store(__global float *restrict out,
                                         __global const float *restrict tile,
                                         __global const float *restrict parameters,
                                         const struct fg_fft_args a)
{
    const int k = a.first_out + get_global_id(0), image = get_global_id(1);
    const int pixels = a.image_height * a.image_width;
    __global const float *field =
        tile + ((size_t)image * a.outs + get_global_id(0)) * a.height * a.width;
    __global float *to = out + (size_t)(a.first_out_channel + k) * a.pitch +
                         (size_t)(a.first_image + image) * pixels;
    const float bias = a.bias >= 0 ? parameters[a.bias + k] : 0.0f;

    /* Behind the image another work-item writes; within it rows come in order. */
    for (int row = 0; row < a.image_height; ++row)
        for (int x = 0; x < a.image_width; x += FG_LANES) {
            const int pixel = row * a.image_width + x;
            const int count = min(a.width - x, FG_LANES);
            lanes_store_first(to + pixel,
                              lanes_load_first(field + row * a.width + x, count) + bias,
                              pixels - pixel);
        }
}
