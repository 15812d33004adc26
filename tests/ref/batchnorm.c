/* batchnorm.c - batch norm as the textbook has it, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/batchnorm.h"

#include <math.h>

#include "cl/shared.h"

typedef struct moments {
    double mean, variance, inverse; /* inverse: 1 / sigma */
} moments;

static moments moments_of(const double *x, int pixels)
{
    moments m = {0.0, 0.0, 0.0};
    for (int p = 0; p < pixels; ++p)
        m.mean += x[p] / pixels;
    for (int p = 0; p < pixels; ++p)
        m.variance += (x[p] - m.mean) * (x[p] - m.mean) / pixels;
    m.inverse = 1.0 / sqrt(m.variance + (double)FG_NORM_EPSILON);
    return m;
}

void fg_ref_batchnorm_statistics(double *mean, double *variance, const double *x, int channels,
                                 int pixels)
{
    for (int c = 0; c < channels; ++c, x += pixels) {
        const moments m = moments_of(x, pixels);
        mean[c] = m.mean;
        variance[c] = m.variance;
    }
}

void fg_ref_batchnorm_forward(double *y, const double *x, const double *gamma,
                              const double *beta, int channels, int pixels)
{
    for (int c = 0; c < channels; ++c, x += pixels, y += pixels) {
        const moments m = moments_of(x, pixels);
        for (int p = 0; p < pixels; ++p)
            y[p] = gamma[c] * (x[p] - m.mean) * m.inverse + beta[c];
    }
}

void fg_ref_batchnorm_backward(double *grad_x, double *grad_gamma, double *grad_beta,
                               const double *x, const double *gamma, const double *grad_y,
                               int channels, int pixels)
{
    for (int c = 0; c < channels; ++c, x += pixels, grad_y += pixels, grad_x += pixels) {
        const moments m = moments_of(x, pixels);
        grad_beta[c] = 0.0;
        grad_gamma[c] = 0.0;
        for (int p = 0; p < pixels; ++p) {
            grad_beta[c] += grad_y[p];
            grad_gamma[c] += grad_y[p] * (x[p] - m.mean) * m.inverse;
        }
        for (int p = 0; p < pixels; ++p)
            grad_x[p] = gamma[c] * m.inverse *
                        (grad_y[p] - grad_beta[c] / pixels -
                         (x[p] - m.mean) * m.inverse * grad_gamma[c] / pixels);
    }
}

void fg_ref_batchnorm_running(double *running_mean, double *running_variance,
                              const double *mean, const double *variance, int channels,
                              int pixels)
{
    const double share = (double)FG_NORM_MOMENTUM;
    for (int c = 0; c < channels; ++c) {
        const double unbiased = variance[c] * pixels / (pixels - 1.0);
        running_mean[c] = (1.0 - share) * running_mean[c] + share * mean[c];
        running_variance[c] = (1.0 - share) * running_variance[c] + share * unbiased;
    }
}
