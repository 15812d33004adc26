/* forward.c - walks the plan's forward steps.
 *
 * A reader's affine part is made just before it reads; a feature's statistics just after it is
 * written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"

static enum fg_affine_mode affine_mode(fg_mode mode)
{
    return mode == FG_MODE_TRAINING ? FG_AFFINE_BATCH : FG_AFFINE_RUNNING;
}

static fg_status conv_forward(fg_net *net, const fg_step *step, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_conv *conv = &net->plan->convs[step->index];
    const fg_output out =
        fg_net_output(net, conv->out_map, conv->out_first_channel, conv->out_channels);
    const bool statistics = mode == FG_MODE_TRAINING && out.map->first_slot >= 0;
    const fg_conv_call call = {
        .in = fg_net_input(net, &conv->reads),
        .out = out,
        .images = images,
        .affine = fg_net_scratch(net, step, FG_SCRATCH_AFFINE),
        .relu = conv->norm >= 0,
        .parameters = net->parts[FG_PART_PARAMETERS],
        .first_weight = net->plan->tensors[conv->weights].first,
        .packed = fg_net_scratch(net, step, FG_SCRATCH_PACKED),
        .partials = statistics ? fg_net_scratch(net, step, FG_SCRATCH_PARTIALS) : NULL,
        .first_bias = conv->bias >= 0 ? (long)net->plan->tensors[conv->bias].first : -1,
    };
    fg_batchnorm_norm norm;

    FG_TRY(fg_batchnorm_affine(&net->batchnorm, call.affine, &call.in,
                               fg_net_norm(net, conv->norm, &norm), affine_mode(mode),
                               net->parts[FG_PART_STATISTICS], net->parts[FG_PART_PARAMETERS],
                               net->parts[FG_PART_RUNNING]));
    FG_TRY(fg_conv_forward(&net->convs[step->index], &call));
    if (statistics)
        FG_TRY(fg_batchnorm_statistics(&net->batchnorm, net->parts[FG_PART_STATISTICS],
                                       call.partials, &out, images, conv->side > 1));

cleanup:
    return status;
}

static fg_status pool_forward(fg_net *net, const fg_step *step, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_pool *pool = &net->plan->pools[step->index];
    const fg_output out = fg_net_output(net, pool->out_map, pool->out_first_channel,
                                        net->plan->maps[pool->in_map].channels);
    const bool statistics = mode == FG_MODE_TRAINING && out.map->first_slot >= 0;
    const fg_buffer *partials =
        statistics ? fg_net_scratch(net, step, FG_SCRATCH_PARTIALS) : NULL;

    FG_TRY(fg_pool_forward(&net->pool, &net->maps[pool->in_map], &out, partials, images));
    if (statistics)
        FG_TRY(fg_batchnorm_statistics(&net->batchnorm, net->parts[FG_PART_STATISTICS],
                                       partials, &out, images, false));

cleanup:
    return status;
}

static fg_status head_pool_forward(fg_net *net, const fg_step *step, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_head_pool *pool = &net->plan->head_pool;
    const fg_input in = fg_net_input(net, &pool->reads);
    const fg_buffer *affine = fg_net_scratch(net, step, FG_SCRATCH_AFFINE);
    fg_batchnorm_norm norm;

    FG_TRY(fg_batchnorm_affine(&net->batchnorm, affine, &in,
                               fg_net_norm(net, pool->norm, &norm), affine_mode(mode),
                               net->parts[FG_PART_STATISTICS], net->parts[FG_PART_PARAMETERS],
                               net->parts[FG_PART_RUNNING]));
    FG_TRY(fg_head_pool_forward(&net->head_pool, &in, &net->maps[pool->out_map], affine,
                                pool->grid, images));

cleanup:
    return status;
}

fg_status fg_net_walk_forward(fg_net *net, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    for (int i = 0; i < plan->forward_steps; ++i) {
        const fg_step *step = &plan->steps[i];
        if (step->kind == FG_STEP_CONV_FORWARD)
            FG_TRY(conv_forward(net, step, mode, images));
        else if (step->kind == FG_STEP_POOL_FORWARD)
            FG_TRY(pool_forward(net, step, mode, images));
        else
            FG_TRY(head_pool_forward(net, step, mode, images));
        FG_TRY(fg_net_poison(net, i));
    }
    if (mode == FG_MODE_TRAINING)
        FG_TRY(fg_batchnorm_running(
            &net->batchnorm, net->parts[FG_PART_RUNNING], net->parts[FG_PART_RUNNING_TABLE],
            net->parts[FG_PART_STATISTICS], plan->running_channels, images));

cleanup:
    return status;
}
