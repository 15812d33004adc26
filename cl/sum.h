/* sum.h - arguments of sum.cl. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_SUM_H
#define FG_SUM_H

#include "chunks.h"

/* Some terms, all of one map: the sources first_source .. first_source + terms - 1. */
struct fg_sum_input {
    fg_i32 height;
    fg_i32 width;
    fg_i32 pitch;
    fg_i32 first_source;
    fg_i32 terms;
    fg_i32 channels; /* of all terms together */
    fg_i32 stride;
    fg_i32 norm; /* backward: 1 to write partial d_gamma and d_beta of terms that have a norm */
    float floor; /* 0 for ReLU, -INFINITY for none */
};

struct fg_sum_args {
    struct fg_chunks chunks; /* of the output */
    fg_i32 out_pitch;
    fg_i32 out_first_channel;
    fg_i32 out_channels; /* no term has more */
    fg_i32 statistics;   /* forward: 1 to write partial statistics of the output */
    fg_i32 finish; /* backward: 1 if the output's gradient is G + q (s - mean) + c, 0 if G */
    struct fg_sum_input first;
    struct fg_sum_input second;
};

#endif
