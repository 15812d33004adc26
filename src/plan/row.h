/* row.h - one operation of a plan as reports show it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_ROW_H
#define FG_PLAN_ROW_H

#include "plan/plan.h"

typedef struct fg_row {
    const char *name; /* "stage1.layer3.conv1" */
    const char *kind; /* "conv3x3", "conv1x1", "pool", "head_pool", "linear" */
    const fg_map *in_map;
    const struct fg_source *sources; /* of in_map; NULL: all of it */
    int source_count;
    int in_channels;
    int out_channels;
    int side;          /* of the kernel, or of the pixels that become one */
    int height, width; /* of the map written */
    int64_t parameters;
    int64_t multiply_adds; /* of one image */
    size_t bytes;          /* of the channels written, and of their gradients */
} fg_row;

/* The operation of a forward step. */
fg_row fg_row_of(const fg_plan *plan, int step);

/* The list elements x_first .. x_last that a source covers; false where its map is no list. */
bool fg_row_elements(int *first, int *last, const fg_plan *plan, const fg_map *map,
                     const struct fg_source *source);

#endif
