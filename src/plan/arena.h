/* arena.h - where each region of device memory lies; lives that never meet may share bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_ARENA_H
#define FG_PLAN_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Memory that lives from one step of the plan to another, both included. It becomes one
 * sub-buffer of one segment; a segment is one allocation. */
typedef struct fg_region {
    const char *kind; /* for reports: "features", "scratch", ...; a literal */
    size_t bytes;     /* > 0, a multiple of the alignment */
    int first_step;
    int last_step;
    bool kept;     /* from pass to pass, when first_step comes again */
    int segment;   /* out */
    size_t offset; /* out: bytes from the segment's start, a multiple of the alignment */
} fg_region;

typedef struct fg_arena {
    int segments;
    size_t *segment_bytes; /* owned */
    size_t bytes;          /* sum */
} fg_arena;

/* Places all regions. Only a region that is larger than allocation_bytes (0: no limit) makes a
 * segment that is, too; fg_plan_fits reports it. The same regions get the same places. */
fg_status fg_arena_place(fg_arena *out, fg_region *regions, int count, size_t allocation_bytes);

/* The most bytes that live at one step, and that step: no placement gets below. */
fg_status fg_arena_live(size_t *bytes, int *step, const fg_region *regions, int count);

void fg_arena_free(fg_arena *arena);

#endif
