/* sources.h - how a layer reads its sources without copying them. C11 and OpenCL C.
 *
 * A stage's features are [channels][pitch] in one sub-buffer. What a layer reads is a run of
 * (first channel, channels) ranges of it: the concatenation is this list and nothing else.
 * Which ranges those are is src/plan/sources.c; where they lie is src/plan/arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_SOURCES_H
#define FG_SOURCES_H

#include "shared.h"

/* Channels that one earlier layer wrote. */
struct fg_source {
    fg_i32 first_channel;
    fg_i32 channels;
    fg_i32 adds; /* backward: 0 if this reader writes the gradient of these channels, the first
                  * to do so in backward order; 1 if it adds to it */
};
FG_SHARED_ASSERT(sizeof(struct fg_source) == 12, source_size);

/* Arena channel that holds channel c of the (never materialised) concatenation. */
static inline fg_i32 fg_sources_channel(FG_GLOBAL const struct fg_source *list, fg_i32 c)
{
    while (c >= list->channels) {
        c -= list->channels;
        ++list;
    }
    return list->first_channel + c;
}

/* The source that holds channel c: for its `adds`. */
static inline struct fg_source fg_sources_at(FG_GLOBAL const struct fg_source *list, fg_i32 c)
{
    while (c >= list->channels) {
        c -= list->channels;
        ++list;
    }
    return *list;
}

#endif
