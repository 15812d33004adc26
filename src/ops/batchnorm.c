/* batchnorm.c - launches of cl/batchnorm.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/batchnorm.h"

fg_status fg_batchnorm_prepare(fg_batchnorm_op *out, fg_kernels *kernels, bool training)
{
    fg_status status = FG_OK;

    *out = (fg_batchnorm_op){0};
    FG_TRY(fg_kernels_get(&out->affine, kernels, FG_KERNEL_batchnorm_affine, ""));
    if (training) {
        FG_TRY(fg_kernels_get(&out->statistics, kernels, FG_KERNEL_batchnorm_statistics, ""));
        FG_TRY(fg_kernels_get(&out->running, kernels, FG_KERNEL_batchnorm_running, ""));
        FG_TRY(fg_kernels_get(&out->backward, kernels, FG_KERNEL_batchnorm_backward, ""));
        FG_TRY(
            fg_kernels_get(&out->coefficients, kernels, FG_KERNEL_batchnorm_coefficients, ""));
    }

cleanup:
    return status;
}

static struct fg_batchnorm_args output_args(const fg_output *written, int images)
{
    return (struct fg_batchnorm_args){
        .chunks = fg_chunks_of(images, written->map->height, written->map->width),
        .channels = written->channels,
        .first_slot = written->map->first_slot + written->first_channel,
    };
}

fg_status fg_batchnorm_statistics(const fg_batchnorm_op *op, const fg_buffer *statistics,
                                  const fg_buffer *partials, const fg_output *written,
                                  int images, bool image_runs)
{
    struct fg_batchnorm_args args = output_args(written, images);
    fg_launch launch = fg_launch_of(op->statistics);

    args.image_runs = image_runs;
    fg_launch_buffer(&launch, statistics);
    fg_launch_buffer(&launch, partials);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, fg_features_work_items(written->channels), 1);
}

fg_status fg_batchnorm_affine(const fg_batchnorm_op *op, const fg_buffer *affine,
                              const fg_input *in, enum fg_affine_mode mode,
                              const fg_buffer *statistics, const fg_buffer *parameters,
                              const fg_buffer *running)
{
    const struct fg_batchnorm_args args = {
        .mode = (fg_i32)mode,
        .channels = in->channels,
        .first_source = in->first_source,
    };
    fg_launch launch = fg_launch_of(op->affine);

    fg_launch_buffer(&launch, affine);
    fg_launch_buffer(&launch, in->sources);
    fg_launch_buffer(&launch, statistics);
    fg_launch_buffer(&launch, parameters);
    fg_launch_buffer(&launch, running);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, fg_features_work_items(in->channels), 1);
}

fg_status fg_batchnorm_running(const fg_batchnorm_op *op, const fg_buffer *running,
                               const fg_buffer *table, const fg_buffer *statistics,
                               int channels, int images)
{
    fg_launch launch = fg_launch_of(op->running);

    fg_launch_buffer(&launch, running);
    fg_launch_buffer(&launch, table);
    fg_launch_buffer(&launch, statistics);
    fg_launch_value(&launch, &(cl_int){channels}, sizeof(cl_int));
    fg_launch_value(&launch, &(cl_int){images}, sizeof(cl_int));
    return fg_launch_run(&launch, fg_features_work_items(channels), 1);
}

fg_status fg_batchnorm_backward(const fg_batchnorm_op *op, const fg_buffer *gradients,
                                const fg_buffer *sums, const fg_input *in,
                                const fg_features *walked, const fg_buffer *parameters,
                                const fg_buffer *partials, int images)
{
    const struct fg_batchnorm_args args = {
        .chunks = fg_chunks_of(images, walked->height, walked->width),
        .channels = in->channels,
        .first_source = in->first_source,
    };
    fg_launch launch = fg_launch_of(op->backward);

    fg_launch_buffer(&launch, gradients);
    fg_launch_buffer(&launch, sums);
    fg_launch_buffer(&launch, in->sources);
    fg_launch_buffer(&launch, parameters);
    fg_launch_buffer(&launch, partials);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, fg_features_work_items(in->channels), 1);
}

fg_status fg_batchnorm_coefficients(const fg_batchnorm_op *op, const fg_buffer *coefficients,
                                    const fg_buffer *sums, const fg_buffer *statistics,
                                    const fg_output *written, int images)
{
    const struct fg_batchnorm_args args = output_args(written, images);
    fg_launch launch = fg_launch_of(op->coefficients);

    fg_launch_buffer(&launch, coefficients);
    fg_launch_buffer(&launch, sums);
    fg_launch_buffer(&launch, statistics);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, fg_features_work_items(written->channels), 1);
}
