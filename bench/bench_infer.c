/* bench_infer.c - times inference: upload of a batch, forward in evaluation mode, logits read
 * back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "timing.h"

int main(int argc, char **argv)
{
    return fg_timing_main(argc, argv, "Times inference of a network on an OpenCL device.",
                          true);
}
