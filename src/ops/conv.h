/* conv.h - convolution over sources: forward, and backward for data and weights.
 *
 * Formulas and layouts are in cl/conv.cl, cl/conv_gather.cl and cl/conv_phases.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_H
#define FG_OPS_CONV_H

#include "cl/conv.h"
#include "ops/features.h"
#include "ops/kernels.h"
#include "plan/conv_shape.h"

/* A kernel's register tile, and the most pixels of the tile that it runs over. */
typedef struct fg_conv_tiling {
    int channels; /* rows of the register tile */
    int vectors;  /* ... and its vectors */
    int pixels;
} fg_conv_tiling;

/* Kernels and tile sizes for one shape, chosen when the net is made. */
typedef struct fg_conv_op {
    fg_conv_shape shape;
    bool gathers; /* cl/conv_gather.cl, not cl/conv.cl */
    const fg_kernel *pack, *merge;
    const fg_kernel *forward;
    const fg_kernel *backward; /* data and weights; where it gathers, weights ... */
    const fg_kernel *phases;   /* ... and data */
    size_t local_floats;       /* of the device's local memory */
    int wanted;                /* work-groups of a launch, see cut.h */
    fg_conv_tiling forward_tiling, backward_tiling, phases_tiling;
    int lane_vectors; /* backward: of the register tile of weight gradients */
} fg_conv_op;

/* Tilings that replace those which conv_tiling.c chooses, by measurement: see conv_variant.h. A
 * tiling of 0 channels, or 0 lane_vectors, replaces none. */
typedef struct fg_conv_variant {
    fg_conv_tiling forward, backward, phases;
    int lane_vectors;
} fg_conv_variant;

/* variant: NULL: none is replaced
 *
 * FG_ERR_FIT if the device has too little local memory for it, or kernels has as many as may be. */
fg_status fg_conv_prepare(fg_conv_op *out, fg_kernels *kernels, const fg_conv_shape *shape,
                          const fg_conv_variant *variant);

/* Whether lanes of the output's partial statistics begin anew in every image, or in every
 * chunk: for fg_batchnorm_statistics. */
bool fg_conv_image_runs(const fg_conv_op *op);

/* What both passes are given. Buffers of scratch have the sizes of cl/conv.h and
 * cl/batchnorm.h. */
typedef struct fg_conv_call {
    fg_input in;
    fg_output out;
    int images;
    const fg_features *
        shortcut; /* a map like the output's that is added to it, and gets its gradient: another
                    * one, or the same, in other channels or, but for the gradients of a 3x3, in the
                    * same channels; NULL: none; only with kernels of cl/conv.cl */
    int shortcut_first_channel;
    bool shortcut_adds;      /* the gradient is added to what is there */
    const fg_buffer *affine; /* struct fg_affine [in.channels] */
    bool relu;
    struct fg_dropout in_dropout, out_dropout; /* masks of the kinds of the shape; the same in
                                                * both passes */
    const fg_buffer *parameters;
    size_t first_weight;
    const fg_buffer *packed; /* scratch: weights in the order in which a kernel reads them */
    bool kept; /* forward: they are there from a call before, or in a candidate's tile */
    const fg_buffer *partials; /* forward: of the output's statistics, in its chunks, NULL: not
                                * wanted; backward: of d_gamma and d_beta, in the input's
                                * chunks, or the output's where fg_op_walks_output says so,
                                * NULL: no norm */
    /* forward */
    const fg_buffer *library; /* scratch of a candidate's library */
    long first_bias;          /* element of the parameters, or -1 */
    /* backward */
    const fg_buffer
        *coefficients; /* struct fg_coefficients [out.channels]; NULL: dy is G itself */
    const fg_buffer *weight_partials; /* scratch */
    const fg_buffer *gradients;       /* of the parameters ... */
    size_t first_gradient;            /* ... where those of the weights begin */
} fg_conv_call;

fg_status fg_conv_forward(const fg_conv_op *op, const fg_conv_call *call);
fg_status fg_conv_backward(const fg_conv_op *op, const fg_conv_call *call);

#endif
