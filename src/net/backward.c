/* backward.c - walks the loss and the plan's backward steps.
 *
 * When a feature's producer has its turn, all readers have added to the feature's gradient G
 * and to its two sums, so the gradient is G + q (x - mean) + c, which the producer applies
 * while it loads.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"

/* The coefficients of a finished gradient, or NULL where the output is not normalised. */
static fg_status coefficients(const fg_buffer **out, fg_net *net, const fg_step *step,
                              const fg_output *written)
{
    *out = NULL;
    if (written->map->first_slot < 0)
        return FG_OK;
    *out = fg_net_scratch(net, step, FG_SCRATCH_COEFFICIENTS);
    return fg_batchnorm_coefficients(&net->batchnorm, *out, net->parts[FG_PART_SUMS],
                                     net->parts[FG_PART_STATISTICS], written, net->images);
}

static fg_status conv_backward(fg_net *net, const fg_step *step)
{
    fg_status status = FG_OK;
    const fg_conv *conv = &net->plan->convs[step->index];
    fg_batchnorm_norm storage;
    const fg_batchnorm_norm *norm = fg_net_norm(net, conv->norm, &storage);
    fg_conv_call call = {
        .in = fg_net_input(net, &conv->reads),
        .out = fg_net_output(net, conv->out_map, conv->out_first_channel, conv->out_channels),
        .images = net->images,
        .affine = fg_net_scratch(net, step, FG_SCRATCH_AFFINE),
        .relu = norm != NULL,
        .parameters = net->parts[FG_PART_PARAMETERS],
        .first_weight = net->plan->tensors[conv->weights].first,
        .packed = fg_net_scratch(net, step, FG_SCRATCH_PACKED),
        .partials = norm != NULL ? fg_net_scratch(net, step, FG_SCRATCH_PARTIALS) : NULL,
        .weight_partials = fg_net_scratch(net, step, FG_SCRATCH_WEIGHTS),
        .gradients = net->parts[FG_PART_GRADIENTS],
    };

    FG_TRY(coefficients(&call.coefficients, net, step, &call.out));
    FG_TRY(fg_batchnorm_affine(&net->batchnorm, call.affine, &call.in, norm, FG_AFFINE_BATCH,
                               net->parts[FG_PART_STATISTICS], net->parts[FG_PART_PARAMETERS],
                               net->parts[FG_PART_RUNNING]));
    FG_TRY(fg_conv_backward(&net->convs[step->index], &call));
    if (norm != NULL)
        FG_TRY(fg_batchnorm_backward(
            &net->batchnorm, net->parts[FG_PART_GRADIENTS], net->parts[FG_PART_SUMS], &call.in,
            norm, net->parts[FG_PART_PARAMETERS], call.partials, net->images));
    if (conv->bias >= 0)
        FG_TRY(fg_linear_backward_bias(&net->linear, net->parts[FG_PART_GRADIENTS],
                                       net->plan->tensors[conv->bias].first, &call.out,
                                       net->images));

cleanup:
    return status;
}

static fg_status pool_backward(fg_net *net, const fg_step *step)
{
    fg_status status = FG_OK;
    const fg_pool *pool = &net->plan->pools[step->index];
    const fg_output out = fg_net_output(net, pool->out_map, pool->out_first_channel,
                                        net->plan->maps[pool->in_map].channels);
    const fg_buffer *finish = NULL;

    FG_TRY(coefficients(&finish, net, step, &out));
    FG_TRY(fg_pool_backward(&net->pool, &net->maps[pool->in_map], &out, finish, net->images));

cleanup:
    return status;
}

static fg_status head_pool_backward(fg_net *net, const fg_step *step)
{
    fg_status status = FG_OK;
    const fg_head_pool *pool = &net->plan->head_pool;
    const fg_input in = fg_net_input(net, &pool->reads);
    const fg_buffer *affine = fg_net_scratch(net, step, FG_SCRATCH_AFFINE);
    const fg_buffer *partials = fg_net_scratch(net, step, FG_SCRATCH_PARTIALS);
    fg_batchnorm_norm storage;
    const fg_batchnorm_norm *norm = fg_net_norm(net, pool->norm, &storage);

    FG_TRY(fg_batchnorm_affine(&net->batchnorm, affine, &in, norm, FG_AFFINE_BATCH,
                               net->parts[FG_PART_STATISTICS], net->parts[FG_PART_PARAMETERS],
                               net->parts[FG_PART_RUNNING]));
    FG_TRY(fg_head_pool_backward(&net->head_pool, &in, &net->maps[pool->out_map], affine,
                                 partials, pool->grid, net->images));
    FG_TRY(fg_batchnorm_backward(&net->batchnorm, net->parts[FG_PART_GRADIENTS],
                                 net->parts[FG_PART_SUMS], &in, norm,
                                 net->parts[FG_PART_PARAMETERS], partials, net->images));

cleanup:
    return status;
}

static fg_status loss(fg_net *net, int entry)
{
    const fg_output logits = fg_net_output(net, net->plan->logits_map, 0,
                                           net->plan->maps[net->plan->logits_map].channels);

    return fg_softmax_loss_forward(&net->softmax_loss, &logits, net->parts[FG_PART_LABELS],
                                   net->parts[FG_PART_RESULTS], entry, FG_STEP_RESULTS,
                                   net->images);
}

fg_status fg_net_walk_backward(fg_net *net, int entry)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    for (int i = plan->forward_steps; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        if (step->kind == FG_STEP_LOSS)
            FG_TRY(loss(net, entry));
        else if (step->kind == FG_STEP_CONV_BACKWARD)
            FG_TRY(conv_backward(net, step));
        else if (step->kind == FG_STEP_POOL_BACKWARD)
            FG_TRY(pool_backward(net, step));
        else
            FG_TRY(head_pool_backward(net, step));
        FG_TRY(fg_net_poison(net, i));
    }

cleanup:
    return status;
}
