/* prefetch.cl - is built before anything else, so that a compiler which does not take what
 * prefetch.h makes of FG_CPU is found out in time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "prefetch.h"
#include "shared.h"

/* Fetches one line, and writes nothing. Grid: 1. */
__kernel FG_ONE_WORK_ITEM void prefetch_try(__global const float *from)
{
    FG_PREFETCH(from);
}
