/* conv_winograd.c - launches of Winograd's convolution.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_winograd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/conv_winograd_fit.h"
#include "ops/cut.h"

#define PACK_SHARE 32 /* input channels whose weights one work-item transforms */

static void free_op(void *self)
{
    free(self);
}

static fg_status create(void **out, fg_kernels *kernels, const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    fg_conv_winograd_op *op = NULL;
    fg_conv_winograd_fit fit;
    char options[256];

    FG_ALLOC(op, 1);
    op->shape = *shape;
    op->local_floats = kernels->device->info.local_bytes / sizeof(float);
    op->wanted = fg_cut_wanted(kernels->device);
    fg_conv_winograd_fit_tile(op);
    FG_TRY(fg_conv_winograd_fit_forward(&fit, op, shape->images, true));
    snprintf(options, sizeof options,
             "-D TILE_CHANNELS=%d -D VECTORS=%d -D COLUMNS=%d -D IN_PLACE=%d "
             "-D DROPOUT_IN=%d -D DROPOUT_OUT=%d",
             op->tile_channels, op->vectors, op->columns, shape->in_place,
             (int)shape->in_dropout, (int)shape->out_dropout);
    FG_TRY(fg_kernels_get(&op->pack, kernels, FG_KERNEL_conv_winograd_pack, ""));
    FG_TRY(fg_kernels_get(&op->forward, kernels, FG_KERNEL_conv_winograd_forward, options));
    *out = op;
    op = NULL;

cleanup:
    free(op);
    return status;
}

/* Weights, transformed, in the order in which the kernel reads them. */
static fg_status pack(const fg_conv_winograd_op *op, const fg_conv_call *call,
                      const fg_buffer *packed)
{
    const struct fg_winograd_weights_args args = {
        .out_channels = op->shape.out_channels,
        .in_channels = op->shape.in_channels,
        .first_weight = (fg_i32)call->first_weight,
        .tile_channels = op->tile_channels,
        .share = PACK_SHARE,
    };
    fg_launch launch = fg_launch_of(op->pack);

    fg_launch_buffer(&launch, packed);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(
        &launch, (size_t)((args.out_channels + args.tile_channels - 1) / args.tile_channels),
        (size_t)((args.in_channels + PACK_SHARE - 1) / PACK_SHARE));
}

/* What the shape does not say. */
static void set_call(struct fg_conv_args *args, const fg_conv_call *call)
{
    args->in_pitch = call->in.map->pitch;
    args->out_pitch = call->out.map->pitch;
    args->first_source = call->in.first_source;
    args->out_first_channel = call->out.first_channel;
    args->floor = call->relu ? 0.0f : -INFINITY;
    args->bias = (fg_i32)call->first_bias;
    args->statistics = call->partials != NULL;
    args->in_dropout = call->in_dropout;
    args->out_dropout = call->out_dropout;
}

static void local(fg_launch *launch, size_t floats)
{
    fg_launch_value(launch, NULL, (floats + FG_LANES) * sizeof(float));
}

static fg_status forward(void *self, const fg_conv_call *call, const fg_buffer *tile)
{
    const fg_conv_winograd_op *op = self;
    fg_status status = FG_OK;
    fg_conv_winograd_fit fit;

    FG_TRY(fg_conv_winograd_fit_forward(&fit, op, call->images, call->partials != NULL));
    struct fg_conv_args *args = &fit.args.conv;
    set_call(args, call);
    if (!call->kept)
        FG_TRY(pack(op, call, tile));
    fg_launch launch = fg_launch_of(op->forward);
    if (!op->shape.in_place)
        fg_launch_buffer(&launch, call->in.map->values);
    fg_launch_buffer(&launch, call->out.map->values);
    fg_launch_buffer(&launch, call->in.sources);
    fg_launch_buffer(&launch, call->affine);
    fg_launch_buffer(&launch, tile);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_buffer(&launch, call->partials);
    local(&launch, fit.inputs);
    local(&launch, fit.products);
    local(&launch, fit.results);
    local(&launch, (size_t)args->listed);
    fg_launch_value(&launch, &fit.args, sizeof fit.args);
    FG_TRY(fg_launch_run(&launch, (size_t)args->chunks.chunks,
                         (size_t)((args->out_channels + args->outs - 1) / args->outs)));

cleanup:
    return status;
}

const fg_candidate fg_conv_winograd = {
    .algorithm = FG_ALGORITHM_WINOGRAD,
    .statistics = true,
    .image_runs = true,
    .create = create,
    .forward = forward,
    .free = free_op,
};
