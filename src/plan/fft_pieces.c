/* fft_pieces.c - how a convolution by Fourier transforms is cut.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/fft_pieces.h"

#include "base/memory.h"
#include "plan/algorithm.h"
#include "plan/sizes.h"

/* Transforms of a call: so many that its cost vanishes; and enough for a few threads. */
#define TRANSFORMS_WANTED 256
#define TRANSFORMS_ENOUGH 16

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The transform of `least` values that clFFT does fast: multiples of 4 take half the time of odd
 * numbers. */
static int good_length(int least)
{
    for (int length = (least + 3) / 4 * 4;; length += 4) {
        int rest = length;
        for (int factor = 2; factor <= 7; ++factor)
            while (rest % factor == 0)
                rest /= factor;
        if (rest == 1)
            return length;
    }
}

size_t fg_fft_pieces_plane(const fg_fft_pieces *pieces, int transforms)
{
    return fg_size_round_up((size_t)transforms * (size_t)pieces->spectrum * sizeof(float),
                            FG_MIN_ALIGNMENT);
}

/* Places the parts one behind the other. */
static void place(fg_fft_pieces *p)
{
    const int inputs = p->channels * p->images, weights = p->outs * p->channels;
    const int products = p->images * p->outs;
    const int most = larger(inputs, larger(weights, products));
    const size_t real = (size_t)most * (size_t)p->height * (size_t)p->width * sizeof(float);

    p->real = 0;
    p->inputs = fg_size_round_up(real, FG_MIN_ALIGNMENT);
    p->weights = p->inputs + 2 * fg_fft_pieces_plane(p, inputs);
    p->products = p->weights + 2 * fg_fft_pieces_plane(p, weights);
    p->library = p->products + (size_t)p->slices * 2 * fg_fft_pieces_plane(p, products);
    p->bytes = p->library + 2 * fg_fft_pieces_plane(p, most);
}

/* Into so many pieces of output channels, and calls of about so many transforms. */
static void cut(fg_fft_pieces *p, const fg_conv_shape *shape, int pieces, int transforms)
{
    p->outs = (shape->out_channels + pieces - 1) / pieces;
    p->channels = smaller(shape->in_channels, larger(1, transforms / p->outs));
    p->images = smaller(shape->images, larger(1, transforms / p->channels));
    p->slices = (shape->images + p->images - 1) / p->images;
    place(p);
}

/* Inputs are transformed once for each piece of output channels, so these are as few as can be; for
 * that, calls may be smaller. */
static bool cut_to_fit(fg_fft_pieces *p, const fg_conv_shape *shape, int least, int most)
{
    for (int pieces = 1; pieces <= shape->out_channels; ++pieces)
        for (int transforms = most; transforms >= least; transforms /= 2) {
            cut(p, shape, pieces, transforms);
            if (p->bytes <= FG_TILE_BYTES_MOST)
                return true;
        }
    return false;
}

bool fg_fft_pieces_of(fg_fft_pieces *out, const fg_conv_shape *shape)
{
    const int border = shape->side / 2;

    *out = (fg_fft_pieces){.height = good_length(shape->height + border),
                           .width = good_length(shape->width + border)};
    out->spectrum = (out->height * (out->width / 2 + 1) + FG_LANES - 1) / FG_LANES * FG_LANES;
    return cut_to_fit(out, shape, TRANSFORMS_ENOUGH, TRANSFORMS_WANTED) ||
           cut_to_fit(out, shape, 1, TRANSFORMS_ENOUGH);
}
