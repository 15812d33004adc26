/* fft_pieces.h - how a convolution by Fourier transforms is cut, so that what it needs at once fits in
 * its tile.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_FFT_PIECES_H
#define FG_PLAN_FFT_PIECES_H

#include "plan/conv_shape.h"

/* An image with its border is one real transform. Its spectrum is two planes, real and imaginary
 * parts; a part of the tile holds all first planes and then all second ones. */
typedef struct fg_fft_pieces {
    int height; /* of a transform: factors 2, 3, 5 and 7; a multiple of 4, ... */
    int width;
    int spectrum; /* floats of a plane: height * (width / 2 + 1), in whole vectors */
    int outs;     /* output channels ... */
    int channels; /* ... input channels ... */
    int images;   /* ... and images at once */
    int slices;   /* of so many images in the batch */
    /* Parts of the tile: where they begin in bytes, all multiples of the alignment. */
    size_t real;     /* [transforms at once][height][width] */
    size_t inputs;   /* [2][channels][images][spectrum] */
    size_t weights;  /* [2][outs][channels][spectrum] */
    size_t products; /* [slices][2][images][outs][spectrum] */
    size_t library;  /* what clFFT wants beside its input and output */
    size_t bytes;    /* of all */
} fg_fft_pieces;

/* Bytes of one plane of so many transforms, up to the alignment. */
size_t fg_fft_pieces_plane(const fg_fft_pieces *pieces, int transforms);

/* Whether there is a way to cut it. */
bool fg_fft_pieces_of(fg_fft_pieces *out, const fg_conv_shape *shape);

#endif
