/* conv_shape.h - all numbers of a convolution that decide how it is computed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_CONV_SHAPE_H
#define FG_PLAN_CONV_SHAPE_H

#include "plan/network.h"

typedef struct fg_op fg_op;

typedef struct fg_conv_shape {
    int side;   /* odd; the border of zeros is side / 2 wide */
    int stride; /* 1 or 2 */
    int groups; /* divides both numbers of channels */
    int in_channels;
    int out_channels;
    int height; /* of the output: (in_height - 1) / stride + 1; pooled: in_height / 2 */
    int width;
    int in_height;
    int in_width;
    int images;                  /* of the largest batch */
    fg_dropout_kind in_dropout;  /* of what is read, behind norm and ReLU */
    fg_dropout_kind out_dropout; /* of the output, before its statistics are made */
    bool pooled;                 /* side 1: it reads means of 2x2 pixels */
    bool in_place;               /* input and output are channels of one map */
    bool backward;               /* kernels of the backward pass are wanted ... */
    bool data;                   /* ... with the gradient of the input */
} fg_conv_shape;

/* Of an operation that is a convolution. */
fg_conv_shape fg_conv_shape_of(const fg_plan *plan, const fg_op *op);

#endif
