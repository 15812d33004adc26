/* pool.h - arguments of pool.cl and head_pool.cl. C11 and OpenCL C.
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

struct fg_head_pool_args {
    struct fg_chunks chunks; /* of the input */
    fg_i32 in_pitch;
    fg_i32 out_pitch;
    fg_i32 first_source;
    fg_i32 sources;
    fg_i32 in_channels;
    fg_i32 grid; /* cells per side */
    fg_i32 cell; /* pixels per side of a cell */
};

#endif
