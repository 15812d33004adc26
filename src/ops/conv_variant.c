/* conv_variant.c - which tilings a shape may have without another bit in any result.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_variant.h"

#include "ops/conv_fit.h"

#define MOST_VECTORS 8   /* of a row of a register tile */
#define MOST_SUMS 32     /* of a register tile: more spill on every device */
#define MOST_PIXELS 4096 /* of a tile */

const char *fg_conv_part_name(fg_conv_part part)
{
    static const char *const names[FG_CONV_PARTS] = {"conv_forward", "conv_backward",
                                                     "conv_phases"};

    return names[part];
}

bool fg_conv_part_exists(const fg_conv_shape *shape, fg_conv_part part)
{
    switch (part) {
    case FG_CONV_PART_BACKWARD:
        return shape->backward;
    case FG_CONV_PART_PHASES:
        return shape->backward && shape->data && fg_conv_gathers(shape->side);
    default:
        return true;
    }
}

fg_conv_variant fg_conv_variant_of(const fg_conv_op *op)
{
    fg_conv_variant variant = {.forward = op->forward_tiling};

    if (fg_conv_part_exists(&op->shape, FG_CONV_PART_BACKWARD)) {
        variant.backward = op->backward_tiling;
        variant.lane_vectors = op->lane_vectors;
    }
    if (fg_conv_part_exists(&op->shape, FG_CONV_PART_PHASES))
        variant.phases = op->phases_tiling;
    return variant;
}

static bool in_range(const fg_conv_tiling *tiling)
{
    return tiling->channels >= 1 && tiling->channels <= FG_CONV_TILE_CHANNELS &&
           tiling->vectors >= 1 && tiling->vectors <= MOST_VECTORS &&
           tiling->channels * tiling->vectors <= MOST_SUMS && tiling->pixels >= 1 &&
           tiling->pixels <= MOST_PIXELS;
}

static bool can_forward(const fg_conv_op *op, const fg_conv_op *with)
{
    fg_conv_fit fit;

    (void)op;
    return in_range(&with->forward_tiling) &&
           fg_conv_fit_forward(&fit, with, with->shape.images, true) == FG_OK;
}

static bool can_phases(const fg_conv_op *op, const fg_conv_op *with)
{
    fg_conv_fit fit;

    (void)op;
    return in_range(&with->phases_tiling) &&
           fg_conv_fit_phases(&fit, with, with->shape.images) == FG_OK;
}

/* Rows of weight gradients are no longer than the scratch that the plan gives has them. */
static bool rows_fit(const fg_conv_op *op, int lanes)
{
    const size_t side = (size_t)op->shape.side;
    const size_t floats = fg_conv_weight_partials_floats(
        1, (size_t)(op->shape.out_channels / op->shape.groups), 1, side, 1);

    return (size_t)lanes * (op->gathers ? side * side : 1) <= floats;
}

static bool can_backward(const fg_conv_op *op, const fg_conv_op *with)
{
    const int images = with->shape.images;
    fg_conv_fit before, fit;

    return in_range(&with->backward_tiling) && with->lane_vectors >= 1 &&
           with->lane_vectors <= FG_CONV_LANE_TILE &&
           fg_conv_fit_backward(&before, op, images) == FG_OK &&
           fg_conv_fit_backward(&fit, with, images) == FG_OK &&
           fit.args.outs == before.args.outs && rows_fit(with, fit.args.lanes);
}

/* Puts what the variant says of a part into op; false: it says nothing of it. */
static bool replace(fg_conv_op *op, const fg_conv_variant *variant, fg_conv_part part)
{
    const fg_conv_tiling *const from[FG_CONV_PARTS] = {&variant->forward, &variant->backward,
                                                       &variant->phases};
    fg_conv_tiling *const to[FG_CONV_PARTS] = {&op->forward_tiling, &op->backward_tiling,
                                               &op->phases_tiling};
    const bool lanes = part == FG_CONV_PART_BACKWARD && variant->lane_vectors != 0;

    if (!fg_conv_part_exists(&op->shape, part))
        return false;
    if (from[part]->channels != 0)
        *to[part] = *from[part];
    if (lanes)
        op->lane_vectors = variant->lane_vectors;
    return from[part]->channels != 0 || lanes;
}

bool fg_conv_variant_take(fg_conv_op *op, const fg_conv_variant *variant)
{
    static bool (*const can[FG_CONV_PARTS])(const fg_conv_op *, const fg_conv_op *) = {
        can_forward, can_backward, can_phases};
    bool all = true;

    for (int part = 0; part < FG_CONV_PARTS; ++part) {
        fg_conv_op with = *op;
        if (!replace(&with, variant, (fg_conv_part)part))
            continue;
        if (can[part](op, &with))
            *op = with;
        else
            all = false;
    }
    return all;
}

/* ---- what is tried ---- */

static bool turn_lanes(fg_conv_variant *variant, fg_conv_part part, int index)
{
    if (part != FG_CONV_PART_BACKWARD || index >= FG_CONV_LANE_TILE)
        return false;
    variant->lane_vectors = index + 1;
    return true;
}

bool fg_conv_variant_turn(fg_conv_variant *variant, fg_conv_part part, fg_conv_dial dial,
                          int index)
{
    static const int pixels[] = {64, 128, 256, 512};
    /* Some for 16 registers of 8 floats, some for 32 of 16. */
    static const struct {
        int channels, vectors;
    } tiles[] = {{2, 3}, {3, 2}, {4, 1}, {6, 1},  {8, 1}, {4, 2}, {12, 1},
                 {6, 2}, {8, 2}, {4, 4}, {12, 2}, {8, 3}, {6, 4}, {4, 6}};
    fg_conv_tiling *const tilings[FG_CONV_PARTS] = {&variant->forward, &variant->backward,
                                                    &variant->phases};

    if (dial == FG_CONV_DIAL_LANES)
        return turn_lanes(variant, part, index);
    if (index >= (int)(dial == FG_CONV_DIAL_PIXELS ? sizeof pixels / sizeof *pixels
                                                   : sizeof tiles / sizeof *tiles))
        return false;
    if (dial == FG_CONV_DIAL_PIXELS) {
        tilings[part]->pixels = pixels[index];
    } else {
        tilings[part]->channels = tiles[index].channels;
        tilings[part]->vectors = tiles[index].vectors;
    }
    return true;
}
