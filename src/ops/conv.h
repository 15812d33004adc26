/* conv.h - convolution over sources: forward, and backward for data and weights in one pass.
 *
 * Formulas and layouts are in cl/conv.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_H
#define FG_OPS_CONV_H

#include "cl/conv.h"
#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_conv_shape {
    int side; /* 1 or 3 */
    int in_channels;
    int out_channels;
    int height;
    int width;
    bool in_place; /* input and output are channels of one map */
    bool backward; /* kernels of the backward pass are wanted ... */
    bool data;     /* ... with the gradient of the input */
} fg_conv_shape;

/* Kernels and tile sizes for one shape, chosen when the net is made. */
typedef struct fg_conv_op {
    fg_conv_shape shape;
    const fg_kernel *pack, *forward, *backward, *merge;
    size_t local_floats; /* of local memory that a kernel may take */
    struct fg_conv_tiling {
        int channels; /* rows of the register tile */
        int vectors;  /* ... and its vectors */
        int pixels;   /* of a tile at most */
    } forward_tiling, backward_tiling;
    int lane_vectors; /* backward: of the register tile of weight gradients */
} fg_conv_op;

fg_status fg_conv_prepare(fg_conv_op *out, fg_kernels *kernels, const fg_conv_shape *shape);

/* What both passes are given. Buffers of scratch have the sizes of cl/conv.h and
 * cl/batchnorm.h. */
typedef struct fg_conv_call {
    fg_input in;
    fg_output out;
    int images;
    const fg_buffer *affine; /* struct fg_affine [in.channels] */
    bool relu;
    const fg_buffer *parameters;
    size_t first_weight;
    const fg_buffer *packed;   /* scratch */
    const fg_buffer *partials; /* forward: of the output's statistics, NULL: not wanted;
                                * backward: of d_gamma and d_beta, NULL: no norm */
    /* forward */
    long first_bias; /* element of the parameters, or -1 */
    /* backward */
    const fg_buffer
        *coefficients; /* struct fg_coefficients [out.channels]; NULL: dy is G itself */
    const fg_buffer *weight_partials; /* scratch */
    const fg_buffer *gradients;       /* of the parameters */
} fg_conv_call;

fg_status fg_conv_forward(const fg_conv_op *op, const fg_conv_call *call);
fg_status fg_conv_backward(const fg_conv_op *op, const fg_conv_call *call);

#endif
