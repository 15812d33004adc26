/* peak.cl - what a device can do at best, to say what share of it a network reaches.
 *
 * The results mean nothing; they are stored so that no compiler leaves the work out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "shared.h"
#include "vectors.h"

#define ACCUMULATORS 12 /* independent sums: enough to hide the latency of a multiply-add */

/* rounds times ACCUMULATORS vector multiply-adds, 2 * 16 floating-point operations each.
 * out: [work-items][16]
 * grid: x = any number of work-items */
__kernel FG_ONE_WORK_ITEM void peak_fma(__global float *restrict out, const int rounds)
{
    const float16 factor = (float16)(0.999f);
    const float16 term = (float16)(0.001f);
    float16 sums[ACCUMULATORS];
    float16 total = (float16)(0.0f);

    for (int i = 0; i < ACCUMULATORS; ++i)
        sums[i] = (float16)((float)(get_global_id(0) + i));
    for (int round = 0; round < rounds; ++round) {
#pragma unroll
        for (int i = 0; i < ACCUMULATORS; ++i)
            sums[i] = fma(sums[i], factor, term);
    }
    for (int i = 0; i < ACCUMULATORS; ++i)
        total += sums[i];
    store16(total, get_global_id(0), out);
}

/* to[i] = from[i]
 * from, to: [work-items][vectors] vectors of 16 floats
 * grid: x = any number of work-items; each copies one run */
__kernel FG_ONE_WORK_ITEM void
peak_copy(__global float *restrict to, __global const float *restrict from, const uint vectors)
{
    const size_t first = get_global_id(0) * vectors;
    for (uint i = 0; i < vectors; ++i)
        store16(load16(first + i, from), first + i, to);
}
