/* row.h - the operations of a plan as reports show them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_ROW_H
#define FG_PLAN_ROW_H

#include "plan/plan.h"

typedef struct fg_row {
    const fg_op *op;
    char
        kind[16]; /* "conv3x3", "linear", "sum", "depthwise", "pool", "max_pool", "head_pool" */
    int in_channels;       /* that are read, those of all terms of a sum */
    int side;              /* of the kernel, or of the pixels that become one */
    int stride;            /* of that */
    int height, width;     /* of the map written */
    int64_t parameters;    /* those of a norm count in the first row that reads through it */
    int64_t multiply_adds; /* of one image */
    size_t bytes;          /* of the channels written, and of their gradients */
} fg_row;

/* A row for each operation, in order of execution; free() it. */
fg_status fg_row_all(fg_row **out, const fg_plan *plan);

/* Neighbouring channels that an operation reads. */
typedef struct fg_row_range {
    const fg_map *map;
    int first_channel;
    int channels;
    int stride;                      /* of a sum's term: every stride-th pixel; else 1 */
    int first_element, last_element; /* of the stage's list; -1: of none, or not to be said */
} fg_row_range;

/* Where going through the ranges has got to; starts as {0}. */
typedef struct fg_row_cursor {
    int input;
    int range; /* of that input, from 0 */
} fg_row_cursor;

/* The next range; false: there is none. */
bool fg_row_next(fg_row_range *out, fg_row_cursor *cursor, const fg_plan *plan,
                 const fg_op *op);

#endif
