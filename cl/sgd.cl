/* sgd.cl - stochastic gradient descent with momentum and weight decay.
 *
 * Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML
 * 2013, in the form that PyTorch gives it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sgd.h"

/* g = gradient + weight_decay * p
 * m = momentum * m + g
 * p = p - rate * (nesterov ? g + momentum * m : m)
 * grid: x = some work-items, which share the vectors in runs */
__kernel FG_ONE_WORK_ITEM void sgd_update(__global float *restrict parameters,
                                          __global float *restrict momentum,
                                          __global const float *restrict gradients,
                                          const struct fg_sgd_args a)
{
    const int run = (a.vectors + (int)get_global_size(0) - 1) / (int)get_global_size(0);
    const int first = get_global_id(0) * run;
    for (int i = first; i < min(first + run, a.vectors); ++i) {
        const float16 p = vload16(i, parameters);
        const float16 g = fma((float16)(a.weight_decay), p, vload16(i, gradients));
        const float16 m = fma((float16)(a.momentum), vload16(i, momentum), g);
        const float16 by = a.nesterov ? fma((float16)(a.momentum), m, g) : m;
        vstore16(m, i, momentum);
        vstore16(fma((float16)(-a.rate), by, p), i, parameters);
    }
}
