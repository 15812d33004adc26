/* forward.c - walks the plan's forward steps.
 *
 * A reader's affine part is made just before it reads; a feature's statistics just after it is
 * written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"

/* What a step has at hand. */
struct pass {
    fg_net *net;
    const fg_step *step;
    const fg_op *op;
    fg_mode mode;
    int images;
    fg_input in[FG_OP_INPUTS];
    fg_output out;
    const fg_buffer *affine[FG_OP_INPUTS];
    const fg_buffer *partials; /* of the statistics that someone wants; else NULL */
};

static fg_status make_affine(const struct pass *p, int input)
{
    fg_net *net = p->net;

    if (p->affine[input] == NULL)
        return FG_OK;
    return fg_batchnorm_affine(&net->batchnorm, p->affine[input], &p->in[input],
                               p->mode == FG_MODE_TRAINING ? FG_AFFINE_BATCH
                                                           : FG_AFFINE_RUNNING,
                               net->parts[FG_PART_STATISTICS], net->parts[FG_PART_PARAMETERS],
                               net->parts[FG_PART_RUNNING]);
}

static fg_status conv_forward(const struct pass *p)
{
    fg_net *net = p->net;
    const fg_op *op = p->op;
    const fg_tensor *tensors = net->plan->tensors;
    fg_conv_call call = {
        .in = p->in[0],
        .out = p->out,
        .images = p->images,
        .affine = p->affine[0],
        .relu = op->in[0].relu,
        .parameters = net->parts[FG_PART_PARAMETERS],
        .first_weight = tensors[op->weights].first,
        .packed = fg_net_scratch(net, p->step, FG_SCRATCH_PACKED),
        .partials = p->partials,
        .first_bias = op->bias >= 0 ? (long)tensors[op->bias].first : -1,
    };

    fg_net_dropout(&call, net, p->step->op, p->mode);
    return fg_conv_forward(&net->convs[p->step->op], &call);
}

static fg_status sum_forward(const struct pass *p)
{
    fg_sum_call call = {.out = p->out, .images = p->images, .statistics_partials = p->partials};

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        call.in[i] = p->in[i];
        call.affine[i] = p->affine[i];
        call.relu[i] = p->op->in[i].relu;
        call.stride[i] = p->op->in[i].stride;
    }
    return fg_sum_forward(&p->net->sums[p->step->op], &call);
}

static fg_status max_pool_forward(const struct pass *p)
{
    const fg_max_pool_call call = {.in = p->in[0],
                                   .relu = p->op->in[0].relu,
                                   .affine = p->affine[0],
                                   .out = p->out,
                                   .images = p->images,
                                   .statistics_partials = p->partials};

    return fg_max_pool_forward(&p->net->max_pool, &call);
}

static fg_status run(const struct pass *p)
{
    fg_net *net = p->net;

    switch (p->op->kind) {
    case FG_OP_CONV:
        return conv_forward(p);
    case FG_OP_SUM:
        return sum_forward(p);
    case FG_OP_MEAN_POOL:
        return fg_pool_forward(&net->pool, p->in[0].map, &p->out, p->partials, p->images);
    case FG_OP_MAX_POOL:
        return max_pool_forward(p);
    case FG_OP_HEAD_POOL:
        return fg_head_pool_forward(&net->head_pool, &p->in[0], p->out.map, p->affine[0],
                                    p->op->in[0].relu, p->op->grid, p->images);
    }
    return fg_fail(FG_ERR_ARGUMENT, "%s is no operation", p->op->name);
}

static fg_status walk_step(fg_net *net, const fg_step *step, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_op *op = &net->plan->ops[step->op];
    struct pass p = {.net = net, .step = step, .op = op, .mode = mode, .images = images};

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        p.in[i] = fg_net_input(net, &op->in[i]);
        p.affine[i] =
            fg_net_scratch(net, step, i == 0 ? FG_SCRATCH_AFFINE : FG_SCRATCH_AFFINE_SECOND);
        FG_TRY(make_affine(&p, i));
    }
    p.out = fg_net_output(net, op);
    if (mode == FG_MODE_TRAINING && p.out.map->first_slot >= 0)
        p.partials = fg_net_scratch(net, step, FG_SCRATCH_PARTIALS);
    FG_TRY(run(&p));
    if (p.partials != NULL)
        FG_TRY(fg_batchnorm_statistics(
            &net->batchnorm, net->parts[FG_PART_STATISTICS], p.partials, &p.out, images,
            op->kind == FG_OP_CONV && fg_conv_image_runs(&net->convs[step->op])));

cleanup:
    return status;
}

fg_status fg_net_walk_forward(fg_net *net, fg_mode mode, int images)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    for (int i = 0; i < plan->op_count; ++i) {
        FG_TRY(walk_step(net, &plan->steps[i], mode, images));
        FG_TRY(fg_net_poison(net, i));
    }
    if (mode == FG_MODE_TRAINING)
        FG_TRY(fg_batchnorm_running(
            &net->batchnorm, net->parts[FG_PART_RUNNING], net->parts[FG_PART_RUNNING_TABLE],
            net->parts[FG_PART_STATISTICS], plan->running_channels, images));

cleanup:
    return status;
}
