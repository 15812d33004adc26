/* conv_winograd_fit.h - tiles of Winograd's convolution, which fit in local memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_WINOGRAD_FIT_H
#define FG_OPS_CONV_WINOGRAD_FIT_H

#include "ops/conv_winograd.h"

/* One launch: its arguments, and the floats of its parts of local memory. */
typedef struct fg_conv_winograd_fit {
    struct fg_winograd_args args;
    size_t inputs;   /* transformed */
    size_t products; /* sums of them */
    size_t results;  /* and what is made of those */
} fg_conv_winograd_fit;

/* Fills in the register tile; shape is there. */
void fg_conv_winograd_fit_tile(fg_conv_winograd_op *op);

/* FG_ERR_FIT if it does not. What the call alone says is left for the caller. statistics: false:
 * nothing is summed over pixels, which takes no more local memory. */
fg_status fg_conv_winograd_fit_forward(fg_conv_winograd_fit *out, const fg_conv_winograd_op *op,
                                       int images, bool statistics);

#endif
