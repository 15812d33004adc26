/* trial.c - a plan once more, to see what it would need with another batch or another setting.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/recompute.h"

fg_status fg_trial_begin(fg_plan *out, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_plan trial = *plan;

    trial.maps = NULL;
    trial.steps = NULL;
    trial.regions = NULL;
    trial.region_count = 0;
    trial.arena = (fg_arena){0};
    FG_ALLOC(trial.maps, plan->map_count);
    FG_ALLOC(trial.steps, plan->step_count);
    memcpy(trial.maps, plan->maps, (size_t)plan->map_count * sizeof *trial.maps);
    memcpy(trial.steps, plan->steps, (size_t)plan->step_count * sizeof *trial.steps);

cleanup:
    *out = trial; /* to be ended in any case */
    return status;
}

void fg_trial_end(fg_plan *trial)
{
    fg_arena_free(&trial->arena);
    free(trial->maps);
    free(trial->steps);
    free(trial->regions);
}

static fg_setting setting_of(const fg_plan *plan, size_t target)
{
    fg_setting setting = {.chosen = true,
                          .device_bytes_peak = plan->device_bytes_peak,
                          .recomputed_maps = plan->recomputed_maps,
                          .recomputed_multiply_adds = plan->recomputed_multiply_adds};

    if (target == FG_MEMORY_FAST || target == FG_MEMORY_LEAN)
        snprintf(setting.name, sizeof setting.name, "%s",
                 target == FG_MEMORY_FAST ? "fast" : "lean");
    else
        snprintf(setting.name, sizeof setting.name, "%zu", target);
    /* Forward once, backward twice as much. */
    setting.share =
        (double)plan->recomputed_multiply_adds / (3.0 * (double)plan->multiply_adds);
    return setting;
}

static fg_status try_setting(fg_setting *out, const fg_plan *plan, size_t target)
{
    fg_status status = FG_OK;
    fg_plan trial = {0};

    FG_TRY(fg_trial_begin(&trial, plan));
    trial.memory_target = target;
    FG_TRY(fg_recompute_place(&trial));
    *out = setting_of(&trial, target);
    out->chosen = false;

cleanup:
    fg_trial_end(&trial);
    return status;
}

fg_status fg_trial_settings(fg_setting *out, int *count, const fg_plan *plan)
{
    static const size_t targets[] = {FG_MEMORY_FAST, FG_MEMORY_LEAN};
    fg_status status = FG_OK;
    bool listed = false;

    *count = 0;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; ++i) {
        const bool own = plan->memory_target == targets[i];
        if (own)
            out[*count] = setting_of(plan, targets[i]);
        else
            FG_TRY(try_setting(&out[*count], plan, targets[i]));
        ++*count;
        listed = listed || own;
    }
    if (!listed)
        out[(*count)++] = setting_of(plan, plan->memory_target);

cleanup:
    return status;
}
