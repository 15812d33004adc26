/* conv.c - register tiles and launches of a convolution's kernels.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv.h"

#include <assert.h>
#include <math.h>

#include "ops/conv_fit.h"
#include "ops/conv_tiling.h"
#include "ops/conv_variant.h"
#include "ops/cut.h"

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static fg_status prepare_backward(fg_conv_op *op, fg_kernels *kernels)
{
    fg_status status = FG_OK;
    fg_conv_fit fit;

    FG_TRY(fg_conv_fit_backward(&fit, op, op->shape.images));
    FG_TRY(fg_kernels_get(&op->merge, kernels, FG_KERNEL_conv_weights_merge, ""));
    FG_TRY(fg_conv_tiling_weights_kernel(
        &op->backward, kernels,
        op->gathers ? FG_KERNEL_conv_gather_backward_weights : FG_KERNEL_conv_backward, op));
    if (op->gathers && op->shape.data) {
        FG_TRY(fg_conv_fit_phases(&fit, op, op->shape.images));
        FG_TRY(fg_conv_tiling_kernel(&op->phases, kernels, FG_KERNEL_conv_phases_backward_data,
                                     op, &op->phases_tiling));
    }

cleanup:
    return status;
}

fg_status fg_conv_prepare(fg_conv_op *out, fg_kernels *kernels, const fg_conv_shape *shape,
                          const fg_conv_variant *variant)
{
    fg_status status = FG_OK;
    fg_conv_fit fit;

    *out = (fg_conv_op){.shape = *shape};
    FG_REQUIRE(shape->stride == 1 || shape->stride == 2,
               "a convolution's stride is %d: it must be 1 or 2", shape->stride);
    FG_REQUIRE(shape->groups >= 1 && shape->in_channels % shape->groups == 0 &&
                   shape->out_channels % shape->groups == 0,
               "%d groups do not divide %d and %d channels", shape->groups, shape->in_channels,
               shape->out_channels);
    FG_REQUIRE(
        !shape->pooled || (shape->side == 1 && shape->stride == 1 && !shape->in_place &&
                           shape->in_dropout == FG_DROPOUT_NONE),
        "a convolution of side %d at stride %d cannot pool what it reads: only one of side "
        "1 and stride 1 between two maps that drops nothing in front of it can",
        shape->side, shape->stride);
    out->gathers = fg_conv_gathers(shape->side);
    out->local_floats = kernels->device->info.local_bytes / sizeof(float);
    out->wanted = fg_cut_wanted(kernels->device);
    fg_conv_tiling_choose(out);
    if (variant != NULL && !fg_conv_variant_take(out, variant))
        fg_log_line(&kernels->device->log, FG_LOG_WARN,
                    "a tuned tile of a %dx%d convolution of %d to %d channels is not possible "
                    "here, and not used",
                    shape->side, shape->side, shape->in_channels, shape->out_channels);
    if (shape->backward)
        FG_TRY(prepare_backward(out, kernels)); /* a program of it has what is forward, too */
    FG_TRY(fg_conv_fit_forward(&fit, out, shape->images, true));
    FG_TRY(fg_kernels_get(&out->pack, kernels, FG_KERNEL_conv_weights_pack, ""));
    FG_TRY(fg_conv_tiling_kernel(&out->forward, kernels,
                                 out->gathers ? FG_KERNEL_conv_gather_forward
                                              : FG_KERNEL_conv_forward,
                                 out, &out->forward_tiling));

cleanup:
    return status;
}

bool fg_conv_image_runs(const fg_conv_op *op)
{
    return !op->gathers && op->shape.side > 1;
}

/* What the shape does not say. */
static void set_call(struct fg_conv_args *args, const fg_conv_call *call)
{
    args->in_pitch = call->in.map->pitch;
    args->out_pitch = call->out.map->pitch;
    args->first_source = call->in.first_source;
    args->out_first_channel = call->out.first_channel;
    args->floor = call->relu ? 0.0f : -INFINITY;
    args->norm = call->partials != NULL;
    args->finish = call->coefficients != NULL;
    if (call->shortcut != NULL) {
        assert(call->shortcut->pitch == args->out_pitch);
        args->shortcut = call->shortcut_adds ? FG_SHORTCUT_ADDS : FG_SHORTCUT_WRITES;
        args->shortcut_first_channel = call->shortcut_first_channel;
    }
    args->in_dropout = call->in_dropout;
    args->out_dropout = call->out_dropout;
}

static struct fg_conv_weights_args weights_args(const struct fg_conv_args *args)
{
    return (struct fg_conv_weights_args){
        .out_channels = args->out_channels,
        .in_channels = args->in_channels,
        .side = args->side,
        .stride = args->stride,
        .first_out = args->first_out,
        .outs = args->outs,
        .groups = args->groups,
        .lanes = args->lanes,
        .chunks = args->chunks.chunks,
    };
}

/* Weights in the order of a kernel whose register tile runs over `channels` of a group. */
static fg_status pack(const fg_conv_op *op, const fg_conv_call *call,
                      const struct fg_conv_weights_args *args, int channels)
{
    fg_launch launch = fg_launch_of(op->pack);
    fg_launch_buffer(&launch, call->packed);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_value(&launch, args, sizeof *args);
    return fg_launch_run(
        &launch, (size_t)(round_up(channels, args->tile_channels) / args->tile_channels),
        (size_t)args->groups);
}

static void local(fg_launch *launch, size_t floats)
{
    fg_launch_value(launch, NULL, (floats + FG_LANES) * sizeof(float));
}

static fg_status pack_forward(const fg_conv_op *op, const fg_conv_call *call,
                              const struct fg_conv_args *args)
{
    struct fg_conv_weights_args weights = weights_args(args);
    weights.order = FG_CONV_ORDER_FORWARD;
    weights.tile_channels = op->forward_tiling.channels;
    weights.first_weight = (fg_i32)call->first_weight;
    return pack(op, call, &weights, args->out_channels);
}

fg_status fg_conv_forward(const fg_conv_op *op, const fg_conv_call *call)
{
    fg_status status = FG_OK;
    fg_conv_fit fit;

    FG_TRY(fg_conv_fit_forward(&fit, op, call->images, call->partials != NULL));
    set_call(&fit.args, call);
    fit.args.bias = (fg_i32)call->first_bias;
    fit.args.statistics = call->partials != NULL;
    if (!call->kept)
        FG_TRY(pack_forward(op, call, &fit.args));
    fg_launch launch = fg_launch_of(op->forward);
    if (!op->shape.in_place)
        fg_launch_buffer(&launch, call->in.map->values);
    fg_launch_buffer(&launch, call->out.map->values);
    if (!op->gathers)
        fg_launch_buffer(&launch, call->shortcut != NULL ? call->shortcut->values : NULL);
    fg_launch_buffer(&launch, call->in.sources);
    fg_launch_buffer(&launch, call->affine);
    fg_launch_buffer(&launch, call->packed);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_buffer(&launch, call->partials);
    local(&launch, fit.packed);
    local(&launch, fit.results);
    local(&launch, fit.lists);
    fg_launch_value(&launch, &fit.args, sizeof fit.args);
    FG_TRY(fg_launch_run(&launch, (size_t)fit.args.chunks.chunks,
                         fg_conv_fit_items(&fit, fit.args.out_channels)));

cleanup:
    return status;
}

/* Features and gradients of both maps, as far as the kernel wants them; once what is one map. */
static void set_maps(fg_launch *launch, const fg_conv_op *op, const fg_conv_call *call,
                     bool data)
{
    const fg_buffer *read = call->coefficients != NULL ? call->out.map->values : NULL;

    fg_launch_buffer(launch, call->in.map->values);
    if (!op->shape.in_place)
        fg_launch_buffer(launch, read);
    if (data)
        fg_launch_buffer(launch, call->in.map->gradients);
    if (!op->shape.in_place || !data)
        fg_launch_buffer(launch, call->out.map->gradients);
    if (!op->gathers)
        fg_launch_buffer(launch, call->shortcut != NULL ? call->shortcut->gradients : NULL);
    fg_launch_buffer(launch, call->in.sources);
    fg_launch_buffer(launch, call->affine);
    fg_launch_buffer(launch, call->coefficients);
}

static fg_status backward_phases(const fg_conv_op *op, const fg_conv_call *call)
{
    fg_status status = FG_OK;
    fg_conv_fit fit;

    FG_TRY(fg_conv_fit_phases(&fit, op, call->images));
    set_call(&fit.args, call);
    struct fg_conv_weights_args weights = weights_args(&fit.args);
    weights.order = FG_CONV_ORDER_PHASES;
    weights.outs = fit.args.out_channels;
    weights.tile_channels = op->phases_tiling.channels;
    weights.first_weight = (fg_i32)call->first_weight;
    FG_TRY(pack(op, call, &weights, fit.args.in_channels));
    fg_launch launch = fg_launch_of(op->phases);
    set_maps(&launch, op, call, true);
    fg_launch_buffer(&launch, call->packed);
    fg_launch_buffer(&launch, call->partials);
    local(&launch, fit.packed);
    local(&launch, fit.results);
    local(&launch, fit.lists);
    fg_launch_value(&launch, &fit.args, sizeof fit.args);
    FG_TRY(fg_launch_run(&launch, (size_t)fit.args.chunks.chunks,
                         fg_conv_fit_items(&fit, fit.args.in_channels)));

cleanup:
    return status;
}

/* Adds up the chunks' weight gradients. */
static fg_status merge(const fg_conv_op *op, const fg_conv_call *call,
                       const struct fg_conv_args *args)
{
    struct fg_conv_weights_args weights = weights_args(args);
    weights.first_weight = (fg_i32)call->first_gradient;
    weights.lane_unit = FG_LANES * op->lane_vectors;
    if (op->gathers) {
        weights.in_channels *= args->side * args->side;
        weights.side = 1;
        weights.stride = 1;
    }
    fg_launch launch = fg_launch_of(op->merge);
    fg_launch_buffer(&launch, call->gradients);
    fg_launch_buffer(&launch, call->weight_partials);
    fg_launch_value(&launch, &weights, sizeof weights);
    return fg_launch_run(&launch, fg_features_work_items(args->groups * weights.in_channels),
                         1);
}

/* What the launch does of each group's outputs is said by the arguments. */
static fg_status backward_block(const fg_conv_op *op, const fg_conv_call *call,
                                const fg_conv_fit *fit)
{
    fg_status status = FG_OK;
    const bool data = op->shape.data && !op->gathers;
    fg_launch launch = fg_launch_of(op->backward);

    if (data) {
        struct fg_conv_weights_args weights = weights_args(&fit->args);
        weights.order = FG_CONV_ORDER_BACKWARD;
        weights.tile_channels = op->backward_tiling.channels;
        weights.first_weight = (fg_i32)call->first_weight;
        FG_TRY(pack(op, call, &weights, fit->args.in_channels));
    }
    set_maps(&launch, op, call, data);
    if (!op->gathers) {
        fg_launch_buffer(&launch, call->packed);
        fg_launch_buffer(&launch, call->partials);
    }
    fg_launch_buffer(&launch, call->weight_partials);
    local(&launch, fit->packed);
    local(&launch, fit->dy);
    local(&launch, fit->results);
    local(&launch, fit->lists);
    fg_launch_value(&launch, &fit->args, sizeof fit->args);
    FG_TRY(fg_launch_run(&launch, (size_t)fit->args.chunks.chunks,
                         fg_conv_fit_items(fit, fit->args.outs)));
    FG_TRY(merge(op, call, &fit->args));

cleanup:
    return status;
}

fg_status fg_conv_backward(const fg_conv_op *op, const fg_conv_call *call)
{
    fg_status status = FG_OK;
    fg_conv_fit fit;

    if (op->phases != NULL)
        FG_TRY(backward_phases(op, call));
    FG_TRY(fg_conv_fit_backward(&fit, op, call->images));
    set_call(&fit.args, call);
    const int block = fit.args.outs, channels = fit.args.out_channels;
    for (; fit.args.first_out < channels; fit.args.first_out += block) {
        fg_conv_fit_outs(&fit, op, smaller(block, channels - fit.args.first_out));
        FG_TRY(backward_block(op, call, &fit));
    }

cleanup:
    return status;
}
