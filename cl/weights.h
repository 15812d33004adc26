/* weights.h - arguments of weights.cl. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_WEIGHTS_H
#define FG_WEIGHTS_H

#include "shared.h"

struct fg_weights_args {
    fg_i32 first; /* element of the parameters */
    fg_i32 count;
    fg_u32 stream; /* the tensor's number in the plan */
    fg_u32 seed_low;
    fg_u32 seed_high;
    float size; /* standard deviation, or bound */
};

#endif
