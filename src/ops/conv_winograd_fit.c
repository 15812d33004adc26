/* conv_winograd_fit.c - tiles of Winograd's convolution, which fit in local memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_winograd_fit.h"

#include "ops/cut.h"

/* Squares of a tile: the transformed weights are read once for so many. */
#define LANES_WANTED 64

/* Most channels that a work-item makes: beyond, the inputs are transformed again. */
#define ITEM_CHANNELS 96

/* Input channels that are transformed at once. So few as LEAST_BLOCK are worth a smaller tile. */
#define MOST_BLOCK 64
#define LEAST_BLOCK 8

/* 384 KiB stay in the second-level cache of today's cores. */
#define LOCAL_FLOATS_WANTED (96 * 1024)

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

/* Squares of a work-item. */
static int squares_of(const fg_conv_shape *shape)
{
    const struct fg_chunk chunk =
        fg_chunks_at(fg_chunks_of(shape->images, shape->height, shape->width), 0);
    return chunk.images * ((chunk.rows + 1) / 2) * ((shape->width + 1) / 2);
}

/* The fewest rows of padding, and of those that tie the first; vectors that fill 24 registers at
 * most, but not more than there are. */
void fg_conv_winograd_fit_tile(fg_conv_winograd_op *op)
{
    static const int choices[] = {12, 8, 6, 4};
    const int channels = op->shape.out_channels;
    const int vectors = (squares_of(&op->shape) + FG_LANES - 1) / FG_LANES;

    op->tile_channels = choices[0];
    for (int i = 1; i < 4; ++i)
        if (round_up(channels, choices[i]) < round_up(channels, op->tile_channels))
            op->tile_channels = choices[i];
    op->vectors = smaller(vectors, op->tile_channels >= 8 ? 2 : 4);
    op->columns = 2;
    while (op->columns < FG_LANES && 2 * op->columns < op->shape.width)
        op->columns *= 2;
}

/* Rows of squares whose pixels are whole vectors: statistics go by vectors. */
static int rows_unit(int width)
{
    int unit = 1;
    while (2 * unit * width % FG_LANES != 0)
        unit *= 2;
    return unit;
}

/* About `lanes` squares: some images as far as they lie in a chunk, or rows of one. */
static void set_tile(struct fg_winograd_args *args, const fg_conv_winograd_op *op, int lanes)
{
    const struct fg_chunk chunk = fg_chunks_at(args->conv.chunks, 0);
    const int width = op->shape.width, unit = rows_unit(width), rows = (chunk.rows + 1) / 2;

    args->columns = op->columns < FG_LANES ? op->columns : (width + 1) / 2;
    args->rows = larger(lanes / args->columns / unit * unit, unit);
    args->images = 1;
    if (args->rows >= rows) {
        args->rows = rows;
        args->images = larger(1, smaller(chunk.images, lanes / (rows * args->columns)));
    }
    args->lanes =
        round_up(args->images * args->rows * args->columns, FG_LANES * op->vectors) + FG_LANES;
    args->line = 2 * round_up(args->rows * args->columns, FG_LANES) + FG_LANES;
    args->conv.tile = round_up(2 * args->rows * width, FG_LANES) + FG_LANES;
}

static void set_sizes(fg_conv_winograd_fit *fit, int block)
{
    struct fg_winograd_args *args = &fit->args;
    const size_t stride = (size_t)(FG_WINOGRAD_POSITIONS * args->lanes + FG_LANES);

    args->conv.block = block;
    fit->inputs = (size_t)block * stride;
    fit->products = (size_t)args->conv.outs * stride;
    fit->results = 2 * (size_t)(args->conv.tile + args->line);
}

/* Each part of local memory has room for one vector more. */
static size_t total(const fg_conv_winograd_fit *fit)
{
    return fit->inputs + fit->products + fit->results + (size_t)fit->args.conv.listed +
           4 * FG_LANES;
}

static fg_status too_large(const fg_conv_winograd_fit *fit, const fg_conv_winograd_op *op)
{
    return fg_fail(FG_ERR_FIT,
                   "Winograd's convolution of %d to %d channels needs %zu bytes of local "
                   "memory, the device has %zu",
                   op->shape.in_channels, op->shape.out_channels, total(fit) * sizeof(float),
                   op->local_floats * sizeof(float));
}

/* Where nothing is summed, squares begin at even rows: what is in one with what decides its bits, and
 * so these are the same in every batch. */
static struct fg_chunks cut(const fg_conv_winograd_op *op, int images, bool statistics)
{
    struct fg_chunks chunks = fg_cut_pixels(images, op->shape.height, op->shape.width,
                                            statistics, op->wanted, 4 * FG_LANES * op->vectors);

    if (!statistics && chunks.bands > 1) {
        chunks.chunk_rows = round_up(chunks.chunk_rows, 2);
        chunks.bands = (chunks.height + chunks.chunk_rows - 1) / chunks.chunk_rows;
        chunks.chunks = images * chunks.bands;
    }
    return chunks;
}

/* What does not fit gets a smaller tile first, since each block of outputs transforms the input
 * again. */
static fg_status fit_blocks(fg_conv_winograd_fit *fit, const fg_conv_winograd_op *op)
{
    const size_t most =
        op->local_floats < LOCAL_FLOATS_WANTED ? op->local_floats : LOCAL_FLOATS_WANTED;
    const int in = op->shape.in_channels, unit = op->tile_channels;
    struct fg_conv_args *args = &fit->args.conv;
    const int parts = (op->wanted + args->chunks.chunks - 1) / args->chunks.chunks;
    int lanes = LANES_WANTED;

    args->outs = smaller(ITEM_CHANNELS / unit * unit,
                         fg_cut_channels(op->shape.out_channels, unit, parts));
    args->listed = smaller(in, larger(ITEM_CHANNELS, (int)(most / 16)));
    for (;;) {
        set_tile(&fit->args, op, lanes);
        set_sizes(fit, smaller(in, LEAST_BLOCK));
        if (total(fit) <= most)
            break;
        if (lanes > FG_LANES * op->vectors)
            lanes /= 2;
        else if (args->outs > unit)
            args->outs -= unit;
        else
            break;
    }
    for (int block = smaller(in, MOST_BLOCK); block >= 1; --block) {
        set_sizes(fit, block);
        if (total(fit) <= most)
            break;
    }
    return total(fit) <= op->local_floats ? FG_OK : too_large(fit, op);
}

fg_status fg_conv_winograd_fit_forward(fg_conv_winograd_fit *out, const fg_conv_winograd_op *op,
                                       int images, bool statistics)
{
    const fg_conv_shape *shape = &op->shape;

    *out = (fg_conv_winograd_fit){.args.conv = {
                                      .chunks = cut(op, images, statistics),
                                      .groups = 1,
                                      .item_groups = 1,
                                      .in_channels = shape->in_channels,
                                      .out_channels = shape->out_channels,
                                      .bias = -1,
                                      .in_height = shape->in_height,
                                      .in_width = shape->in_width,
                                      .out_height = shape->height,
                                      .out_width = shape->width,
                                  }};
    return fit_blocks(out, op);
}
