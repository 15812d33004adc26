/* limits.c - whether a plan fits a device, and the largest batch that would.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/limits.h"

#include <stdlib.h>
#include <string.h>

#include "plan/sizes.h"

#define MAX_PIXELS \
    (1 << 30) /* of one channel of a batch; chunks.h multiplies no more than that */

int fg_limits_images(const fg_network *network)
{
    return MAX_PIXELS / (network->image * network->image);
}

static bool within(size_t bytes, size_t limit)
{
    return limit == 0 || bytes <= limit;
}

bool fg_limits_hold(const fg_plan *plan)
{
    return within(plan->device_bytes_peak, plan->memory_bytes) &&
           within(plan->largest_allocation, plan->allocation_bytes);
}

/* Sizes and places of another batch, in a plan with maps, regions and an arena of its own. */
static fg_status try_batch(bool *fits, fg_plan *plan, int images)
{
    fg_status status = FG_OK;
    size_t live;
    int step;

    plan->images = images;
    fg_sizes_set(plan);
    FG_TRY(fg_arena_live(&live, &step, plan->regions, plan->region_count));
    *fits = within(live, plan->memory_bytes);
    if (*fits) { /* only then is it worth placing */
        FG_TRY(fg_sizes_place(plan));
        *fits = fg_limits_hold(plan);
    }

cleanup:
    return status;
}

fg_status fg_limits_largest_batch(int *out, const fg_plan *plan)
{
    const int most = fg_limits_images(&plan->network);
    fg_status status = FG_OK;
    fg_plan trial = *plan;
    int64_t fitting = 0, failing = 1;
    bool fits = true;

    *out = 0;
    trial.arena = (fg_arena){0};
    trial.maps = NULL;
    trial.regions = NULL;
    if (plan->memory_bytes == 0 && plan->allocation_bytes == 0)
        return FG_OK;
    FG_ALLOC(trial.maps, plan->map_count);
    FG_ALLOC(trial.regions, plan->region_count);
    memcpy(trial.maps, plan->maps, (size_t)plan->map_count * sizeof *trial.maps);
    memcpy(trial.regions, plan->regions, (size_t)plan->region_count * sizeof *trial.regions);
    while (fits && failing <= most) {
        FG_TRY(try_batch(&fits, &trial, (int)failing));
        if (fits) {
            fitting = failing;
            failing *= 2;
        }
    }
    if (failing > most)
        failing = (int64_t)most + 1; /* is not tried: no plan is made for it */
    while (failing - fitting > 1) {
        const int64_t middle = fitting + (failing - fitting) / 2;
        FG_TRY(try_batch(&fits, &trial, (int)middle));
        if (fits)
            fitting = middle;
        else
            failing = middle;
    }
    *out = (int)fitting;

cleanup:
    fg_arena_free(&trial.arena);
    free(trial.maps);
    free(trial.regions);
    return status;
}
