/* max_pool.c - launches of cl/max_pool.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/max_pool.h"

#include <assert.h>
#include <math.h>

#include "cl/pool.h"
#include "ops/cut.h"

fg_status fg_max_pool_prepare(fg_max_pool_op *out, fg_kernels *kernels, bool training)
{
    fg_status status = FG_OK;

    *out = (fg_max_pool_op){0};
    FG_TRY(fg_kernels_get(&out->forward, kernels, FG_KERNEL_max_pool_forward, ""));
    if (training)
        FG_TRY(fg_kernels_get(&out->backward, kernels, FG_KERNEL_max_pool_backward, ""));

cleanup:
    return status;
}

static struct fg_max_pool_args common_args(const fg_max_pool_call *call)
{
    const fg_features *in = call->in.map, *out = call->out.map;

    assert(out->height == (in->height - 1) / 2 + 1 && out->width == (in->width - 1) / 2 + 1);
    assert(call->out.channels == call->in.channels);
    return (struct fg_max_pool_args){
        .in_height = in->height,
        .in_width = in->width,
        .in_pitch = in->pitch,
        .out_height = out->height,
        .out_width = out->width,
        .out_pitch = out->pitch,
        .out_first_channel = call->out.first_channel,
        .channels = call->in.channels,
        .first_source = call->in.first_source,
        .floor = call->relu ? 0.0f : -INFINITY,
    };
}

/* Bytes of `lines` lines of the input, and of as many floats and ints of the output. */
static size_t line_bytes(const fg_max_pool_call *call, size_t lines)
{
    return lines * (size_t)FG_MAX_POOL_IN_STRIDE(call->out.map->width) * sizeof(float);
}

static size_t window_bytes(const fg_max_pool_call *call, size_t rows)
{
    return rows * (size_t)FG_MAX_POOL_OUT_STRIDE(call->out.map->width) * sizeof(float);
}

static fg_status check_local(const fg_kernel *kernel, const fg_max_pool_call *call,
                             size_t bytes)
{
    fg_status status = FG_OK;
    const size_t most = kernel->device->info.local_bytes;

    FG_CHECK(bytes <= most, FG_ERR_FIT,
             "a max pool of images %d pixels wide needs %zu bytes of local memory, the device "
             "has %zu",
             call->in.map->width, bytes, most);

cleanup:
    return status;
}

fg_status fg_max_pool_forward(const fg_max_pool_op *op, const fg_max_pool_call *call)
{
    fg_status status = FG_OK;
    const fg_features *out = call->out.map;
    struct fg_max_pool_args args = common_args(call);
    fg_launch launch = fg_launch_of(op->forward);

    FG_TRY(check_local(op->forward, call, line_bytes(call, 1)));
    args.statistics = call->statistics_partials != NULL;
    args.chunks = fg_cut_pixels(call->images, out->height, out->width, args.statistics,
                                fg_cut_wanted(op->forward->device), FG_LANES);
    fg_launch_buffer(&launch, call->in.map->values);
    fg_launch_buffer(&launch, out->values);
    fg_launch_buffer(&launch, call->in.sources);
    fg_launch_buffer(&launch, call->affine);
    fg_launch_buffer(&launch, call->statistics_partials);
    fg_launch_value(&launch, NULL, line_bytes(call, 1));
    fg_launch_value(&launch, &args, sizeof args);
    FG_TRY(fg_launch_run(&launch, (size_t)args.chunks.chunks, 1));

cleanup:
    return status;
}

fg_status fg_max_pool_backward(const fg_max_pool_op *op, const fg_max_pool_call *call)
{
    fg_status status = FG_OK;
    const fg_features *in = call->in.map;
    struct fg_max_pool_args args = common_args(call);
    fg_launch launch = fg_launch_of(op->backward);

    FG_TRY(check_local(op->backward, call, line_bytes(call, 3) + 2 * window_bytes(call, 2)));
    args.chunks = fg_chunks_of(call->images, in->height, in->width);
    args.norm = call->norm_partials != NULL;
    args.finish = call->coefficients != NULL;
    fg_launch_buffer(&launch, in->values);
    fg_launch_buffer(&launch, in->gradients);
    fg_launch_buffer(&launch, args.finish ? call->out.map->values : NULL);
    fg_launch_buffer(&launch, call->out.map->gradients);
    fg_launch_buffer(&launch, call->in.sources);
    fg_launch_buffer(&launch, call->affine);
    fg_launch_buffer(&launch, call->coefficients);
    fg_launch_buffer(&launch, call->norm_partials);
    fg_launch_value(&launch, NULL, line_bytes(call, 3));
    fg_launch_value(&launch, NULL, window_bytes(call, 2));
    fg_launch_value(&launch, NULL, window_bytes(call, 2));
    fg_launch_value(&launch, &args, sizeof args);
    FG_TRY(fg_launch_run(&launch, (size_t)args.chunks.chunks, 1));

cleanup:
    return status;
}
