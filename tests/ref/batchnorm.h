/* batchnorm.h - batch norm as the textbook has it, in double precision.
 *
 * Ioffe, Szegedy, "Batch normalization", ICML 2015. Arrays are [channels][pixels], a channel's
 * pixels being those of the whole batch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_BATCHNORM_H
#define FG_TESTS_REF_BATCHNORM_H

/* variance: divided by the number of pixels. */
void fg_ref_batchnorm_statistics(double *mean, double *variance, const double *x, int channels,
                                 int pixels);

/* y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of x */
void fg_ref_batchnorm_forward(double *y, const double *x, const double *gamma,
                              const double *beta, int channels, int pixels);

/* With xhat = (x - mean) / sigma and means over a channel's pixels:
 *     grad_beta = sum of dy,  grad_gamma = sum of dy * xhat,
 *     grad_x = gamma / sigma * (dy - mean(dy) - xhat * mean(dy * xhat)) */
void fg_ref_batchnorm_backward(double *grad_x, double *grad_gamma, double *grad_beta,
                               const double *x, const double *gamma, const double *grad_y,
                               int channels, int pixels);

/* running = 0.9 * running + 0.1 * batch, with the variance divided by pixels - 1 */
void fg_ref_batchnorm_running(double *running_mean, double *running_variance,
                              const double *mean, const double *variance, int channels,
                              int pixels);

#endif
