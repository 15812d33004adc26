/* linear.c - launches of cl/linear.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/linear.h"

fg_status fg_linear_prepare(fg_linear_op *out, fg_kernels *kernels)
{
    return fg_kernels_get(&out->backward_bias, kernels, FG_KERNEL_linear_backward_bias, "");
}

fg_status fg_linear_backward_bias(const fg_linear_op *op, const fg_buffer *gradients,
                                  size_t first_gradient, const fg_output *out, int images)
{
    fg_launch launch = fg_launch_of(op->backward_bias);

    fg_launch_buffer(&launch, gradients);
    fg_launch_buffer(&launch, out->map->gradients);
    fg_launch_value(&launch, &(cl_int){(cl_int)first_gradient}, sizeof(cl_int));
    fg_launch_value(&launch, &(cl_int){out->map->pitch}, sizeof(cl_int));
    fg_launch_value(&launch, &(cl_int){images}, sizeof(cl_int));
    return fg_launch_run(&launch, (size_t)out->channels, 1);
}
