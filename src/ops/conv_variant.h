/* conv_variant.h - which tilings a shape may have without another bit in any result.
 *
 * Register tiles, tiles of pixels and vectors of lanes say in which order a kernel works, not
 * what it adds up in which order: sums are over a chunk's pixels in pixel order, and over
 * channels in order (cl/chunks.h). One thing would change bits: fewer outputs in a launch of
 * conv_backward, since each launch adds to the input's gradient.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_VARIANT_H
#define FG_OPS_CONV_VARIANT_H

#include "ops/conv.h"

/* The kernels with tilings of their own. */
typedef enum fg_conv_part {
    FG_CONV_PART_FORWARD,
    FG_CONV_PART_BACKWARD,
    FG_CONV_PART_PHASES,
    FG_CONV_PARTS
} fg_conv_part;

/* "conv_forward", "conv_backward", "conv_phases" */
const char *fg_conv_part_name(fg_conv_part part);

/* Whether the shape has this part. */
bool fg_conv_part_exists(const fg_conv_shape *shape, fg_conv_part part);

/* What the op has. Of the parts alone that its shape has. */
fg_conv_variant fg_conv_variant_of(const fg_conv_op *op);

/* Gives the op, whose tilings are chosen and whose kernels are not yet made, those of variant.
 * False: one of them cannot be, and is left out: it is out of range, does not fit into local
 * memory or the scratch that the plan gives, or would change bits. */
bool fg_conv_variant_take(fg_conv_op *op, const fg_conv_variant *variant);

/* What a variant may differ in, and the values that are tried. */
typedef enum fg_conv_dial {
    FG_CONV_DIAL_PIXELS, /* needs no kernel of its own, the others do */
    FG_CONV_DIAL_TILE,   /* channels and vectors */
    FG_CONV_DIAL_LANES,  /* of backward */
    FG_CONV_DIALS
} fg_conv_dial;

/* Sets the part's dial to value `index`, from 0; false: it has no more values. */
bool fg_conv_variant_turn(fg_conv_variant *variant, fg_conv_part part, fg_conv_dial dial,
                          int index);

#endif
