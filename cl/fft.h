/* fft.h - what the host and fft.cl agree on. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_FFT_H
#define FG_FFT_H

#include "shared.h"

struct fg_fft_args {
    fg_i32 height; /* of a transform */
    fg_i32 width;
    fg_i32 spectrum;     /* floats of a plane of one */
    fg_i32 side;         /* of the filter */
    fg_i32 image_height; /* of input and output */
    fg_i32 image_width;
    fg_i32 pitch;             /* of the map that is read or written */
    fg_i32 first_source;      /* in the table of sources */
    fg_i32 first_weight;      /* in the parameters */
    fg_i32 bias;              /* first element of the parameters, or -1 */
    fg_i32 first_out_channel; /* in the map that is written */
    fg_i32 in_channels;
    fg_i32 first_in; /* what is done at once: input channels ... */
    fg_i32 ins;
    fg_i32 first_out; /* ... output channels ... */
    fg_i32 outs;
    fg_i32 first_image; /* ... images */
    fg_i32 images;
    /* Floats from the tile's begin. */
    fg_i32 inputs;           /* first planes of a part ... */
    fg_i32 inputs_imaginary; /* ... and second ones */
    fg_i32 weights;
    fg_i32 weights_imaginary;
    fg_i32 products;
    fg_i32 products_imaginary;
    float floor; /* 0 for ReLU, -INFINITY for none */
};

#endif
