/* bench_train.c - times training: upload of a batch, forward, loss, backward, update.
 *
 * SPDX-License-Identifier: MIT
 */
#include "timing.h"

int main(int argc, char **argv)
{
    return fg_timing_main(argc, argv, "Times training steps of a network on an OpenCL device.",
                          false);
}
