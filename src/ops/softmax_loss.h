/* softmax_loss.h - softmax, cross-entropy, its gradient, and who was right.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_SOFTMAX_LOSS_H
#define FG_OPS_SOFTMAX_LOSS_H

#include "cl/softmax_loss.h"
#include "ops/features.h"
#include "ops/kernels.h"

typedef struct fg_softmax_loss_op {
    const fg_kernel *forward, *merge;
} fg_softmax_loss_op;

fg_status fg_softmax_loss_prepare(fg_softmax_loss_op *out, fg_kernels *kernels);

/* Writes the gradient of the mean loss beside the logits, and the step's result as entry
 * `entry` of results, whose entries from first_image on are the images'. */
fg_status fg_softmax_loss_forward(const fg_softmax_loss_op *op, const fg_output *logits,
                                  const fg_buffer *labels, const fg_buffer *results, int entry,
                                  int first_image, int images);

#endif
