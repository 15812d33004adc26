/* bench_infer.c - times inference: upload of a batch, forward in evaluation mode, logits read
 * back.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "timing.h"

#define SETTLE_IMAGES \
    16 /* enough for statistics, and little memory beside the timed network's */

/* Sets the running statistics to those of one training pass: with untouched ones the signal of
 * a deep network fades into denormal numbers. That pass leaves 0.9 * initial + 0.1 * batch, so
 * the batch's part is taken out again. */
static fg_status settle(fg_net *net, const fg_timing *timing)
{
    fg_status status = FG_OK;
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

static fg_status infer_step(const fg_timing *timing, fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));
    float *logits = NULL;

    FG_ALLOC(logits, (size_t)timing->options.batch * (size_t)info.classes);
    FG_TRY(
        fg_net_forward(net, FG_MODE_EVALUATION, logits, timing->pixels, timing->options.batch));

cleanup:
    free(logits);
    return status;
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    const fg_timing_options options =
        fg_timing_parse(argc, argv, "Times inference of a network on an OpenCL device.");
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_timing timing = {0};
    fg_net *net = NULL;

    FG_TRY(fg_timing_create(&timing, &options));
    config.model = options.model;
    config.images = options.batch;
    config.training = 0;
    FG_TRY(fg_net_create(&net, timing.device, &config));
    FG_TRY(settle(net, &timing));
    FG_TRY(fg_timing_run(&timing, net, "infer", 1, infer_step));

cleanup:
    fg_net_free(net);
    fg_timing_clear(&timing);
    if (status != FG_OK)
        fprintf(stderr, "bench_infer: %s\n", fg_error_message());
    return status == FG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
