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

/* A region, or what a net allocates beside them, lies in one allocation. */
static size_t largest_part(const fg_plan *plan)
{
    size_t bytes = 0;

    for (int i = 0; i < plan->region_count; ++i)
        bytes = plan->regions[i].bytes > bytes ? plan->regions[i].bytes : bytes;
    for (int i = 0; i < FG_PARTS; ++i)
        bytes = plan->part_bytes[i] > bytes ? plan->part_bytes[i] : bytes;
    return bytes;
}

/* Whether a trial with another batch fits; without places, whether what lives together and each part do,
 * which is soon known. */
static fg_status try_batch(bool *fits, fg_plan *trial, int images, bool places)
{
    fg_status status = FG_OK;
    fg_recompute recompute = {0};

    trial->images = images;
    FG_TRY(fg_recompute_find(&recompute, trial));
    *fits = within(recompute.live[recompute.count], trial->memory_bytes);
    if (!*fits)
        goto cleanup;
    if (recompute.count > 0)
        FG_TRY(fg_recompute_apply(trial, &recompute, recompute.count));
    *fits = within(largest_part(trial), trial->allocation_bytes);
    if (!*fits || !places)
        goto cleanup;
    FG_TRY(fg_sizes_place(trial));
    *fits = fg_limits_hold(trial);

cleanup:
    fg_recompute_clear(&recompute);
    return status;
}

/* The largest batch from `fitting`, which fits, to below `failing`. */
static fg_status bisect(int *out, fg_plan *trial, int fitting, int failing, bool places)
{
    fg_status status = FG_OK;
    bool fits;

    while (failing - fitting > 1) {
        const int middle = fitting + (failing - fitting) / 2;
        FG_TRY(try_batch(&fits, trial, middle, places));
        if (fits)
            fitting = middle;
        else
            failing = middle;
    }
    *out = fitting;

cleanup:
    return status;
}

/* Places take little more than what lives together, so the largest batch is close below the one for
 * which that fits. */
fg_status fg_limits_largest_batch(int *out, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_plan trial = {0};
    int batch, failing;
    bool fits = false;

    *out = 0;
    if (fg_limits_bytes(plan) == 0 && plan->allocation_bytes == 0)
        return FG_OK;
    FG_TRY(fg_trial_begin(&trial, plan));
    if (plan->memory_target != FG_MEMORY_FAST) { /* bytes are reached by recomputing all */
        trial.memory_bytes = fg_limits_bytes(plan);
        trial.memory_target = FG_MEMORY_LEAN;
    }
    FG_TRY(bisect(&batch, &trial, 0, fg_limits_images(&plan->network) + 1, false));
    failing = batch + 1;
    for (int step = 1; batch > 0; step *= 2) {
        FG_TRY(try_batch(&fits, &trial, batch, true));
        if (fits)
            break;
        failing = batch;
        batch = batch > step ? batch - step : 0;
    }
    FG_TRY(bisect(out, &trial, batch, failing, true));

cleanup:
    fg_trial_end(&trial);
    return status;
}
