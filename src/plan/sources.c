/* sources.c - which earlier elements of its stage a layer reads.
 *
 * Pure integer arithmetic: no memory, no device. Where those elements lie is layers.c; how a
 * kernel walks them is cl/sources.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/sources.h"

#include <assert.h>

int fg_sources_oldest(const fg_stage *stage)
{
    return stage->entry == FG_ENTRY_NONE ? 1 : 0;
}

static int from(int *out, int first, int reader)
{
    int count = 0;

    for (int i = first; i < reader; ++i)
        out[count++] = i;
    return count;
}

static int sparse(int *out, int oldest, int reader, int base)
{
    int count = 0;

    /* 64 bits: an offset may pass the largest int before it passes reader. */
    for (long long offset = 1; offset <= reader - oldest; offset *= base)
        out[count++] = reader - (int)offset;
    return count;
}

static int listed(int *out, const fg_sources *sources, int reader)
{
    int count = 0;

    for (int i = sources->first[reader - 1]; i < sources->first[reader]; ++i)
        out[count++] = sources->list[i];
    return count;
}

int fg_sources_of(int *out, const fg_stage *stage, int reader)
{
    const fg_sources *sources = &stage->sources;
    const int oldest = fg_sources_oldest(stage);
    const int window = reader - sources->window;

    assert(reader >= 1);
    switch (sources->rule) {
    case FG_RULE_SPARSE:
        return sparse(out, oldest, reader, sources->base);
    case FG_RULE_WINDOW:
        return from(out, window > oldest ? window : oldest, reader);
    case FG_RULE_LIST:
        return listed(out, sources, reader);
    case FG_RULE_DENSE:
        break;
    }
    return from(out, oldest, reader);
}
