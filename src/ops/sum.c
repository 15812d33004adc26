/* sum.c - launches of cl/sum.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/sum.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "cl/sum.h"
#include "ops/cut.h"

fg_status fg_sum_prepare(fg_sum_op *out, fg_kernels *kernels, const fg_sum_shape *shape)
{
    fg_status status = FG_OK;
    char options[64];

    *out = (fg_sum_op){
        .one_input = shape->in_map[1] < 0 || shape->in_map[1] == shape->in_map[0],
        .in_place = shape->out_map == shape->in_map[0]   ? 1
                    : shape->out_map == shape->in_map[1] ? 2
                                                         : 0,
    };
    snprintf(options, sizeof options, "-D ONE_INPUT=%d -D IN_PLACE=%d", out->one_input,
             out->in_place);
    FG_TRY(fg_kernels_get(&out->forward, kernels, FG_KERNEL_sum_forward, options));
    if (shape->training)
        FG_TRY(fg_kernels_get(&out->backward, kernels, FG_KERNEL_sum_backward, options));

cleanup:
    return status;
}

static struct fg_sum_input input_args(const fg_sum_call *call, int i)
{
    const fg_input *in = &call->in[i];

    if (in->sources_count == 0)
        return (struct fg_sum_input){.stride = 1};
    assert((in->map->height - 1) / call->stride[i] + 1 == call->out.map->height);
    assert((in->map->width - 1) / call->stride[i] + 1 == call->out.map->width);
    return (struct fg_sum_input){
        .height = in->map->height,
        .width = in->map->width,
        .pitch = in->map->pitch,
        .first_source = in->first_source,
        .terms = in->sources_count,
        .channels = in->channels,
        .stride = call->stride[i],
        .norm = call->norm_partials[i] != NULL,
        .floor = call->relu[i] ? 0.0f : -INFINITY,
    };
}

static struct fg_sum_args common_args(const fg_sum_call *call)
{
    const fg_features *out = call->out.map;

    return (struct fg_sum_args){
        .chunks = fg_chunks_of(call->images, out->height, out->width),
        .out_pitch = out->pitch,
        .out_first_channel = call->out.first_channel,
        .out_channels = call->out.channels,
        .first = input_args(call, 0),
        .second = input_args(call, 1),
    };
}

static void lists(fg_launch *launch, const fg_sum_call *call)
{
    fg_launch_buffer(launch, call->in[0].sources);
    fg_launch_buffer(launch, call->in[1].sources);
    fg_launch_buffer(launch, call->affine[0]);
    fg_launch_buffer(launch, call->affine[1]);
}

fg_status fg_sum_forward(const fg_sum_op *op, const fg_sum_call *call)
{
    struct fg_sum_args args = common_args(call);
    fg_launch launch = fg_launch_of(op->forward);

    args.statistics = call->statistics_partials != NULL;
    args.chunks =
        fg_cut_pixels(call->images, call->out.map->height, call->out.map->width,
                      args.statistics, fg_cut_wanted(op->forward->device), 8 * FG_LANES);
    fg_launch_buffer(&launch, call->in[0].map->values);
    if (!op->one_input)
        fg_launch_buffer(&launch, call->in[1].map->values);
    if (op->in_place == 0)
        fg_launch_buffer(&launch, call->out.map->values);
    lists(&launch, call);
    fg_launch_buffer(&launch, call->statistics_partials);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)args.chunks.chunks, 1);
}

/* The values of an input's map, or NULL where nothing of it is read: its memory may be others' by
 * now, even that of gradients which the kernel gets. */
static const fg_buffer *values_read(const fg_sum_op *op, const fg_sum_call *call, int i)
{
    bool read = op->in_place == i + 1 && call->coefficients != NULL;

    for (int j = i; j < (op->one_input ? 2 : i + 1); ++j)
        read = read || call->relu[j] || call->norm_partials[j] != NULL;
    return read ? call->in[i].map->values : NULL;
}

fg_status fg_sum_backward(const fg_sum_op *op, const fg_sum_call *call)
{
    struct fg_sum_args args = common_args(call);
    fg_launch launch = fg_launch_of(op->backward);

    args.finish = call->coefficients != NULL;
    fg_launch_buffer(&launch, values_read(op, call, 0));
    fg_launch_buffer(&launch, call->in[0].map->gradients);
    if (!op->one_input) {
        fg_launch_buffer(&launch, values_read(op, call, 1));
        fg_launch_buffer(&launch, call->in[1].map->gradients);
    }
    if (op->in_place == 0) {
        fg_launch_buffer(&launch, args.finish ? call->out.map->values : NULL);
        fg_launch_buffer(&launch, call->out.map->gradients);
    }
    lists(&launch, call);
    fg_launch_buffer(&launch, call->coefficients);
    fg_launch_buffer(&launch, call->norm_partials[0]);
    fg_launch_buffer(&launch, call->norm_partials[1]);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)args.chunks.chunks, 1);
}
