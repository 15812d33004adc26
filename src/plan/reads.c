/* reads.c - what operations read: runs of the plan's table of sources.
 *
 * Which list elements a layer reads is sources.c; this file turns elements into channel ranges.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/reads.h"

#include <stdlib.h>

/* Appends a range to the table and to reads, which is its last run. */
static fg_status add_source(fg_plan *plan, fg_reads *reads, struct fg_source source)
{
    fg_status status = FG_OK;
    struct fg_source *before = NULL;

    if (reads->count > 0)
        before = &plan->sources[plan->source_count - 1];
    reads->channels += source.channels;
    if (before != NULL && before->first_channel + before->channels == source.first_channel &&
        before->adds == source.adds) {
        before->channels += source.channels; /* a dense layer's input is one range */
        return FG_OK;
    }
    /* The table doubles whenever its length reaches a power of two. */
    if ((plan->source_count & (plan->source_count - 1)) == 0) {
        const size_t room = plan->source_count > 0 ? 2 * (size_t)plan->source_count : 1;
        struct fg_source *table = realloc(plan->sources, room * sizeof *table);
        FG_CHECK(table != NULL, FG_ERR_MEMORY, "no memory for %zu sources", room);
        plan->sources = table;
    }
    plan->sources[plan->source_count++] = source;
    ++reads->count;

cleanup:
    return status;
}

fg_status fg_reads_list(fg_reads *out, fg_plan *plan, fg_list *list, int reader)
{
    const int count = fg_list_elements(list->elements, list->model, reader);
    fg_status status = FG_OK;

    *out = (fg_reads){.map = list->map, .first = plan->source_count};
    for (int i = 0; i < count; ++i) {
        const int element = list->elements[i];
        const int first = fg_list_channel(list, element);
        /* Backward goes through the readers from the last to the first: the last one writes. */
        const struct fg_source source = {first, fg_list_channel(list, element + 1) - first,
                                         list->last[element] != reader};
        FG_TRY(add_source(plan, out, source));
    }

cleanup:
    return status;
}

fg_status fg_reads_whole(fg_reads *out, fg_plan *plan, int map)
{
    *out = (fg_reads){.map = map, .first = plan->source_count};
    return add_source(plan, out, (struct fg_source){0, plan->maps[map].channels, 0});
}
