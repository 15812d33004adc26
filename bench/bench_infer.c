/* bench_infer.c - times inference: upload of a batch, forward in evaluation mode, logits read
 * back.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "steps.h"

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
    FG_TRY(fg_steps_settle(net, &timing));
    FG_TRY(fg_timing_run(&timing, net, "infer", 1, fg_steps_infer));

cleanup:
    fg_net_free(net);
    fg_timing_clear(&timing);
    if (status != FG_OK)
        fprintf(stderr, "bench_infer: %s\n", fg_error_message());
    return status == FG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
