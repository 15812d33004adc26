/* sgd.h - arguments of sgd.cl. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_SGD_H
#define FG_SGD_H

#include "shared.h"

struct fg_sgd_args {
    fg_i32 first;          /* element of the parameters and of the momentum */
    fg_i32 first_gradient; /* element of the gradients */
    fg_i32 elements;
    fg_i32 nesterov;
    float rate;
    float momentum;
    float weight_decay;
};

#endif
