/* sgd.c - stochastic gradient descent with momentum and weight decay, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/sgd.h"

void fg_ref_sgd_update(double *parameters, double *momentum, const double *gradients,
                       size_t count, const fg_ref_sgd *sgd)
{
    for (size_t i = 0; i < count; ++i) {
        const double g = gradients[i] + sgd->weight_decay * parameters[i];
        momentum[i] = sgd->momentum * momentum[i] + g;
        parameters[i] -=
            sgd->rate * (sgd->nesterov ? g + sgd->momentum * momentum[i] : momentum[i]);
    }
}
