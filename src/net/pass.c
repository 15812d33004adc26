/* pass.c - one operation of a walk: what it is called with.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/pass.h"

#include "ops/dropout.h"
#include "plan/fold.h"

fg_status fg_pass_begin(fg_pass *out, fg_net *net, const fg_step *step, fg_mode mode,
                        int images)
{
    static const enum fg_scratch affine[] = {FG_SCRATCH_AFFINE, FG_SCRATCH_AFFINE_SECOND};
    static const enum fg_scratch partials[] = {FG_SCRATCH_PARTIALS, FG_SCRATCH_PARTIALS_SECOND};
    const fg_op *op = &net->plan->ops[step->op];
    fg_status status = FG_OK;
    fg_pass pass = {.net = net, .step = step, .op = op, .mode = mode, .images = images};

    pass.out = fg_net_output(net, step, fg_op_stored(net->plan, op));
    pass.coefficients = fg_net_scratch(net, step, FG_SCRATCH_COEFFICIENTS);
    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        pass.in[i] = fg_net_input(net, step, &op->in[i]);
        pass.partials[i] = fg_net_scratch(net, step, partials[i]);
        pass.affine[i] = fg_net_scratch(net, step, affine[i]);
        if (pass.affine[i] != NULL && !net->kept)
            FG_TRY(fg_batchnorm_affine(
                &net->batchnorm, pass.affine[i], &pass.in[i],
                mode == FG_MODE_TRAINING ? FG_AFFINE_BATCH : FG_AFFINE_RUNNING,
                net->parts[FG_PART_STATISTICS], net->parts[FG_PART_PARAMETERS],
                net->parts[FG_PART_RUNNING]));
    }
    *out = pass;

cleanup:
    return status;
}

/* What both directions have. */
static fg_conv_call conv_call(const fg_pass *pass)
{
    const fg_net *net = pass->net;
    const uint32_t op = (uint32_t)pass->step->op;
    /* Evaluation drops nothing. Two masks per operation: in front of it and behind it. */
    const double rate = pass->mode == FG_MODE_TRAINING ? net->plan->network.dropout.rate : 0.0;

    fg_conv_call call = {
        .in = pass->in[0],
        .out = pass->out,
        .images = pass->images,
        .affine = pass->affine[0],
        .relu = pass->op->in[0].relu,
        .parameters = net->parts[FG_PART_PARAMETERS],
        .first_weight = net->plan->tensors[pass->op->weights].first,
        .packed = fg_net_scratch(net, pass->step, FG_SCRATCH_PACKED),
        .kept = net->kept,
        .partials = pass->partials[0],
        .in_dropout = fg_dropout_of(rate, net->seed, net->passes, 2 * op),
        .out_dropout = fg_dropout_of(rate, net->seed, net->passes, 2 * op + 1),
    };
    if (pass->op->sum >= 0) {
        const fg_reads *reads;
        const fg_range *range = fg_fold_shortcut(&reads, net->plan, pass->op);
        call.shortcut = &net->maps[reads->map];
        call.shortcut_first_channel = range->first_channel;
        call.shortcut_adds = (range->adds & FG_ADDS_GRADIENT) != 0;
    }
    return call;
}

fg_conv_call fg_pass_conv_forward(const fg_pass *pass)
{
    fg_conv_call call = conv_call(pass);
    const int bias = pass->op->bias;

    call.library = fg_net_scratch(pass->net, pass->step, FG_SCRATCH_LIBRARY);
    call.first_bias = bias >= 0 ? (long)pass->net->plan->tensors[bias].first : -1;
    return call;
}

fg_conv_call fg_pass_conv_backward(const fg_pass *pass)
{
    const fg_net *net = pass->net;
    fg_conv_call call = conv_call(pass);

    call.coefficients = pass->coefficients;
    call.weight_partials = fg_net_scratch(net, pass->step, FG_SCRATCH_WEIGHTS);
    call.gradients = net->parts[FG_PART_GRADIENTS];
    call.first_gradient = net->plan->tensors[pass->op->weights].gradient;
    return call;
}

fg_sum_call fg_pass_sum(const fg_pass *pass)
{
    fg_sum_call call = {.out = pass->out, .images = pass->images};

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        call.in[i] = pass->in[i];
        call.affine[i] = pass->affine[i];
        call.relu[i] = pass->op->in[i].relu;
        call.stride[i] = pass->op->in[i].stride;
    }
    return call;
}

fg_max_pool_call fg_pass_max_pool(const fg_pass *pass)
{
    return (fg_max_pool_call){.in = pass->in[0],
                              .relu = pass->op->in[0].relu,
                              .affine = pass->affine[0],
                              .out = pass->out,
                              .images = pass->images};
}
