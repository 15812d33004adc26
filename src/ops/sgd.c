/* sgd.c - launches of cl/sgd.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/sgd.h"

#include "cl/sgd.h"
#include "cl/shared.h"

#define VECTORS_PER_ITEM 256 /* fewer are not worth a work-item */
#define MOST_ITEMS 64

fg_status fg_sgd_prepare(fg_sgd_op *out, fg_kernels *kernels)
{
    return fg_kernels_get(&out->update, kernels, FG_KERNEL_sgd_update, "");
}

fg_status fg_sgd_update(const fg_sgd_op *op, const fg_buffer *parameters,
                        const fg_buffer *momentum, const fg_buffer *gradients, size_t first,
                        size_t first_gradient, size_t elements, const fg_sgd *sgd)
{
    const size_t items = elements / FG_LANES / VECTORS_PER_ITEM + 1;
    const struct fg_sgd_args args = {
        .first = (fg_i32)first,
        .first_gradient = (fg_i32)first_gradient,
        .elements = (fg_i32)elements,
        .nesterov = sgd->nesterov != 0,
        .rate = sgd->rate,
        .momentum = sgd->momentum,
        .weight_decay = sgd->weight_decay,
    };
    fg_launch launch = fg_launch_of(op->update);

    fg_launch_buffer(&launch, parameters);
    fg_launch_buffer(&launch, momentum);
    fg_launch_buffer(&launch, gradients);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, items < MOST_ITEMS ? items : MOST_ITEMS, 1);
}
