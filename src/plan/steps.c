/* steps.c - what is done in which order: every operation forward, the loss, every operation
 * backward, from the last one to the first; and what is recomputed on the way.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/steps.h"

#include <stdlib.h>

#define NONE (-1)

static fg_step make_step(fg_step_kind kind, int op)
{
    fg_step step = {.kind = kind, .op = op};

    for (int i = 0; i < FG_SCRATCHES; ++i)
        step.scratch[i] = -1;
    return step;
}

fg_status fg_steps_make(fg_plan *plan)
{
    fg_status status = FG_OK;

    FG_ALLOC(plan->steps, 2 * plan->op_count + 1);
    for (int i = 0; i < plan->op_count; ++i)
        plan->steps[plan->step_count++] = make_step(FG_STEP_FORWARD, i);
    if (plan->training) {
        plan->steps[plan->step_count++] = make_step(FG_STEP_LOSS, -1);
        for (int i = plan->op_count - 1; i >= 0; --i)
            plan->steps[plan->step_count++] = make_step(FG_STEP_BACKWARD, i);
    }

cleanup:
    return status;
}

fg_status fg_steps_recompute(fg_plan *plan, const fg_recomputed *list, int count)
{
    fg_status status = FG_OK;
    fg_step *steps = NULL;
    int *first = NULL, *next = NULL; /* the list, reader by reader */
    int step_count = 0;

    FG_ALLOC(first, plan->op_count);
    FG_ALLOC(next, count);
    FG_ALLOC(steps, plan->step_count + count);
    for (int i = 0; i < plan->op_count; ++i)
        first[i] = NONE;
    for (int i = 0; i < count; ++i) {
        next[i] = first[list[i].reader];
        first[list[i].reader] = i;
    }
    for (int i = 0; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        if (step->kind == FG_STEP_RECOMPUTE)
            continue;
        if (step->kind == FG_STEP_BACKWARD)
            for (int j = first[step->op]; j != NONE; j = next[j])
                steps[step_count++] = make_step(FG_STEP_RECOMPUTE, list[j].op);
        steps[step_count++] = *step;
    }
    free(plan->steps);
    plan->steps = steps;
    plan->step_count = step_count;
    steps = NULL;

cleanup:
    free(first);
    free(next);
    free(steps);
    return status;
}
