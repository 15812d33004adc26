/* sgd.cl - stochastic gradient descent with momentum and weight decay.
 *
 * Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML
 * 2013, in the form that PyTorch gives it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sgd.h"
#include "vectors.h"

static inline void step(float16 *parameter, float16 *momentum, float16 gradient,
                        const struct fg_sgd_args a)
{
    const float16 p = *parameter;
    const float16 g = fma((float16)(a.weight_decay), p, gradient);
    const float16 m = fma((float16)(a.momentum), *momentum, g);
    const float16 by = a.nesterov ? fma((float16)(a.momentum), m, g) : m;
    *momentum = m;
    *parameter = fma((float16)(-a.rate), by, p);
}

/* For each element of the slice:
 *     g = gradient + weight_decay * p
 *     m = momentum * m + g
 *     p = p - rate * (nesterov ? g + momentum * m : m)
 * What lies behind the last element is left as it is; the last few are computed one by one, in
 * a lane of the same vectors, so that an element's bits do not depend on the slice it is in.
 * grid: x = some work-items, which share the vectors in runs */
__kernel FG_ONE_WORK_ITEM void sgd_update(__global float *restrict parameters,
                                          __global float *restrict momentum,
                                          __global const float *restrict gradients,
                                          const struct fg_sgd_args a)
{
    const int items = get_global_size(0), item = get_global_id(0);
    const int vectors = a.elements / FG_LANES;
    const int run = (vectors + items - 1) / items;
    float16 p, m;

    parameters += a.first;
    momentum += a.first;
    gradients += a.first_gradient;
    for (int i = item * run; i < min((item + 1) * run, vectors); ++i) {
        p = load16(i, parameters);
        m = load16(i, momentum);
        step(&p, &m, load16(i, gradients), a);
        store16(m, i, momentum);
        store16(p, i, parameters);
    }
    if (item == 0)
        for (int i = vectors * FG_LANES; i < a.elements; ++i) {
            p = parameters[i];
            m = momentum[i];
            step(&p, &m, gradients[i], a);
            momentum[i] = m.s0;
            parameters[i] = p.s0;
        }
}
