/* tile.c - launches of cl/tile.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tile.h"

#include <math.h>

#include "cl/tile.h"

fg_status fg_tile_prepare(fg_tile_op *out, fg_kernels *kernels)
{
    fg_status status = FG_OK;

    *out = (fg_tile_op){0};
    FG_TRY(fg_kernels_get(&out->forward, kernels, FG_KERNEL_tile_forward, ""));
    FG_TRY(fg_kernels_get(&out->bias, kernels, FG_KERNEL_tile_bias, ""));

cleanup:
    return status;
}

fg_status fg_tile_forward(const fg_tile_op *op, const fg_conv_shape *shape,
                          const fg_conv_call *call, const fg_buffer *tile,
                          const fg_tile_part *part)
{
    const int channels = shape->in_channels / shape->groups;
    const struct fg_tile_args args = {
        .in_pitch = call->in.map->pitch,
        .first_source = call->in.first_source,
        .first = part->group * channels,
        .side = shape->side,
        .stride = shape->stride,
        .in_height = shape->in_height,
        .in_width = shape->in_width,
        .out_height = shape->height,
        .out_width = shape->width,
        .first_pixel = part->first,
        .pixels = part->pixels,
        .floor = call->relu ? 0.0f : -INFINITY,
    };
    fg_launch launch = fg_launch_of(op->forward);

    fg_launch_buffer(&launch, tile);
    fg_launch_buffer(&launch, call->in.map->values);
    fg_launch_buffer(&launch, call->in.sources);
    fg_launch_buffer(&launch, call->affine);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)channels, (size_t)(shape->side * shape->side));
}

fg_status fg_tile_bias(const fg_tile_op *op, const fg_conv_call *call)
{
    const fg_features *map = call->out.map;
    const struct fg_tile_bias_args args = {.pitch = map->pitch,
                                           .first_channel = call->out.first_channel,
                                           .pixels = call->images * map->height * map->width,
                                           .bias = (fg_i32)call->first_bias};
    fg_launch launch = fg_launch_of(op->bias);

    fg_launch_buffer(&launch, map->values);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)call->out.channels, 1);
}
