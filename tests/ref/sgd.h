/* sgd.h - stochastic gradient descent with momentum and weight decay, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_SGD_H
#define FG_TESTS_REF_SGD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fg_ref_sgd {
    double rate, momentum, weight_decay;
    bool nesterov;
} fg_ref_sgd;

/* PyTorch's form: g = gradient + weight_decay * p;  m = momentum * m + g;
 * p -= rate * (nesterov ? g + momentum * m : m) */
void fg_ref_sgd_update(double *parameters, double *momentum, const double *gradients,
                       size_t count, const fg_ref_sgd *sgd);

#endif
