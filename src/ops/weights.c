/* weights.c - launches of cl/weights.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/weights.h"

#include "cl/weights.h"

fg_status fg_weights_prepare(fg_weights_op *out, fg_kernels *kernels)
{
    fg_status status = FG_OK;

    FG_TRY(fg_kernels_get(&out->normal, kernels, FG_KERNEL_weights_normal, ""));
    FG_TRY(fg_kernels_get(&out->uniform, kernels, FG_KERNEL_weights_uniform, ""));

cleanup:
    return status;
}

static fg_status run(const fg_kernel *kernel, const fg_buffer *values, size_t first,
                     size_t count, float size, uint64_t seed, uint32_t stream)
{
    const struct fg_weights_args args = {
        .first = (fg_i32)first,
        .count = (fg_i32)count,
        .stream = stream,
        .seed_low = (fg_u32)seed,
        .seed_high = (fg_u32)(seed >> 32),
        .size = size,
    };
    fg_launch launch = fg_launch_of(kernel);

    fg_launch_buffer(&launch, values);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, count < 4096 ? 1 : 16, 1);
}

fg_status fg_weights_normal(const fg_weights_op *op, const fg_buffer *values, size_t first,
                            size_t count, float deviation, uint64_t seed, uint32_t stream)
{
    return run(op->normal, values, first, count, deviation, seed, stream);
}

fg_status fg_weights_uniform(const fg_weights_op *op, const fg_buffer *values, size_t first,
                             size_t count, float bound, uint64_t seed, uint32_t stream)
{
    return run(op->uniform, values, first, count, bound, seed, stream);
}
