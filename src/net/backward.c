/* backward.c - walks the loss and the plan's backward steps.
 *
 * When a feature's producer has its turn, all readers have added to the feature's gradient G
 * and to its two sums, so the gradient is G + q (x - mean) + c, which the producer applies
 * while it loads. Behind a step, the parameters whose gradients it has completed are updated.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"

/* What a step has at hand. */
struct pass {
    fg_net *net;
    const fg_step *step;
    const fg_op *op;
    fg_input in[FG_OP_INPUTS];
    fg_output out;
    const fg_buffer *affine[FG_OP_INPUTS];
    const fg_buffer *partials[FG_OP_INPUTS]; /* of d_gamma and d_beta; NULL: no norm */
    const fg_buffer *coefficients; /* of the output's gradient; NULL: it is not normalised */
};

static fg_status conv_backward(const struct pass *p)
{
    fg_status status = FG_OK;
    fg_net *net = p->net;
    const fg_op *op = p->op;
    const fg_tensor *tensors = net->plan->tensors;
    fg_conv_call call = {
        .in = p->in[0],
        .out = p->out,
        .images = net->images,
        .affine = p->affine[0],
        .relu = op->in[0].relu,
        .parameters = net->parts[FG_PART_PARAMETERS],
        .first_weight = tensors[op->weights].first,
        .packed = fg_net_scratch(net, p->step, FG_SCRATCH_PACKED),
        .partials = p->partials[0],
        .coefficients = p->coefficients,
        .weight_partials = fg_net_scratch(net, p->step, FG_SCRATCH_WEIGHTS),
        .gradients = net->parts[FG_PART_GRADIENTS],
        .first_gradient = tensors[op->weights].gradient,
    };

    fg_net_dropout(&call, net, p->step->op, FG_MODE_TRAINING);
    FG_TRY(fg_conv_backward(&net->convs[p->step->op], &call));
    if (op->bias >= 0)
        FG_TRY(fg_linear_backward_bias(&net->linear, net->parts[FG_PART_GRADIENTS],
                                       tensors[op->bias].gradient, &p->out, net->images));

cleanup:
    return status;
}

static fg_status sum_backward(const struct pass *p)
{
    fg_sum_call call = {
        .out = p->out, .images = p->net->images, .coefficients = p->coefficients};

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        call.in[i] = p->in[i];
        call.affine[i] = p->affine[i];
        call.relu[i] = p->op->in[i].relu;
        call.stride[i] = p->op->in[i].stride;
        call.norm_partials[i] = p->partials[i];
    }
    return fg_sum_backward(&p->net->sums[p->step->op], &call);
}

static fg_status max_pool_backward(const struct pass *p)
{
    const fg_max_pool_call call = {.in = p->in[0],
                                   .relu = p->op->in[0].relu,
                                   .affine = p->affine[0],
                                   .out = p->out,
                                   .images = p->net->images,
                                   .coefficients = p->coefficients,
                                   .norm_partials = p->partials[0]};

    return fg_max_pool_backward(&p->net->max_pool, &call);
}

static fg_status run(const struct pass *p)
{
    fg_net *net = p->net;

    switch (p->op->kind) {
    case FG_OP_CONV:
        return conv_backward(p);
    case FG_OP_SUM:
        return sum_backward(p);
    case FG_OP_MEAN_POOL:
        return fg_pool_backward(&net->pool, p->in[0].map, &p->out, p->coefficients,
                                net->images);
    case FG_OP_MAX_POOL:
        return max_pool_backward(p);
    case FG_OP_HEAD_POOL:
        return fg_head_pool_backward(&net->head_pool, &p->in[0], p->out.map, p->affine[0],
                                     p->op->in[0].relu, p->partials[0], p->op->grid,
                                     net->images);
    }
    return fg_fail(FG_ERR_ARGUMENT, "%s is no operation", p->op->name);
}

/* Before: what the operation reads its input and its output's gradient with. */
static fg_status prepare(struct pass *p)
{
    static const enum fg_scratch affine[] = {FG_SCRATCH_AFFINE, FG_SCRATCH_AFFINE_SECOND};
    static const enum fg_scratch partials[] = {FG_SCRATCH_PARTIALS, FG_SCRATCH_PARTIALS_SECOND};
    fg_status status = FG_OK;
    fg_net *net = p->net;

    p->out = fg_net_output(net, p->op);
    p->coefficients = fg_net_scratch(net, p->step, FG_SCRATCH_COEFFICIENTS);
    if (p->coefficients != NULL)
        FG_TRY(fg_batchnorm_coefficients(&net->batchnorm, p->coefficients,
                                         net->parts[FG_PART_SUMS],
                                         net->parts[FG_PART_STATISTICS], &p->out, net->images));
    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        p->in[i] = fg_net_input(net, &p->op->in[i]);
        p->affine[i] = fg_net_scratch(net, p->step, affine[i]);
        p->partials[i] = fg_net_scratch(net, p->step, partials[i]);
        if (p->affine[i] != NULL)
            FG_TRY(fg_batchnorm_affine(&net->batchnorm, p->affine[i], &p->in[i],
                                       FG_AFFINE_BATCH, net->parts[FG_PART_STATISTICS],
                                       net->parts[FG_PART_PARAMETERS],
                                       net->parts[FG_PART_RUNNING]));
    }

cleanup:
    return status;
}

static fg_status walk_step(fg_net *net, const fg_step *step)
{
    fg_status status = FG_OK;
    struct pass p = {.net = net, .step = step, .op = &net->plan->ops[step->op]};

    FG_TRY(prepare(&p));
    FG_TRY(run(&p));
    for (int i = 0; i < FG_OP_INPUTS; ++i)
        if (p.partials[i] != NULL)
            FG_TRY(fg_batchnorm_backward(
                &net->batchnorm, net->parts[FG_PART_GRADIENTS], net->parts[FG_PART_SUMS],
                &p.in[i], p.op->kind == FG_OP_SUM ? p.out.map : p.in[i].map,
                net->parts[FG_PART_PARAMETERS], p.partials[i], net->images));

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

static fg_status loss(fg_net *net, int entry)
{
    const fg_output logits = fg_net_output(net, &net->plan->ops[net->plan->op_count - 1]);

    return fg_softmax_loss_forward(&net->softmax_loss, &logits, net->parts[FG_PART_LABELS],
                                   net->parts[FG_PART_RESULTS], entry, FG_STEP_RESULTS,
                                   net->images);
}

fg_status fg_net_walk_backward(fg_net *net, int entry, const fg_sgd *sgd)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    for (int i = plan->op_count; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        FG_TRY(step->kind == FG_STEP_LOSS ? loss(net, entry) : walk_step(net, step));
        FG_TRY(update(net, step, sgd));
        FG_TRY(fg_net_poison(net, i));
    }

cleanup:
    return status;
}
