/* conv_fit.h - arguments of a convolution's kernels, with tiles that fit in local memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_FIT_H
#define FG_OPS_CONV_FIT_H

#include "device/launch.h"
#include "ops/conv.h"

/* One launch: its arguments, and the floats of its parts of local memory. */
typedef struct fg_conv_fit {
    struct fg_conv_args args;
    size_t packed;  /* rows that are read by a register tile */
    size_t results; /* ... and what it makes, with what packing needs */
    size_t dy;      /* the output's gradient, transposed: backward of weights */
    size_t lists;   /* integers: channels, marks of pixels */
} fg_conv_fit;

/* FG_ERR_FIT if it does not. What the call alone says is left for the caller. statistics: false:
 * nothing is summed over pixels, which takes no more local memory. */
fg_status fg_conv_fit_forward(fg_conv_fit *out, const fg_conv_op *op, int images,
                              bool statistics);
fg_status fg_conv_fit_backward(fg_conv_fit *out, const fg_conv_op *op, int images);
fg_status fg_conv_fit_phases(fg_conv_fit *out, const fg_conv_op *op, int images);

/* The same launch of backward for `outs` output channels, as many as it has or fewer. */
void fg_conv_fit_outs(fg_conv_fit *fit, const fg_conv_op *op, int outs);

/* Work-items side by side that do `channels` of each group. */
size_t fg_conv_fit_items(const fg_conv_fit *fit, int channels);

#endif
