/* conv_shape.c - all numbers of a convolution that decide how it is computed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/conv_shape.h"

#include "plan/plan.h"

fg_conv_shape fg_conv_shape_of(const fg_plan *plan, const fg_op *op)
{
    const fg_map *in = &plan->maps[op->in[0].map], *out = fg_op_out(plan, op);

    return (fg_conv_shape){
        .side = op->side,
        .stride = op->stride,
        .groups = op->groups,
        .in_channels = op->in[0].channels,
        .out_channels = op->out_channels,
        .in_height = in->height,
        .in_width = in->width,
        .height = out->height,
        .width = out->width,
        .images = plan->images,
        .pooled = op->in[0].pooled,
        .in_place = op->in[0].map == op->out_map,
        .backward = plan->training,
        .data = plan->training && in->kind != FG_MAP_INPUT,
        .in_dropout = plan->training ? op->in_dropout : FG_DROPOUT_NONE,
        .out_dropout = plan->training ? op->out_dropout : FG_DROPOUT_NONE,
    };
}
