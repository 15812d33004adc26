/* softmax_loss.c - launches of cl/softmax_loss.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/softmax_loss.h"

fg_status fg_softmax_loss_prepare(fg_softmax_loss_op *out, fg_kernels *kernels)
{
    fg_status status = FG_OK;

    FG_TRY(fg_kernels_get(&out->forward, kernels, FG_KERNEL_softmax_loss_forward, ""));
    FG_TRY(fg_kernels_get(&out->merge, kernels, FG_KERNEL_softmax_loss_merge, ""));

cleanup:
    return status;
}

fg_status fg_softmax_loss_forward(const fg_softmax_loss_op *op, const fg_output *logits,
                                  const fg_buffer *labels, const fg_buffer *results, int entry,
                                  int first_image, int images)
{
    fg_status status = FG_OK;
    const struct fg_softmax_loss_args args = {
        .images = images,
        .classes = logits->channels,
        .pitch = logits->map->pitch,
        .first_image = first_image,
        .step = entry,
    };
    fg_launch forward = fg_launch_of(op->forward), merge = fg_launch_of(op->merge);

    fg_launch_buffer(&forward, logits->map->values);
    fg_launch_buffer(&forward, logits->map->gradients);
    fg_launch_buffer(&forward, labels);
    fg_launch_buffer(&forward, results);
    fg_launch_value(&forward, &args, sizeof args);
    FG_TRY(fg_launch_run(&forward, (size_t)images, 1));
    fg_launch_buffer(&merge, results);
    fg_launch_value(&merge, &args, sizeof args);
    FG_TRY(fg_launch_run(&merge, 1, 1));

cleanup:
    return status;
}
