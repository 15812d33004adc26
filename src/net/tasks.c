/* tasks.c - see tasks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/tasks.h"

#include <stdlib.h>
#include <string.h>

static double work_of(const fg_conv_shape *shape, fg_conv_part part)
{
    const double once = (double)shape->side * shape->side * shape->in_channels *
                        shape->out_channels / shape->groups * shape->height * shape->width;

    /* Backward makes gradients of data and of weights; its parts are measured together. */
    return part == FG_CONV_PART_FORWARD ? once : once * (1 + shape->data);
}

static fg_status add(fg_tasks *tasks, int op, const fg_conv_shape *shape, fg_conv_part part)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    fg_task new = {.part = part, .shape = *shape, .op = op};

    fg_tuning_operation(&text, part, shape);
    FG_TRY(fg_text_take(&new.operation, &text));
    int at = 0;
    while (at < tasks->count && strcmp(tasks->list[at].operation, new.operation) != 0)
        ++at;
    if (at == tasks->count) {
        FG_GROW(tasks->list, tasks->count);
        tasks->list[tasks->count++] = new;
        new.operation = NULL;
    }
    ++tasks->list[at].count;
    tasks->list[at].work += work_of(shape, part);
    tasks->work += work_of(shape, part);

cleanup:
    fg_text_free(new.operation);
    return status;
}

static int by_work(const void *a, const void *b)
{
    const double work_a = ((const fg_task *)a)->work, work_b = ((const fg_task *)b)->work;

    return (work_a < work_b) - (work_a > work_b);
}

fg_status fg_tasks_create(fg_tasks *out, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_tasks tasks = {0};

    *out = tasks;
    for (int i = 0; i < plan->op_count; ++i) {
        if (plan->ops[i].kind != FG_OP_CONV)
            continue;
        const fg_conv_shape shape = fg_conv_shape_of(plan, &plan->ops[i]);
        for (int part = 0; part < FG_CONV_PARTS; ++part)
            if (fg_conv_part_exists(&shape, (fg_conv_part)part))
                FG_TRY(add(&tasks, i, &shape, (fg_conv_part)part));
    }
    if (tasks.count > 0)
        qsort(tasks.list, (size_t)tasks.count, sizeof *tasks.list, by_work);
    *out = tasks;
    tasks = (fg_tasks){0};

cleanup:
    fg_tasks_clear(&tasks);
    return status;
}

void fg_tasks_clear(fg_tasks *tasks)
{
    for (int i = 0; i < tasks->count; ++i)
        fg_text_free(tasks->list[i].operation);
    free(tasks->list);
    *tasks = (fg_tasks){0};
}
