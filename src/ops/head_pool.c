/* head_pool.c - launches of cl/head_pool.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/head_pool.h"

#include <math.h>

#include "cl/pool.h"

fg_status fg_head_pool_prepare(fg_head_pool_op *out, fg_kernels *kernels, bool training)
{
    fg_status status = FG_OK;

    *out = (fg_head_pool_op){0};
    FG_TRY(fg_kernels_get(&out->forward, kernels, FG_KERNEL_head_pool_forward, ""));
    if (training)
        FG_TRY(fg_kernels_get(&out->backward, kernels, FG_KERNEL_head_pool_backward, ""));

cleanup:
    return status;
}

static struct fg_head_pool_args common_args(const fg_input *in, const fg_features *out,
                                            bool relu, int grid, int images)
{
    return (struct fg_head_pool_args){
        .chunks = fg_chunks_of(images, in->map->height, in->map->width),
        .in_pitch = in->map->pitch,
        .out_pitch = out->pitch,
        .first_source = in->first_source,
        .in_channels = in->channels,
        .grid = grid,
        .cell = (in->map->height < in->map->width ? in->map->height : in->map->width) / grid,
        .floor = relu ? 0.0f : -INFINITY,
    };
}

fg_status fg_head_pool_forward(const fg_head_pool_op *op, const fg_input *in,
                               const fg_features *out, const fg_buffer *affine, bool relu,
                               int grid, int images)
{
    const struct fg_head_pool_args args = common_args(in, out, relu, grid, images);
    fg_launch launch = fg_launch_of(op->forward);

    fg_launch_buffer(&launch, in->map->values);
    fg_launch_buffer(&launch, out->values);
    fg_launch_buffer(&launch, in->sources);
    fg_launch_buffer(&launch, affine);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)in->channels, 1);
}

fg_status fg_head_pool_backward(const fg_head_pool_op *op, const fg_input *in,
                                const fg_features *out, const fg_buffer *affine, bool relu,
                                const fg_buffer *partials, int grid, int images)
{
    struct fg_head_pool_args args = common_args(in, out, relu, grid, images);
    fg_launch launch = fg_launch_of(op->backward);

    args.norm = partials != NULL;
    fg_launch_buffer(&launch, in->map->values);
    fg_launch_buffer(&launch, in->map->gradients);
    fg_launch_buffer(&launch, out->gradients);
    fg_launch_buffer(&launch, in->sources);
    fg_launch_buffer(&launch, affine);
    fg_launch_buffer(&launch, partials);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)args.chunks.chunks, 1);
}
