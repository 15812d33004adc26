/* batchnorm.h - batch norm, apart from the passes over pixels that its neighbours do.
 *
 * A feature's statistics come from the partial sums of the kernel that wrote it. A reader's
 * affine part is made just before it reads. Formulas are in cl/batchnorm.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_BATCHNORM_H
#define FG_OPS_BATCHNORM_H

#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_batchnorm_op {
    const fg_kernel *statistics, *affine, *running, *backward, *coefficients;
} fg_batchnorm_op;

fg_status fg_batchnorm_prepare(fg_batchnorm_op *out, fg_kernels *kernels, bool training);

/* Partial sums of `written` -> table of statistics. image_runs: lanes start anew in every
 * image, as the 3x3 convolution's do. */
fg_status fg_batchnorm_statistics(const fg_batchnorm_op *op, const fg_buffer *statistics,
                                  const fg_buffer *partials, const fg_output *written,
                                  int images, bool image_runs);

/* -> struct fg_affine [in->channels], by the norms that in's sources name. statistics may be
 * NULL where the mode is running. */
fg_status fg_batchnorm_affine(const fg_batchnorm_op *op, const fg_buffer *affine,
                              const fg_input *in, enum fg_affine_mode mode,
                              const fg_buffer *statistics, const fg_buffer *parameters,
                              const fg_buffer *running);

/* All running statistics of the network follow the batch's. table: struct fg_running
 * [channels]. */
fg_status fg_batchnorm_running(const fg_batchnorm_op *op, const fg_buffer *running,
                               const fg_buffer *table, const fg_buffer *statistics,
                               int channels, int images);

/* Partial sums of a reader -> d_gamma and d_beta of its norms in gradients, and the sums of
 * what it reads through them. */
fg_status fg_batchnorm_backward(const fg_batchnorm_op *op, const fg_buffer *gradients,
                                const fg_buffer *sums, const fg_input *in,
                                const fg_features *walked, const fg_buffer *parameters,
                                const fg_buffer *partials, int images);

/* Sums of `written`, whose readers are all done -> struct fg_coefficients [written->channels].
 */
fg_status fg_batchnorm_coefficients(const fg_batchnorm_op *op, const fg_buffer *coefficients,
                                    const fg_buffer *sums, const fg_buffer *statistics,
                                    const fg_output *written, int images);

#endif
