/* tile.h - what the host and tile.cl agree on. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TILE_H
#define FG_TILE_H

#include "shared.h"

struct fg_tile_args {
    fg_i32 in_pitch;
    fg_i32 first_source; /* in the table of sources */
    fg_i32 first;        /* channel in the list that is read */
    fg_i32 side;         /* of the filter */
    fg_i32 stride;
    fg_i32 in_height;
    fg_i32 in_width;
    fg_i32 out_height;
    fg_i32 out_width;
    fg_i32 first_pixel; /* of the output's map */
    fg_i32 pixels;
    float floor; /* 0 for ReLU, -INFINITY for none */
};

struct fg_tile_bias_args {
    fg_i32 pitch;
    fg_i32 first_channel; /* in the output's map */
    fg_i32 pixels;
    fg_i32 bias; /* first element of the parameters */
};

#endif
