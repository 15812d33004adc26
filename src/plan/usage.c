/* usage.c - what a plan's device memory is for, kind by kind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/usage.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void add(fg_usage *usage, const char *kind, size_t bytes)
{
    int i = 0;

    while (i < usage->count && strcmp(usage->entries[i].kind, kind) != 0)
        ++i;
    assert(i < FG_USAGE_KINDS);
    if (i == usage->count)
        usage->entries[usage->count++].kind = kind;
    usage->entries[i].bytes += bytes;
}

static const char *const part_kinds[FG_PARTS] = {
    [FG_PART_PARAMETERS] = "parameters",
    [FG_PART_GRADIENTS] = "parameter gradients",
    [FG_PART_MOMENTUM] = "momentum",
    [FG_PART_RUNNING] = "running statistics",
    [FG_PART_SOURCES] = "tables",
    [FG_PART_RUNNING_TABLE] = "tables",
    [FG_PART_STATISTICS] = "batch statistics",
    [FG_PART_SUMS] = "batch statistics",
    [FG_PART_LABELS] = "labels and results",
    [FG_PART_RESULTS] = "labels and results",
};

/* The map that a region belongs to, or NULL: it is scratch. */
static const fg_map *map_of(const fg_plan *plan, int region)
{
    for (int i = 0; i < plan->map_count; ++i)
        if (plan->maps[i].values == region || plan->maps[i].recomputed == region ||
            plan->maps[i].gradients == region)
            return &plan->maps[i];
    return NULL;
}

void fg_usage_largest(char *out, size_t length, const fg_plan *plan)
{
    const fg_map *map = NULL;
    const char *kind = "";
    size_t most = 0;

    for (int i = 0; i < plan->region_count; ++i)
        if (plan->regions[i].bytes > most) {
            most = plan->regions[i].bytes;
            kind = plan->regions[i].kind;
            map = map_of(plan, i);
        }
    for (int i = 0; i < FG_PARTS; ++i)
        if (plan->part_bytes[i] > most) {
            most = plan->part_bytes[i];
            kind = part_kinds[i];
            map = NULL;
        }
    if (map != NULL)
        snprintf(out, length, "the %s of %s", kind, map->name);
    else
        snprintf(out, length, "the %s", kind);
}

fg_status fg_usage_find(fg_usage *out, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_usage usage = {0};
    size_t live;

    FG_TRY(fg_arena_live(&live, &usage.busiest_step, plan->regions, plan->region_count));
    for (int i = 0; i < plan->region_count; ++i) {
        const fg_region *region = &plan->regions[i];
        const bool lives =
            region->first_step <= usage.busiest_step && region->last_step >= usage.busiest_step;
        add(&usage, region->kind, lives ? region->bytes : 0);
    }
    add(&usage, "lost between regions", plan->arena.bytes - live);
    for (int i = 0; i < FG_PARTS; ++i)
        add(&usage, part_kinds[i], plan->part_bytes[i]);
    *out = usage;

cleanup:
    return status;
}
