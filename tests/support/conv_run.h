/* conv_run.h - everything that one convolution on the device needs, filled with random numbers.
 *
 * The sources lie scattered in their map with channels between them that nobody may touch.
 * Those, the slack behind a channel's pixels, scratch and a margin behind each buffer of
 * scratch are NaN.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_CONV_RUN_H
#define FG_TESTS_CONV_RUN_H

#include "cl/sources.h"
#include "ops/candidate.h"
#include "support/shapes.h"

/* How a convolution stands in its network. */
typedef enum fg_conv_place {
    FG_CONV_IN_STAGE, /* input and output in one map; norm and ReLU before, a norm behind */
    FG_CONV_BETWEEN,  /* the same from one map to another */
    FG_CONV_LINEAR,   /* from one map to another; no norm, no ReLU, but a bias */
    FG_CONV_RELU,     /* from one map to another; a ReLU without a norm, a norm behind */
    FG_CONV_FIRST,    /* the network's first: FG_CONV_BETWEEN without the gradient of its input,
                       * whose affine part is the identity and has no ReLU */
    FG_CONV_POOLED,   /* FG_CONV_BETWEEN, where it reads means of 2x2 pixels */
    FG_CONV_PLACES
} fg_conv_place;

/* A map as the host filled it: [channels][pitch]. */
typedef struct fg_conv_map {
    fg_features device;
    float *values, *gradients;
    int channels;
    int pixels; /* of a channel */
} fg_conv_map;

typedef struct fg_conv_run {
    const fg_conv_case *shape;
    fg_conv_place place;
    fg_conv_op op;
    const fg_candidate_op *candidate; /* NULL; or what does the forward pass */
    fg_conv_call call;
    fg_conv_map in, out; /* FG_CONV_IN_STAGE: out is a copy of in */
    struct fg_source *sources;
    struct fg_affine *affine;
    struct fg_coefficients *coefficients;
    float *parameters; /* a margin, the weights, the biases, a margin */
    float *gradients;  /* NaN */
    size_t parameters_count;
    int weights;
} fg_conv_run;

/* Floats of NaN before and behind parameters, and behind scratch. */
#define FG_CONV_RUN_MARGIN 64
#define FG_CONV_RUN_GRADIENT 40 /* ... and before the gradients */

/* A convolution of stride 2 has no input and output in one map; one that pools what it reads is a 1x1
 * at stride 1 of images that have 2x2 pixels. */
bool fg_conv_run_possible(const fg_conv_case *shape, fg_conv_place place);

void fg_conv_run_create(fg_conv_run *out, fg_kernels *kernels, const fg_conv_case *shape,
                        fg_conv_place place);

/* The same with dropout of what is read and of what is written, at two rates. */
void fg_conv_run_create_dropping(fg_conv_run *out, fg_kernels *kernels,
                                 const fg_conv_case *shape, fg_conv_place place,
                                 fg_dropout_kind in_dropout, fg_dropout_kind out_dropout);

/* The map by whose chunks backward sums d_gamma and d_beta. */
const fg_conv_map *fg_conv_run_walked(const fg_conv_run *run);

/* Upload everything, run, and fail the test unless all that must not be written is as it was.
 * What the device made is in the buffers of run->call; it is the same each time. */
void fg_conv_run_forward(fg_conv_run *run);
void fg_conv_run_backward(fg_conv_run *run);

#endif
