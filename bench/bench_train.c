/* bench_train.c - times training: upload of a batch, forward, loss, backward, update.
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
        fg_timing_parse(argc, argv, "Times training steps of a network on an OpenCL device.");
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_timing timing = {0};
    fg_net *net = NULL;
    char mode[FG_TIMING_MODE];

    FG_TRY(fg_timing_create(&timing, &options));
    config.model = options.model;
    config.images = options.batch;
    config.memory_target = options.memory_target;
    FG_TRY(fg_net_create(&net, timing.device, &config));
    FG_TRY(
        fg_timing_run(&timing, net, fg_timing_train_mode(mode, &options), 3, fg_steps_train));

cleanup:
    fg_net_free(net);
    fg_timing_clear(&timing);
    if (status != FG_OK)
        fprintf(stderr, "bench_train: %s\n", fg_error_message());
    return status == FG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
