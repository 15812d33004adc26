/* pool.h - arguments of pool.cl, max_pool.cl and head_pool.cl. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_POOL_H
#define FG_POOL_H

#include "chunks.h"

struct fg_pool_args {
    struct fg_chunks chunks; /* of the output: half the height and width, rounded down */
    fg_i32 in_height;
    fg_i32 in_width;
    fg_i32 in_pitch;
    fg_i32 out_pitch;
    fg_i32 out_first_channel;
    fg_i32 channels;
    fg_i32 statistics; /* forward: 1 to write partial statistics of the output */
    fg_i32 finish; /* backward: 1 if the output's gradient is G + q (y - mean) + c, 0 if G */
};

/* Floats of local memory: a line of the input, and of the output, with what lies around them. */
#define FG_MAX_POOL_OUT_STRIDE(out_width) (((out_width) / FG_LANES + 2) * FG_LANES)
#define FG_MAX_POOL_IN_STRIDE(out_width) (2 * FG_MAX_POOL_OUT_STRIDE(out_width))

struct fg_max_pool_args {
    struct fg_chunks chunks; /* forward: of the output; backward: of the input */
    fg_i32 in_height;
    fg_i32 in_width;
    fg_i32 in_pitch;
    fg_i32 out_height; /* half of the input's, rounded up */
    fg_i32 out_width;
    fg_i32 out_pitch;
    fg_i32 out_first_channel;
    fg_i32 channels;
    fg_i32 first_source;
    fg_i32 statistics; /* forward: 1 to write partial statistics of the output */
    fg_i32 norm;       /* backward: 1 to write partial d_gamma and d_beta */
    fg_i32 finish; /* backward: 1 if the output's gradient is G + q (y - mean) + c, 0 if G */
    float floor;   /* 0 for ReLU, -INFINITY for none */
};

struct fg_head_pool_args {
    struct fg_chunks chunks; /* of the input */
    fg_i32 in_pitch;
    fg_i32 out_pitch;
    fg_i32 first_source;
    fg_i32 in_channels;
    fg_i32 grid; /* cells per side */
    fg_i32 cell; /* pixels per side of a cell */
    fg_i32 norm; /* backward: 1 to write partial d_gamma and d_beta */
    float floor; /* 0 for ReLU, -INFINITY for none */
};

#endif
