/* limits.c - whether a plan fits a device, and the largest batch that would.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/limits.h"

#include "plan/recompute.h"
#include "plan/sizes.h"
#include "plan/trial.h"

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

size_t fg_limits_bytes(const fg_plan *plan)
{
    const size_t limit = plan->memory_bytes;
    const size_t target = plan->memory_target > FG_MEMORY_LEAN ? plan->memory_target : 0;

    return limit == 0 || (target > 0 && target < limit) ? target : limit;
}

bool fg_limits_hold(const fg_plan *plan)
{
    return within(plan->device_bytes_peak, fg_limits_bytes(plan)) &&
           within(plan->largest_allocation, plan->allocation_bytes);
}

/* Sizes and places of a trial with another batch. */
static fg_status try_batch(bool *fits, fg_plan *trial, int images)
{
    fg_status status = FG_OK;
    fg_recompute recompute = {0};

    trial->images = images;
    FG_TRY(fg_recompute_find(&recompute, trial));
    *fits = within(recompute.live[recompute.count], trial->memory_bytes);
    if (*fits) { /* only then is it worth placing */
        if (recompute.count > 0)
            FG_TRY(fg_recompute_apply(trial, &recompute, recompute.count));
        FG_TRY(fg_sizes_place(trial));
        *fits = fg_limits_hold(trial);
    }

cleanup:
    fg_recompute_clear(&recompute);
    return status;
}

fg_status fg_limits_largest_batch(int *out, const fg_plan *plan)
{
    const int most = fg_limits_images(&plan->network);
    fg_status status = FG_OK;
    fg_plan trial = {0};
    int64_t fitting = 0, failing = 1;
    bool fits = true;

    *out = 0;
    if (fg_limits_bytes(plan) == 0 && plan->allocation_bytes == 0)
        return FG_OK;
    FG_TRY(fg_trial_begin(&trial, plan));
    if (plan->memory_target != FG_MEMORY_FAST) { /* bytes are reached by recomputing all */
        trial.memory_bytes = fg_limits_bytes(plan);
        trial.memory_target = FG_MEMORY_LEAN;
    }
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
    fg_trial_end(&trial);
    return status;
}
