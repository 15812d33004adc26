/* choice.c - which algorithm computes each convolution of a net.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/choice.h"

#include <stdlib.h>

#include "base/env.h"
#include "ops/trial.h"
#include "plan/plan.h"

struct fg_verdict {
    fg_algorithm algorithm;
    fg_conv_shape shape;
    bool passed;
};

fg_status fg_choice_create(fg_choice *out, fg_kernels *kernels, const fg_tuning *tuning)
{
    const char *forced = fg_env_algorithm();
    fg_status status = FG_OK;

    *out = (fg_choice){.kernels = kernels, .tuning = tuning, .is_forced = forced != NULL};
    for (int i = 0; i < FG_ALGORITHMS; ++i)
        out->candidates[i] = fg_candidate_of((fg_algorithm)i);
    if (forced == NULL)
        return FG_OK;
    FG_TRY(fg_algorithm_of(&out->forced, forced, "FG_ALGORITHM"));
    if (out->forced != FG_ALGORITHM_DIRECT && out->candidates[out->forced] == NULL) {
        fg_log_line(&kernels->device->log, FG_LOG_WARN,
                    "%s is skipped: it is not part of this build", forced);
        out->forced = FG_ALGORITHM_DIRECT;
    }

cleanup:
    return status;
}

void fg_choice_clear(fg_choice *choice)
{
    free(choice->verdicts);
    choice->verdicts = NULL;
    choice->count = 0;
}

/* As far as the forward pass, and what can compute it, goes. */
static bool same_shape(const fg_conv_shape *a, const fg_conv_shape *b)
{
    return a->side == b->side && a->stride == b->stride && a->groups == b->groups &&
           a->in_channels == b->in_channels && a->out_channels == b->out_channels &&
           a->height == b->height && a->width == b->width && a->in_height == b->in_height &&
           a->in_width == b->in_width && a->images == b->images && a->pooled == b->pooled &&
           a->in_place == b->in_place && a->in_dropout == b->in_dropout &&
           a->out_dropout == b->out_dropout;
}

static fg_status log_skip(const fg_choice *choice, fg_log_level level, fg_algorithm algorithm,
                          const fg_conv_shape *shape, const char *why)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *operation = NULL;

    fg_tuning_operation(&text, FG_CONV_PART_FORWARD, shape);
    FG_TRY(fg_text_take(&operation, &text));
    fg_log_line(&choice->kernels->device->log, level, FG_CHOICE_SKIPS, operation,
                fg_algorithm_names[algorithm], why);

cleanup:
    fg_text_free(operation);
    return status;
}

fg_status fg_choice_check(bool *passed, fg_choice *choice, fg_algorithm algorithm,
                          const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    const char *why = choice->candidates[algorithm] == NULL
                          ? "it is not part of this build"
                          : fg_algorithm_obstacle(algorithm, shape);
    fg_log_level level = FG_LOG_INFO;

    for (int i = 0; i < choice->count; ++i) {
        const struct fg_verdict *known = &choice->verdicts[i];
        if (known->algorithm == algorithm && same_shape(&known->shape, shape)) {
            *passed = known->passed;
            return FG_OK;
        }
    }
    if (why == NULL &&
        fg_trial_check(choice->kernels, choice->candidates[algorithm], shape) != FG_OK) {
        why = fg_error_message();
        level = FG_LOG_WARN;
    }
    if (why != NULL)
        FG_TRY(log_skip(choice, level, algorithm, shape, why));
    *passed = why == NULL;
    FG_GROW(choice->verdicts, choice->count);
    choice->verdicts[choice->count++] = (struct fg_verdict){algorithm, *shape, *passed};

cleanup:
    return status;
}

static fg_status choose(fg_algorithm *out, void *user, const fg_conv_shape *shape)
{
    fg_choice *choice = user;
    fg_algorithm wanted = choice->forced;
    fg_status status = FG_OK;
    bool passed = false;

    if (!choice->is_forced)
        FG_TRY(fg_tuning_algorithm(&wanted, choice->tuning, shape));
    if (wanted != FG_ALGORITHM_DIRECT)
        FG_TRY(fg_choice_check(&passed, choice, wanted, shape));
    *out = passed ? wanted : FG_ALGORITHM_DIRECT;

cleanup:
    return status;
}

fg_chooser fg_choice_chooser(fg_choice *choice)
{
    return (fg_chooser){choose, choice};
}

void fg_choice_log(const fg_choice *choice, const fg_plan *plan)
{
    int all = 0;

    for (int i = 0; i < FG_ALGORITHMS; ++i)
        all += fg_algorithm_count(plan, (fg_algorithm)i);
    for (int i = FG_ALGORITHM_DIRECT + 1; i < FG_ALGORITHMS; ++i) {
        const int count = fg_algorithm_count(plan, (fg_algorithm)i);
        if (count > 0 || choice->forced == (fg_algorithm)i)
            fg_log_line(&choice->kernels->device->log, FG_LOG_INFO,
                        "%s: %s computes %d of %d convolutions", plan->network.name,
                        fg_algorithm_names[i], count, all);
    }
}
