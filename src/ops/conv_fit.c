/* conv_fit.c - arguments of a convolution's kernels, with tiles that fit in local memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_fit.h"

#include "ops/conv_tiling.h"
#include "ops/cut.h"

/* Input channels, or rows (channel, tap), that are packed at once: with their tiles they fill a
 * first-level cache, or little more. So few as LEAST_BLOCK are worth a smaller tile. */
#define BLOCK_3X3 8
#define BLOCK_ROWS 48
#define BLOCK_ROWS_NARROW 32 /* of few outputs, whose sums cost little to keep between blocks */
#define NARROW_OUTS 24
#define LEAST_BLOCK 8

/* 256 KiB stay in the second-level cache of today's cores. */
#define LOCAL_FLOATS_WANTED (64 * 1024)

/* Most channels that a work-item makes: beyond, the tile is packed again. */
#define ITEM_CHANNELS 96
#define ITEM_CHANNELS_STRIDED 128 /* it costs more to pack than that, as it does to gather */
#define ITEM_CHANNELS_POOLED 256  /* ... and more still: four pixels for each */

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Whether the output's gradient is packed with the pixels around a tile; at stride 1 so is the
 * input. */
static bool has_halo(const fg_conv_op *op)
{
    return !op->gathers && op->shape.side == 3;
}

/* Whether register tiles of weight gradients end with a row of taps, in each launch of so many outputs:
 * then they are read from the turned gradient itself. */
static bool turns(const fg_conv_op *op, int outs)
{
    const int side = op->shape.side, unit = FG_LANES * op->lane_vectors;
    const int all = op->shape.out_channels / op->shape.groups;

    return side == 3 && op->shape.stride == 1 && outs % FG_LANES == 0 && all % FG_LANES == 0 &&
           side * outs % unit == 0 && side * all % unit == 0;
}

void fg_conv_fit_outs(fg_conv_fit *fit, const fg_conv_op *op, int outs)
{
    struct fg_conv_args *args = &fit->args;
    const int side = op->shape.side, stride = op->shape.stride;
    const int phases = fg_conv_weight_phases(op);
    const int taps = op->gathers ? 1 : side * side, unit = FG_LANES * op->lane_vectors;

    args->outs = outs;
    args->turned = turns(op, outs);
    if (phases == 1) {
        /* The transposition writes whole vectors, so the last tap needs room for one. */
        args->lanes = round_up((taps - 1) * outs + round_up(outs, FG_LANES), unit);
        args->pixel_lanes = args->turned ? 0 : args->lanes;
        return;
    }
    args->lanes = 0;
    for (int phase = 0; phase < phases; ++phase)
        args->lanes += round_up(fg_conv_taps_of(phase, side, stride) * outs, unit);
    /* So do the shifts. A phase that does not begin with the first one reads whole register tiles. */
    args->pixel_lanes = round_up(
        larger((phases - 1) * outs + round_up(outs, FG_LANES), outs + round_up(2 * outs, unit)),
        FG_LANES);
}

size_t fg_conv_fit_items(const fg_conv_fit *fit, int channels)
{
    const struct fg_conv_args *args = &fit->args;
    const int blocks = (channels + args->outs - 1) / args->outs;
    return (size_t)((args->groups + args->item_groups - 1) / args->item_groups * blocks);
}

static struct fg_conv_args common_args(const fg_conv_op *op, int images)
{
    const fg_conv_shape *shape = &op->shape;
    return (struct fg_conv_args){
        .chunks = fg_chunks_of(images, shape->height, shape->width),
        .groups = shape->groups,
        .item_groups = 1,
        .in_channels = shape->in_channels / shape->groups,
        .out_channels = shape->out_channels / shape->groups,
        .bias = -1,
        .in_height = shape->in_height,
        .in_width = shape->in_width,
        .out_height = shape->height,
        .out_width = shape->width,
        .side = shape->side,
        .stride = shape->stride,
    };
}

/* Narrow groups share a work-item, and so what is done once per tile. */
static int groups_of_item(const struct fg_conv_args *args)
{
    const int channels = larger(args->in_channels, args->out_channels);
    return larger(1, smaller(args->groups, ITEM_CHANNELS / channels));
}

/* See span_of in cl/conv_gather.h: the tile's rows and those that its taps reach, and a vector
 * that is stored past the end. */
static void set_line(struct fg_conv_args *args)
{
    const int reach = (args->side / 2 + args->stride - 1) / args->stride;
    args->line = round_up(
        args->tile + (2 * reach + 2) * args->out_width + 2 * reach + 2 * FG_LANES, FG_LANES);
}

/* A tile of at most `pixels` of a chunk, and the row that it is packed into. */
static void set_tile(struct fg_conv_args *args, const fg_conv_op *op,
                     const fg_conv_tiling *tiling, int pixels)
{
    const struct fg_chunk chunk = fg_chunks_at(args->chunks, 0);
    const bool halo = has_halo(op);
    const int run = halo ? chunk.pixels : chunk.images * chunk.pixels;
    const int vectors = FG_LANES * tiling->vectors;

    args->tile = smaller(round_up(run, vectors), round_up(pixels, vectors));
    args->row = args->tile;
    if (halo)
        args->row = round_up(args->tile + 2 * op->shape.width, FG_LANES);
    set_line(args);
}

/* A tile of conv_phases.cl is some rows of the output's map, but one at least. */
static void set_rows_tile(struct fg_conv_args *args, const fg_conv_tiling *tiling, int pixels)
{
    const struct fg_chunk chunk = fg_chunks_at(args->chunks, 0);
    const int run = chunk.images * ((chunk.rows - 1) / args->stride + 1);
    const int rows = larger(1, smaller(run, pixels / args->out_width));

    args->tile = round_up(rows * args->out_width, FG_LANES * tiling->vectors);
    args->row = args->tile;
    set_line(args);
}

/* What packing needs beside the packed rows: for a halo a line and two rows of marks; to gather,
 * the planes of a line, the places of the tile's pixels and bytes of marks for each tap. */
static size_t line_floats(const fg_conv_op *op, const struct fg_conv_args *args, bool halo,
                          int planes)
{
    if (op->gathers)
        return (size_t)planes * (size_t)args->line;
    return halo ? (size_t)(args->row + 3 * FG_LANES) : 0;
}

static size_t mark_ints(const fg_conv_op *op, const struct fg_conv_args *args, bool halo)
{
    if (op->gathers)
        return 2 * (size_t)args->tile + (size_t)(args->side * args->tile) / 2;
    return halo ? 2 * (size_t)(args->row + FG_LANES) : 0;
}

/* Rows that one channel of the output's gradient is packed into, and one of the input: INPUT_COPIES
 * of cl/conv_tile.h. */
static size_t copies(const fg_conv_op *op)
{
    return op->gathers ? 1 : (size_t)op->shape.side;
}

static size_t input_copies(const fg_conv_op *op)
{
    return copies(op) > 1 ? copies(op) * (size_t)op->shape.stride : 1;
}

static int planes_of(const fg_conv_op *op)
{
    return op->shape.stride * op->shape.stride;
}

/* What a kernel may take. */
static size_t local_floats(const fg_conv_op *op)
{
    return op->local_floats < LOCAL_FLOATS_WANTED ? op->local_floats : LOCAL_FLOATS_WANTED;
}

/* Of many channels a part at a time, that takes an eighth of it at most with what they add to. */
static size_t set_listed(struct fg_conv_args *args, const fg_conv_op *op)
{
    const int most = larger(ITEM_CHANNELS, (int)(local_floats(op) / 16));
    args->listed = smaller(args->item_groups * args->in_channels, most);
    return (size_t)args->listed;
}

/* Each part of local memory has room for one vector more. */
static size_t total(const fg_conv_fit *fit)
{
    return fit->packed + fit->results + fit->dy + fit->lists + 4 * FG_LANES;
}

/* The results, and a row for the statistics' shares. */
static void size_forward(fg_conv_fit *fit, const fg_conv_op *op, int block)
{
    struct fg_conv_args *args = &fit->args;
    const bool halo = has_halo(op) && op->shape.stride == 1;
    fit->packed = (size_t)block * input_copies(op) * (size_t)args->row;
    fit->results = (size_t)(args->outs + op->forward_tiling.channels + 1) * (size_t)args->tile +
                   line_floats(op, args, halo, planes_of(op));
    fit->lists = set_listed(args, op) + mark_ints(op, args, halo);
}

/* The output's gradient with a 3x3's halo, pixel after pixel; see turn_gradient in
 * cl/conv_transpose.h. */
static size_t turned_floats(const fg_conv_op *op, const struct fg_conv_args *args)
{
    return (size_t)((args->row + args->row / op->shape.width + 5) * args->outs) + FG_LANES;
}

static void size_backward(fg_conv_fit *fit, const fg_conv_op *op)
{
    struct fg_conv_args *args = &fit->args;
    const bool halo = has_halo(op);
    const int phases = fg_conv_weight_phases(op);
    fit->packed = (size_t)args->outs * copies(op) * (size_t)args->row;
    fit->results = (size_t)(phases * op->backward_tiling.channels * args->tile) +
                   line_floats(op, args, halo, planes_of(op));
    fit->dy = (size_t)(args->tile * args->pixel_lanes);
    fit->lists = 2 * set_listed(args, op) + mark_ints(op, args, halo);
    if (phases > 1) {
        /* Of lanes that begin behind a pixel's first one whole register tiles are read. */
        fit->dy += (size_t)(FG_LANES * op->lane_vectors);
    } else if (halo) {
        fit->results += turned_floats(op, args);
        fit->lists += (size_t)args->row; /* of places */
    }
}

/* Results of all phases of a row, and a row of the input's gradient that is joined of them. Only
 * the channels that a work-item makes are listed. */
static void size_phases(fg_conv_fit *fit, const fg_conv_op *op, int block)
{
    struct fg_conv_args *args = &fit->args;
    const size_t phase = (size_t)(args->outs + op->phases_tiling.channels) * (size_t)args->tile;
    fit->packed = (size_t)block * (size_t)args->row;
    fit->results = (size_t)args->stride * (phase + (size_t)args->out_width + FG_LANES) +
                   line_floats(op, args, false, 1);
    args->listed = (args->item_groups - 1) * args->in_channels + args->outs;
    fit->lists = 2 * (size_t)args->listed + mark_ints(op, args, false);
}

static fg_status too_large(const fg_conv_fit *fit, const fg_conv_op *op)
{
    return fg_fail(FG_ERR_FIT,
                   "a %dx%d convolution of %d to %d channels needs %zu bytes of local memory, "
                   "the device has %zu",
                   op->shape.side, op->shape.side, op->shape.in_channels,
                   op->shape.out_channels, total(fit) * sizeof(float),
                   op->local_floats * sizeof(float));
}

/* Fewer groups and channels for a work-item where there would be too few of them. */
static void share_out(struct fg_conv_args *args, const fg_conv_op *op, int channels, int unit)
{
    const int parts = (op->wanted + args->chunks.chunks - 1) / args->chunks.chunks;

    args->item_groups = larger(1, smaller(args->item_groups, args->groups / parts));
    if (args->item_groups == 1)
        args->outs =
            smaller(args->outs,
                    fg_cut_channels(channels, unit, (parts + args->groups - 1) / args->groups));
}

/* Chooses args.outs of `channels`, the tile and args.block of `rows`. What does not fit gets a
 * smaller tile first, since each block of channels packs the input again. */
static fg_status fit_blocks(fg_conv_fit *fit, const fg_conv_op *op,
                            const fg_conv_tiling *tiling, int channels, int rows, int block)
{
    struct fg_conv_args *args = &fit->args;
    const bool phases = tiling == &op->phases_tiling;
    const int most = op->gathers || op->shape.stride > 1 ? ITEM_CHANNELS_STRIDED
                     : op->shape.pooled                  ? ITEM_CHANNELS_POOLED
                                                         : ITEM_CHANNELS;
    void (*const size)(fg_conv_fit *, const fg_conv_op *, int) =
        phases ? size_phases : size_forward;
    int pixels = tiling->pixels;

    args->item_groups = groups_of_item(args);
    args->outs = smaller(round_up(channels, tiling->channels),
                         most / tiling->channels * tiling->channels);
    share_out(args, op, channels, tiling->channels);
    for (;;) {
        if (phases)
            set_rows_tile(args, tiling, pixels);
        else
            set_tile(args, op, tiling, pixels);
        size(fit, op, smaller(rows, LEAST_BLOCK));
        if (total(fit) <= local_floats(op))
            break;
        if (pixels > FG_LANES * tiling->vectors)
            pixels /= 2;
        else if (args->item_groups > 1)
            args->item_groups = 1;
        else if (args->outs > tiling->channels)
            args->outs -= tiling->channels;
        else
            break;
    }
    for (args->block = smaller(rows, block); args->block > 1; --args->block) {
        size(fit, op, args->block);
        if (total(fit) <= local_floats(op))
            break;
    }
    /* Blocks of one size: each fetches as much ahead as the next one packs. */
    const int blocks = (rows + args->block - 1) / args->block;
    args->block = (rows + blocks - 1) / blocks;
    size(fit, op, args->block);
    return total(fit) <= op->local_floats ? FG_OK : too_large(fit, op);
}

fg_status fg_conv_fit_forward(fg_conv_fit *out, const fg_conv_op *op, int images,
                              bool statistics)
{
    *out = (fg_conv_fit){.args = common_args(op, images)};
    struct fg_conv_args *args = &out->args;
    const int taps = op->shape.side * op->shape.side;
    const int rows = op->gathers ? args->in_channels * taps : args->in_channels;

    args->chunks = fg_cut_pixels(images, args->out_height, args->out_width, statistics,
                                 op->wanted, FG_LANES * op->forward_tiling.vectors);
    const int block = has_halo(op)                        ? BLOCK_3X3
                      : args->out_channels <= NARROW_OUTS ? BLOCK_ROWS_NARROW
                                                          : BLOCK_ROWS;
    return fit_blocks(out, op, &op->forward_tiling, args->out_channels, rows, block);
}

fg_status fg_conv_fit_phases(fg_conv_fit *out, const fg_conv_op *op, int images)
{
    *out = (fg_conv_fit){.args = common_args(op, images)};
    struct fg_conv_args *args = &out->args;

    args->chunks = fg_chunks_of(images, args->in_height, args->in_width);
    return fit_blocks(out, op, &op->phases_tiling, args->in_channels,
                      args->out_channels * args->side * args->side, BLOCK_ROWS);
}

/* What does not fit gets a smaller tile first, since each block of outputs reads the input
 * again. */
fg_status fg_conv_fit_backward(fg_conv_fit *out, const fg_conv_op *op, int images)
{
    *out = (fg_conv_fit){.args = common_args(op, images)};
    struct fg_conv_args *args = &out->args;
    int pixels = op->backward_tiling.pixels;

    args->item_groups = groups_of_item(args);
    args->outs = smaller(args->out_channels, FG_CONV_OUT_BLOCK);
    for (;;) {
        set_tile(args, op, &op->backward_tiling, pixels);
        fg_conv_fit_outs(out, op, args->outs);
        size_backward(out, op);
        if (total(out) <= local_floats(op))
            return FG_OK;
        if (pixels > FG_LANES * op->backward_tiling.vectors)
            pixels /= 2;
        else if (args->item_groups > 1)
            args->item_groups = 1;
        else if (args->outs > 1)
            args->outs = (args->outs + 1) / 2;
        else
            return total(out) <= op->local_floats ? FG_OK : too_large(out, op);
    }
}
