/* conv.c - tile sizes and launches of cl/conv.cl and cl/conv_weights.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv.h"

#include <math.h>
#include <stdio.h>

/* 256 KiB: stays in the second-level cache of today's cores. */
#define LOCAL_FLOATS_WANTED (64 * 1024)

/* Input channels that are packed at once: with their tiles they fill a first-level cache, or little
 * more. So few as FORWARD_LEAST_BLOCK are worth a smaller tile. */
#define FORWARD_BLOCK_1X1 48
#define FORWARD_BLOCK_3X3 8
#define FORWARD_LEAST_BLOCK 8

/* Most output channels of a work-item: beyond, the tile is packed again. */
#define FORWARD_OUTS 96

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Rows of a register tile: the fewest rows of padding, and of those that tie the first. */
static int tile_channels(int channels, const int *choices, int count)
{
    int best = choices[0];
    for (int i = 1; i < count; ++i)
        if (round_up(channels, choices[i]) < round_up(channels, best))
            best = choices[i];
    return best;
}

/* Vectors that fill about 24 registers with `channels` rows, but not more than a run has: a run
 * of a 3x3 lies in one image. */
static int tile_vectors(const fg_conv_shape *shape, int channels)
{
    const int vectors = channels >= 8 ? 2 : 4;
    const int run = round_up(shape->height * shape->width, FG_LANES) / FG_LANES;
    return shape->side == 1 ? vectors : run >= vectors ? vectors : run >= 2 ? 2 : 1;
}

/* Floats of a row of weight gradients of `outs` output channels. The transposition writes whole
 * vectors, so the last tap needs room for one. */
static int lanes_of(const fg_conv_op *op, int outs)
{
    const int taps = op->shape.side * op->shape.side;
    return round_up((taps - 1) * outs + round_up(outs, FG_LANES), FG_LANES * op->lane_vectors);
}

/* The register tile with the least padding; rows of 3 to 7 vectors keep the loads few. */
static int choose_lane_vectors(const fg_conv_shape *shape)
{
    const int outs = smaller(shape->out_channels, FG_CONV_OUT_BLOCK);
    const int taps = shape->side * shape->side;
    const int vectors = ((taps - 1) * outs + round_up(outs, FG_LANES)) / FG_LANES +
                        (((taps - 1) * outs) % FG_LANES != 0);
    int best = smaller(vectors, 7);
    if (vectors <= 7)
        return best;
    for (int v = 6; v >= 3; --v)
        if (round_up(vectors, v) < round_up(vectors, best))
            best = v;
    return best;
}

static fg_status create_kernel(const fg_kernel **out, fg_kernels *kernels, enum fg_kernel_id id,
                               const fg_conv_op *op, const struct fg_conv_tiling *tiling)
{
    char options[256];
    const int rows_wanted = op->lane_vectors <= 3 ? 8 : op->lane_vectors <= 4 ? 6 : 4;
    int lane_rows = tiling->channels;
    while (lane_rows > rows_wanted || tiling->channels % lane_rows != 0)
        --lane_rows;
    const int length = snprintf(
        options, sizeof options, "-D SIDE=%d -D TILE_CHANNELS=%d -D VECTORS=%d -D IN_PLACE=%d",
        op->shape.side, tiling->channels, tiling->vectors, op->shape.in_place);
    if (id == FG_KERNEL_conv_backward)
        snprintf(options + length, sizeof options - (size_t)length,
                 " -D BACKWARD_DATA=%d -D LANE_VECTORS=%d -D LANE_ROWS=%d", op->shape.data,
                 op->lane_vectors, lane_rows);
    return fg_kernels_get(out, kernels, id, options);
}

fg_status fg_conv_prepare(fg_conv_op *out, fg_kernels *kernels, const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    static const int wide[] = {12, 8, 6, 4}, narrow[] = {6, 8, 4};
    const size_t local_floats = kernels->device->info.local_bytes / sizeof(float);
    struct fg_conv_tiling *f = &out->forward_tiling, *b = &out->backward_tiling;

    *out = (fg_conv_op){.shape = *shape};
    out->local_floats = local_floats < LOCAL_FLOATS_WANTED ? local_floats : LOCAL_FLOATS_WANTED;
    f->channels = shape->side == 1 ? tile_channels(shape->out_channels, narrow, 3)
                                   : tile_channels(shape->out_channels, wide, 4);
    f->vectors = tile_vectors(shape, f->channels);
    f->pixels = shape->side == 1 ? 128 : 512;
    b->channels = tile_channels(shape->in_channels, narrow, 3);
    b->vectors = tile_vectors(shape, b->channels);
    b->pixels = 128;
    out->lane_vectors = choose_lane_vectors(shape);
    FG_TRY(fg_kernels_get(&out->pack, kernels, FG_KERNEL_conv_weights_pack, ""));
    FG_TRY(create_kernel(&out->forward, kernels, FG_KERNEL_conv_forward, out, f));
    if (shape->backward) {
        FG_TRY(fg_kernels_get(&out->merge, kernels, FG_KERNEL_conv_weights_merge, ""));
        FG_TRY(create_kernel(&out->backward, kernels, FG_KERNEL_conv_backward, out, b));
    }

cleanup:
    return status;
}

/* A tile, the row that it is packed into, and the local memory beside the packed rows. */
static void set_tile(struct fg_conv_args *args, const fg_conv_op *op,
                     const struct fg_conv_tiling *tiling, int pixels)
{
    const struct fg_chunk chunk = fg_chunks_at(args->chunks, 0);
    const int run = op->shape.side == 1 ? chunk.images * chunk.pixels : chunk.pixels;
    const int vectors = FG_LANES * tiling->vectors;
    args->tile = smaller(round_up(run, vectors), round_up(pixels, vectors));
    args->stride = args->tile;
    if (op->shape.side == 3)
        args->stride = round_up(args->tile + 2 * op->shape.width, FG_LANES);
}

/* Floats of a 3x3's line and its two rows of column marks. */
static size_t line_floats(const fg_conv_op *op, const struct fg_conv_args *args)
{
    return op->shape.side == 3 ? (size_t)(args->stride + 3 * FG_LANES) : 0;
}

static size_t mark_ints(const fg_conv_op *op, const struct fg_conv_args *args)
{
    return op->shape.side == 3 ? 2 * (size_t)(args->stride + FG_LANES) : 0;
}

static struct fg_conv_args common_args(const fg_conv_op *op, const fg_conv_call *call)
{
    return (struct fg_conv_args){
        .chunks = fg_chunks_of(call->images, op->shape.height, op->shape.width),
        .in_pitch = call->in.map->pitch,
        .out_pitch = call->out.map->pitch,
        .first_source = call->in.first_source,
        .sources = call->in.sources_count,
        .in_channels = call->in.channels,
        .out_first_channel = call->out.first_channel,
        .out_channels = call->out.channels,
        .bias = -1,
        .floor = call->relu ? 0.0f : -INFINITY,
    };
}

static void local(fg_launch *launch, size_t floats)
{
    fg_launch_value(launch, NULL, (floats + FG_LANES) * sizeof(float));
}

static fg_status pack(const fg_conv_op *op, const fg_conv_call *call, int backward,
                      int first_out, int outs)
{
    const int tile = backward ? op->backward_tiling.channels : op->forward_tiling.channels;
    const int channels = backward ? call->in.channels : call->out.channels;
    const struct fg_conv_weights_args args = {
        .out_channels = call->out.channels,
        .in_channels = call->in.channels,
        .taps = op->shape.side * op->shape.side,
        .first_weight = (fg_i32)call->first_weight,
        .tile_channels = tile,
        .backward = backward,
        .first_out = first_out,
        .outs = outs,
    };
    fg_launch launch = fg_launch_of(op->pack);
    fg_launch_buffer(&launch, call->packed);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)((channels + tile - 1) / tile), 1);
}

/* Floats of local memory of a launch, with `block` packed channels. */
static size_t forward_floats(const fg_conv_op *op, const struct fg_conv_args *args, int block)
{
    return (size_t)(args->outs + op->forward_tiling.channels) * (size_t)args->tile +
           (size_t)(block * op->shape.side) * (size_t)args->stride + line_floats(op, args) +
           (size_t)args->in_channels + mark_ints(op, args) + 3 * FG_LANES;
}

/* What does not fit gets a smaller tile first, since each block of outputs packs the input again. */
static fg_status fit_forward(struct fg_conv_args *args, const fg_conv_op *op)
{
    fg_status status = FG_OK;
    const int tile_rows = op->forward_tiling.channels;
    const int least = smaller(args->in_channels, FORWARD_LEAST_BLOCK);
    const int most =
        smaller(args->in_channels, op->shape.side == 1 ? FORWARD_BLOCK_1X1 : FORWARD_BLOCK_3X3);
    int pixels = op->forward_tiling.pixels;

    args->outs =
        smaller(round_up(args->out_channels, tile_rows), FORWARD_OUTS / tile_rows * tile_rows);
    for (;;) {
        set_tile(args, op, &op->forward_tiling, pixels);
        if (forward_floats(op, args, least) <= op->local_floats)
            break;
        if (pixels > FG_LANES * op->forward_tiling.vectors)
            pixels /= 2;
        else if (args->outs > tile_rows)
            args->outs -= tile_rows;
        else
            break;
    }
    for (args->block = most; args->block > 1; --args->block)
        if (forward_floats(op, args, args->block) <= op->local_floats)
            break;
    FG_CHECK(forward_floats(op, args, args->block) <= op->local_floats, FG_ERR_FIT,
             "a convolution of %d channels needs %zu bytes of local memory, the device has %zu",
             args->in_channels, forward_floats(op, args, args->block) * sizeof(float),
             op->local_floats * sizeof(float));

cleanup:
    return status;
}

fg_status fg_conv_forward(const fg_conv_op *op, const fg_conv_call *call)
{
    fg_status status = FG_OK;
    const int tile_rows = op->forward_tiling.channels;
    struct fg_conv_args args = common_args(op, call);

    args.bias = (fg_i32)call->first_bias;
    args.statistics = call->partials != NULL;
    FG_TRY(fit_forward(&args, op));
    FG_TRY(pack(op, call, 0, 0, call->out.channels));
    fg_launch launch = fg_launch_of(op->forward);
    if (!op->shape.in_place)
        fg_launch_buffer(&launch, call->in.map->values);
    fg_launch_buffer(&launch, call->out.map->values);
    fg_launch_buffer(&launch, call->in.sources);
    fg_launch_buffer(&launch, call->affine);
    fg_launch_buffer(&launch, call->packed);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_buffer(&launch, call->partials);
    local(&launch, (size_t)(args.block * op->shape.side) * (size_t)args.stride);
    local(&launch,
          (size_t)(args.outs + tile_rows) * (size_t)args.tile + line_floats(op, &args));
    local(&launch, (size_t)call->in.channels + mark_ints(op, &args));
    fg_launch_value(&launch, &args, sizeof args);
    FG_TRY(fg_launch_run(&launch, (size_t)args.chunks.chunks,
                         (size_t)((call->out.channels + args.outs - 1) / args.outs)));

cleanup:
    return status;
}

/* Floats of local memory of a launch that does args->outs output channels. */
static size_t backward_floats(const fg_conv_op *op, const struct fg_conv_args *args)
{
    return (size_t)args->outs * (size_t)op->shape.side * (size_t)args->stride +
           (size_t)args->tile * (size_t)args->lanes +
           (size_t)op->backward_tiling.channels * (size_t)args->tile + line_floats(op, args) +
           2 * (size_t)args->in_channels + mark_ints(op, args) + 4 * FG_LANES;
}

static fg_status merge(const fg_conv_op *op, const fg_conv_call *call,
                       const struct fg_conv_args *args)
{
    const struct fg_conv_weights_args merge_args = {
        .out_channels = call->out.channels,
        .in_channels = call->in.channels,
        .taps = op->shape.side * op->shape.side,
        .first_weight = (fg_i32)call->first_weight,
        .first_out = args->first_out,
        .outs = args->outs,
        .lanes = args->lanes,
        .chunks = args->chunks.chunks,
    };
    fg_launch launch = fg_launch_of(op->merge);
    fg_launch_buffer(&launch, call->gradients);
    fg_launch_buffer(&launch, call->weight_partials);
    fg_launch_value(&launch, &merge_args, sizeof merge_args);
    return fg_launch_run(&launch, fg_features_work_items(call->in.channels), 1);
}

fg_status fg_conv_backward(const fg_conv_op *op, const fg_conv_call *call)
{
    fg_status status = FG_OK;
    struct fg_conv_args args = common_args(op, call);
    int block = smaller(call->out.channels, FG_CONV_OUT_BLOCK);
    int pixels = op->backward_tiling.pixels;

    args.norm = call->partials != NULL;
    args.finish = call->coefficients != NULL;
    /* What does not fit gets a smaller tile first, since each block of outputs reads the input
     * again. */
    for (;;) {
        set_tile(&args, op, &op->backward_tiling, pixels);
        args.outs = block;
        args.lanes = lanes_of(op, block);
        if (backward_floats(op, &args) <= op->local_floats || block == 1)
            break;
        if (pixels > FG_LANES * op->backward_tiling.vectors)
            pixels /= 2;
        else
            block = (block + 1) / 2;
    }
    FG_CHECK(backward_floats(op, &args) <= op->local_floats, FG_ERR_FIT,
             "a convolution of %d channels needs %zu bytes of local memory, the device has %zu",
             call->in.channels, backward_floats(op, &args) * sizeof(float),
             op->local_floats * sizeof(float));

    for (args.first_out = 0; args.first_out < call->out.channels; args.first_out += block) {
        args.outs = smaller(block, call->out.channels - args.first_out);
        args.lanes = lanes_of(op, args.outs);
        if (op->shape.data)
            FG_TRY(pack(op, call, 1, args.first_out, args.outs));
        fg_launch launch = fg_launch_of(op->backward);
        fg_launch_buffer(&launch, call->in.map->values);
        if (!op->shape.in_place)
            fg_launch_buffer(&launch, call->coefficients ? call->out.map->values : NULL);
        if (op->shape.data)
            fg_launch_buffer(&launch, call->in.map->gradients);
        if (!op->shape.in_place || !op->shape.data)
            fg_launch_buffer(&launch, call->out.map->gradients);
        fg_launch_buffer(&launch, call->in.sources);
        fg_launch_buffer(&launch, call->affine);
        fg_launch_buffer(&launch, call->coefficients);
        fg_launch_buffer(&launch, call->packed);
        fg_launch_buffer(&launch, call->partials);
        fg_launch_buffer(&launch, call->weight_partials);
        local(&launch, (size_t)args.outs * (size_t)op->shape.side * (size_t)args.stride);
        local(&launch, (size_t)args.tile * (size_t)args.lanes);
        local(&launch, (size_t)op->backward_tiling.channels * (size_t)args.tile +
                           line_floats(op, &args));
        local(&launch, 2 * (size_t)call->in.channels + mark_ints(op, &args));
        fg_launch_value(&launch, &args, sizeof args);
        FG_TRY(fg_launch_run(&launch, (size_t)args.chunks.chunks, 1));
        FG_TRY(merge(op, call, &args));
    }

cleanup:
    return status;
}
