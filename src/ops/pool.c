/* pool.c - launches of cl/pool.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/pool.h"

#include "cl/pool.h"
#include "ops/cut.h"

fg_status fg_pool_prepare(fg_pool_op *out, fg_kernels *kernels, bool training)
{
    fg_status status = FG_OK;

    *out = (fg_pool_op){0};
    FG_TRY(fg_kernels_get(&out->forward, kernels, FG_KERNEL_pool_forward, ""));
    if (training)
        FG_TRY(fg_kernels_get(&out->backward, kernels, FG_KERNEL_pool_backward, ""));

cleanup:
    return status;
}

static struct fg_pool_args common_args(const fg_features *in, const fg_output *out, int images)
{
    return (struct fg_pool_args){
        .chunks = fg_chunks_of(images, out->map->height, out->map->width),
        .in_height = in->height,
        .in_width = in->width,
        .in_pitch = in->pitch,
        .out_pitch = out->map->pitch,
        .out_first_channel = out->first_channel,
        .channels = out->channels,
    };
}

fg_status fg_pool_forward(const fg_pool_op *op, const fg_features *in, const fg_output *out,
                          const fg_buffer *partials, int images)
{
    struct fg_pool_args args = common_args(in, out, images);
    fg_launch launch = fg_launch_of(op->forward);

    args.statistics = partials != NULL;
    args.chunks = fg_cut_pixels(images, out->map->height, out->map->width, args.statistics,
                                fg_cut_wanted(op->forward->device), FG_LANES);
    fg_launch_buffer(&launch, in->values);
    fg_launch_buffer(&launch, out->map->values);
    fg_launch_buffer(&launch, partials);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)args.chunks.chunks, 1);
}

fg_status fg_pool_backward(const fg_pool_op *op, const fg_features *in, const fg_output *out,
                           const fg_buffer *coefficients, int images)
{
    struct fg_pool_args args = common_args(in, out, images);
    fg_launch launch = fg_launch_of(op->backward);

    args.finish = coefficients != NULL;
    fg_launch_buffer(&launch, in->gradients);
    fg_launch_buffer(&launch, coefficients != NULL ? out->map->values : NULL);
    fg_launch_buffer(&launch, out->map->gradients);
    fg_launch_buffer(&launch, coefficients);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)out->channels, 1);
}
