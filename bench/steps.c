/* steps.c - a step of training and a step of inference, as benches time them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "steps.h"

#include <stdlib.h>

#include "base/status.h"

#define SETTLE_IMAGES 16 /* enough for statistics, and little memory beside the timed net's */

static fg_status train(const fg_timing *timing)
{
    fg_status status = FG_OK;
    fg_net *net = timing->net;
    /* So low a rate that labels which mean nothing cannot make the weights diverge. */
    const fg_sgd sgd = {1e-4f, 0.9f, 1e-4f, 1};
    fg_step_result result;
    uint64_t number = 0;

    FG_TRY(
        fg_net_step(net, &number, timing->pixels, timing->labels, timing->options.batch, &sgd));
    FG_TRY(fg_net_step_result(net, number, &result));
    FG_TRY(fg_net_finish(net));

cleanup:
    return status;
}

static fg_status infer(const fg_timing *timing)
{
    fg_status status = FG_OK;
    fg_net *net = timing->net;
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));
    float *logits = NULL;

    FG_ALLOC(logits, (size_t)timing->options.batch * (size_t)info.classes);
    FG_TRY(
        fg_net_forward(net, FG_MODE_EVALUATION, logits, timing->pixels, timing->options.batch));

cleanup:
    free(logits);
    return status;
}

fg_status fg_steps_run(const fg_timing *timing)
{
    return timing->options.infer ? infer(timing) : train(timing);
}

/* A training pass leaves 0.9 * initial + 0.1 * batch: the batch's part is taken out again. */
fg_status fg_steps_settle(const fg_timing *timing)
{
    fg_status status = FG_OK;
    fg_net *net = timing->net;
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *trained = NULL;
    float *before = NULL, *after = NULL;

    config.model = timing->options.model;
    config.images =
        timing->options.batch < SETTLE_IMAGES ? timing->options.batch : SETTLE_IMAGES;
    FG_TRY(fg_net_create(&trained, timing->device, &config));
    FG_TRY(fg_net_forward(trained, FG_MODE_TRAINING, NULL, timing->pixels, config.images));
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        FG_ALLOC(before, tensor.elements);
        FG_ALLOC(after, tensor.elements);
        FG_TRY(fg_net_read(net, i, before));
        FG_TRY(fg_net_read(trained, i, after));
        for (int64_t j = 0; !tensor.trained && j < tensor.elements; ++j)
            after[j] = (after[j] - 0.9f * before[j]) / 0.1f;
        FG_TRY(fg_net_write(net, i, after));
        free(before);
        free(after);
        before = after = NULL;
    }

cleanup:
    free(before);
    free(after);
    fg_net_free(trained);
    return status;
}
