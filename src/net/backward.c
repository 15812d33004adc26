/* backward.c - walks the loss and the plan's backward steps.
 *
 * When a feature's producer has its turn, all readers have added to the feature's gradient G
 * and to its two sums, so the gradient is G + q (x - mean) + c, which the producer applies
 * while it loads. Behind a step, the parameters whose gradients it has completed are updated.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/trace.h"
#include "net/pass.h"

static fg_status conv_backward(const fg_pass *p)
{
    fg_status status = FG_OK;
    fg_net *net = p->net;
    const fg_tensor *tensors = net->plan->tensors;
    const fg_conv_call call = fg_pass_conv_backward(p);

    FG_TRY(fg_conv_backward(&net->convs[p->step->op], &call));
    if (p->op->bias >= 0)
        FG_TRY(fg_linear_backward_bias(&net->linear, net->parts[FG_PART_GRADIENTS],
                                       tensors[p->op->bias].gradient, &p->out, p->images));

cleanup:
    return status;
}

static fg_status sum_backward(const fg_pass *p)
{
    fg_sum_call call = fg_pass_sum(p);

    call.coefficients = p->coefficients;
    for (int i = 0; i < FG_OP_INPUTS; ++i)
        call.norm_partials[i] = p->partials[i];
    return fg_sum_backward(&p->net->sums[p->step->op], &call);
}

static fg_status max_pool_backward(const fg_pass *p)
{
    fg_max_pool_call call = fg_pass_max_pool(p);

    call.coefficients = p->coefficients;
    call.norm_partials = p->partials[0];
    return fg_max_pool_backward(&p->net->max_pool, &call);
}

static fg_status run(const fg_pass *p)
{
    fg_net *net = p->net;

    switch (p->op->kind) {
    case FG_OP_CONV:
        return conv_backward(p);
    case FG_OP_SUM:
        return sum_backward(p);
    case FG_OP_MEAN_POOL:
        return fg_pool_backward(&net->pool, p->in[0].map, &p->out, p->coefficients, p->images);
    case FG_OP_MAX_POOL:
        return max_pool_backward(p);
    case FG_OP_HEAD_POOL:
        return fg_head_pool_backward(&net->head_pool, &p->in[0], p->out.map, p->affine[0],
                                     p->op->in[0].relu, p->partials[0], p->op->grid, p->images);
    }
    return fg_fail(FG_ERR_ARGUMENT, "%s is no operation", p->op->name);
}

static fg_status step_backward(fg_net *net, const fg_step *step)
{
    fg_status status = FG_OK;
    fg_pass p;

    if (net->plan->ops[step->op].folded)
        return FG_OK;
    FG_TRY(fg_pass_begin(&p, net, step, FG_MODE_TRAINING, net->images));
    if (p.coefficients != NULL)
        FG_TRY(fg_batchnorm_coefficients(&net->batchnorm, p.coefficients,
                                         net->parts[FG_PART_SUMS],
                                         net->parts[FG_PART_STATISTICS], &p.out, p.images));
    FG_TRY(run(&p));
    for (int i = 0; i < FG_OP_INPUTS; ++i)
        if (p.partials[i] != NULL)
            FG_TRY(fg_batchnorm_backward(
                &net->batchnorm, net->parts[FG_PART_GRADIENTS], net->parts[FG_PART_SUMS],
                &p.in[i], fg_op_walks_output(p.op) ? p.out.map : p.in[i].map,
                net->parts[FG_PART_PARAMETERS], p.partials[i], p.images));

cleanup:
    return status;
}

/* Nothing reads the old values of these any more. */
static fg_status update(fg_net *net, const fg_step *step, const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    for (int i = step->first_update; i < step->first_update + step->updates; ++i) {
        const fg_update *slice = &net->plan->updates[i];
        FG_TRY(fg_sgd_update(&net->sgd, net->parts[FG_PART_PARAMETERS],
                             net->parts[FG_PART_MOMENTUM], net->parts[FG_PART_GRADIENTS],
                             slice->first, slice->gradient, slice->elements, sgd));
    }

cleanup:
    return status;
}

static fg_status loss(fg_net *net, const fg_step *step, int entry)
{
    const fg_output logits = fg_net_output(net, step, &net->plan->ops[net->plan->op_count - 1]);

    return fg_softmax_loss_forward(&net->softmax_loss, &logits, net->parts[FG_PART_LABELS],
                                   net->parts[FG_PART_RESULTS], entry, FG_STEP_RESULTS,
                                   net->images);
}

/* What is recomputed comes out as in forward, to the bit: statistics of what it reads, weights and
 * dropout's keys are still those of this training pass. */
static fg_status run_step(fg_net *net, const fg_step *step, int entry)
{
    if (step->kind == FG_STEP_LOSS)
        return loss(net, step, entry);
    if (step->kind == FG_STEP_RECOMPUTE)
        return fg_net_forward_step(net, step, FG_MODE_TRAINING, net->images);
    return step_backward(net, step);
}

fg_status fg_net_walk_backward(fg_net *net, int entry, const fg_sgd *sgd)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    for (int i = plan->op_count; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        fg_trace_step(net->device->trace, i);
        FG_TRY(run_step(net, step, entry));
        FG_TRY(update(net, step, sgd));
        FG_TRY(fg_net_poison(net, i));
    }
    fg_trace_step(net->device->trace, -1);

cleanup:
    return status;
}
