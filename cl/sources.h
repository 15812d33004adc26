/* sources.h - how a layer reads its sources without copying them. C11 and OpenCL C.
 *
 * A stage's features are [channels][pitch] in one sub-buffer. What a layer reads is a run of
 * (first channel, channels) ranges of it: a concatenation, or the terms of a sum, is this list
 * and nothing else. Which ranges those are is src/plan/sources.c; where they lie is
 * src/plan/arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_SOURCES_H
#define FG_SOURCES_H

#include "shared.h"

/* Backward goes through the readers from the last to the first. The first one to come writes
 * what the readers of a source add up, the others add to it. */
enum fg_adds {
    FG_ADDS_GRADIENT = 1,  /* to the gradient of its channels */
    FG_ADDS_SUMS = 2,      /* to the sums A and B of its channels' normalisation */
    FG_ADDS_PARAMETERS = 4 /* to the gradients of its norm's scale and shift */
};

/* Channels that one earlier layer wrote, and the norm that they are read through. */
struct fg_source {
    fg_i32 first_channel;
    fg_i32 channels;
    fg_i32 adds; /* enum fg_adds */
    fg_i32 slot; /* of the first channel's batch statistics; -1: no one normalises it */
    /* First element of gamma and beta in the parameters, -1: read as it is, without a norm. */
    fg_i32 scale;
    fg_i32 shift;
    fg_i32 scale_gradient; /* ... and of their gradients */
    fg_i32 shift_gradient;
    fg_i32 mean; /* first element in the running statistics */
    fg_i32 variance;
};
FG_SHARED_ASSERT(sizeof(struct fg_source) == 40, source_size);

/* Arena channel that holds channel c of the (never materialised) concatenation. */
static inline fg_i32 fg_sources_channel(FG_GLOBAL const struct fg_source *list, fg_i32 c)
{
    while (c >= list->channels) {
        c -= list->channels;
        ++list;
    }
    return list->first_channel + c;
}

/* The source that holds channel c, moved so that c is its first one. */
static inline struct fg_source fg_sources_at(FG_GLOBAL const struct fg_source *list, fg_i32 c)
{
    struct fg_source source;

    while (c >= list->channels) {
        c -= list->channels;
        ++list;
    }
    source = *list;
    source.first_channel += c;
    source.channels -= c;
    if (source.slot >= 0)
        source.slot += c;
    if (source.scale >= 0) {
        source.scale += c;
        source.shift += c;
        source.scale_gradient += c;
        source.shift_gradient += c;
        source.mean += c;
        source.variance += c;
    }
    return source;
}

#endif
