/* conv_winograd.h - 3x3 convolution at stride 1 by Winograd's minimal filtering: forward.
 *
 * Formulas and layouts are in cl/conv_winograd.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CONV_WINOGRAD_H
#define FG_OPS_CONV_WINOGRAD_H

#include "cl/conv_winograd.h"
#include "ops/candidate.h"

/* Its tile holds the transformed weights. */
extern const fg_candidate fg_conv_winograd;

/* What the candidate's create makes. */
typedef struct fg_conv_winograd_op {
    fg_conv_shape shape;
    const fg_kernel *pack, *forward;
    size_t local_floats; /* of the device's local memory */
    int wanted;          /* work-groups of a launch, see cut.h */
    int tile_channels;   /* rows of the register tile ... */
    int vectors;         /* ... and its vectors */
    int columns;         /* squares of one row in a vector */
} fg_conv_winograd_op;

#endif
