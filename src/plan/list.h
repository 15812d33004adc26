/* list.h - a stage's list of elements x_0, x_1, ..., x_n as channels of the stage's map.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_LIST_H
#define FG_PLAN_LIST_H

#include "plan/model.h"

/* x_0 is the stage's input, x_l what layer l adds. Start zeroed; free at the end. */
typedef struct fg_list {
    const fg_model *model;
    int stage; /* from 0 */
    int map;
    int layers;
    int width;     /* channels of x_0 */
    int growth;    /* channels of each other element */
    int *elements; /* owned; [layers + 1], what one reader reads */
    int *last;     /* owned; [layers + 1], the last reader of each element */
} fg_list;

/* Begins the list of another stage; map is set by the caller. */
fg_status fg_list_start(fg_list *list, const fg_model *model, int stage, int width);
void fg_list_free(fg_list *list);

/* First channel of an element; that of element layers + 1 is the number of all channels. */
int fg_list_channel(const fg_list *list, int element);

/* The list elements that reader 1..layers + 1 of a stage reads, in the order of its input
 * channels: layers read by their numbers, transition and head like one layer more. out has room
 * for reader entries; returns how many were written. */
int fg_list_elements(int *out, const fg_model *model, int reader);

#endif
