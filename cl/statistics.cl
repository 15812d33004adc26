/* statistics.cl - partial statistics of channels that a foreign library has written. Kernels of
 * ours leave those of what they write themselves.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lanes.h"
#include "statistics.h"

/* values    [..][pitch], from first_channel on
 * partials  [chunks][channels][2][FG_LANES]: see lanes.h
 * grid      x = chunk, y = channel */
__kernel FG_ONE_WORK_ITEM void statistics_forward(__global const float *restrict values,
                                                  __global float *restrict partials,
                                                  const struct fg_statistics_args a)
{
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int k = get_global_id(1), pixels = chunk.images * chunk.pixels;
    __global const float *from = values + (size_t)(a.first_channel + k) * a.pitch + chunk.first;
    struct lanes lanes = lanes_none();

    for (int p = 0; p < pixels; p += FG_LANES)
        lanes_add(&lanes, load16(0, from + p), min(pixels - p, FG_LANES));
    lanes_store(partials + ((size_t)get_global_id(0) * a.channels + k) * 2 * FG_LANES, lanes);
}
