/* tasks.h - what there is to tune in a net: each part of its convolutions, once for all that are
 * alike.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_NET_TASKS_H
#define FG_NET_TASKS_H

#include "ops/tuning.h"
#include "plan/plan.h"

typedef struct fg_task {
    fg_conv_part part;
    fg_conv_shape shape;
    char *operation; /* fg_tuning_operation */
    int op;          /* one of the convolutions ... */
    int count;       /* ... that are so many */
    double work;     /* multiply-adds of all of them, one image */
} fg_task;

typedef struct fg_tasks {
    fg_task *list; /* those with most work first */
    int count;
    double work; /* of all */
} fg_tasks;

fg_status fg_tasks_create(fg_tasks *out, const fg_plan *plan);
void fg_tasks_clear(fg_tasks *tasks);

#endif
