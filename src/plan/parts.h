/* parts.h - the pieces that build.c, layers.c and seq.c put a network together from.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_PARTS_H
#define FG_PLAN_PARTS_H

#include "plan/plan.h"

#define FG_PART_NAME 64

/* Channels of a map, and how they are read where the reader brings no norm of its own. */
typedef struct fg_element {
    int map;
    int first_channel;
    int channels;
    int norm; /* -1: as it is */
    int norm_channel;
    bool relu;
    int number; /* in the stage's list, -1: in none */
} fg_element;

/* A list of them: what a reader reads. */
typedef struct fg_elements {
    fg_element *list; /* owned */
    int count;
} fg_elements;

fg_status fg_elements_add(fg_elements *elements, fg_element element);
void fg_elements_clear(fg_elements *elements);
int64_t fg_elements_channels(const fg_elements *elements);

/* A map of side x side pixels. */
fg_status fg_part_map(int *out, fg_plan *plan, fg_map_kind kind, const char *name, int stage,
                      int64_t channels, int side);
/* A whole map as one element, read as it is. */
fg_element fg_part_element(const fg_plan *plan, int map);

/* The four tensors of a norm; its scale begins at `scale`. */
fg_status fg_part_norm(int *out, fg_plan *plan, const char *name, int64_t channels,
                       float scale);

/* The concatenation of elements, which lie in one map: all through `norm`, which is as wide as
 * they are together; or, with norm -1, each through its own norm and ReLU. */
fg_status fg_part_reads(fg_reads *out, fg_plan *plan, const fg_elements *elements, int norm,
                        bool relu);
/* Elements as the terms of a sum, each as it is read of itself. */
fg_status fg_part_terms(fg_reads *out, fg_plan *plan, const fg_elements *elements);

/* An operation with all but its name and its tensors; out_map and what it reads are there. A
 * convolution has weights, named after it. Inputs whose map is -1 are not there. */
fg_status fg_part_op(fg_plan *plan, fg_op op, const char *name);

/* An operation of that kind that reads nothing yet and does nothing unusual. */
fg_op fg_part_op_of(fg_op_kind kind, fg_element out);

/* What is dropped at a place: FG_DROPOUT_OUTPUTS is one of FG_DROPOUT_ALL_OUTPUTS too. */
fg_dropout_kind fg_part_dropout(const fg_network *network, fg_dropout_place place);

/* Side of the map that a strided convolution or a max pool makes. */
int fg_part_side(int side, int stride);

#endif
