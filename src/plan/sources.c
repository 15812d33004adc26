/* sources.c - which earlier layers a layer reads.
 *
 * Pure integer arithmetic: no memory, no device. Where those layers lie in their stage is
 * build.c; how a kernel walks them is cl/sources.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/sources.h"

#include <assert.h>

int fg_sources_sparse(int *out, int layer, int base)
{
    int count = 0;

    assert(layer >= 0 && base >= 2);
    /* 64 bits: an offset may pass the largest int before it passes layer. */
    for (long long offset = 1; offset <= layer; offset *= base)
        out[count++] = layer - (int)offset;
    return count;
}

int fg_sources_dense(int *out, int layer)
{
    assert(layer >= 0);
    for (int i = 0; i < layer; ++i)
        out[i] = i;
    return layer;
}
