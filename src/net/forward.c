/* forward.c - walks the plan's forward steps.
 *
 * A reader's affine part is made just before it reads; a feature's statistics just after it is
 * written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/trace.h"
#include "net/pass.h"

static fg_status conv_forward(const fg_pass *p)
{
    const fg_conv_call call = fg_pass_conv_forward(p);

    if (p->op->algorithm != FG_ALGORITHM_DIRECT)
        return fg_candidate_forward(&p->net->candidates[p->step->op], &call,
                                    fg_net_scratch(p->net, p->step, FG_SCRATCH_TILE));
    return fg_conv_forward(&p->net->convs[p->step->op], &call);
}

static fg_status sum_forward(const fg_pass *p)
{
    fg_sum_call call = fg_pass_sum(p);

    call.statistics_partials = p->partials[0];
    return fg_sum_forward(&p->net->sums[p->step->op], &call);
}

static fg_status max_pool_forward(const fg_pass *p)
{
    fg_max_pool_call call = fg_pass_max_pool(p);

    call.statistics_partials = p->partials[0];
    return fg_max_pool_forward(&p->net->max_pool, &call);
}

static fg_status run(const fg_pass *p)
{
    fg_net *net = p->net;

    switch (p->op->kind) {
    case FG_OP_CONV:
        return conv_forward(p);
    case FG_OP_SUM:
        return sum_forward(p);
    case FG_OP_MEAN_POOL:
        return fg_pool_forward(&net->pool, p->in[0].map, &p->out, p->partials[0], p->images);
    case FG_OP_MAX_POOL:
        return max_pool_forward(p);
    case FG_OP_HEAD_POOL:
        return fg_head_pool_forward(&net->head_pool, &p->in[0], p->out.map, p->affine[0],
                                    p->op->in[0].relu, p->op->grid, p->images);
    }
    return fg_fail(FG_ERR_ARGUMENT, "%s is no operation", p->op->name);
}

/* Whether lanes of the partial statistics begin anew in every image. */
static bool image_runs(const fg_pass *p)
{
    if (p->op->kind != FG_OP_CONV)
        return false;
    return p->op->algorithm == FG_ALGORITHM_DIRECT
               ? fg_conv_image_runs(&p->net->convs[p->step->op])
               : p->net->candidates[p->step->op].candidate->image_runs;
}

fg_status fg_net_forward_step(fg_net *net, const fg_step *step, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    fg_pass p;

    if (net->plan->ops[step->op].folded)
        return FG_OK;
    FG_TRY(fg_pass_begin(&p, net, step, mode, images));
    if (mode == FG_MODE_EVALUATION)
        p.partials[0] = NULL; /* what is normalised takes running statistics */
    FG_TRY(run(&p));
    if (p.partials[0] != NULL)
        FG_TRY(fg_batchnorm_statistics(&net->batchnorm, net->parts[FG_PART_STATISTICS],
                                       p.partials[0], &p.out, images, image_runs(&p)));

cleanup:
    return status;
}

fg_status fg_net_walk_forward(fg_net *net, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    for (int i = 0; i < plan->op_count; ++i) {
        fg_trace_step(net->device->trace, i);
        FG_TRY(fg_net_forward_step(net, &plan->steps[i], mode, images));
        FG_TRY(fg_net_poison(net, i));
    }
    fg_trace_step(net->device->trace, -1);
    net->kept = !plan->training;
    if (mode == FG_MODE_TRAINING)
        FG_TRY(fg_batchnorm_running(
            &net->batchnorm, net->parts[FG_PART_RUNNING], net->parts[FG_PART_RUNNING_TABLE],
            net->parts[FG_PART_STATISTICS], plan->running_channels, images));

cleanup:
    return status;
}
