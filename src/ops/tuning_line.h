/* tuning_line.h - one result of tuning as a line of text.
 *
 * Eight fields with a tab between them:
 *
 *     device  driver  library  origin  operation  choice  ms-before  ms-after
 *
 *     origin     "tune": measured by fg_net_tune; "first-use": by fg_net_create
 *     operation  "conv_forward side=3 stride=1 groups=1 in=48 out=12 map=32x32 images=64
 *                in_place=1 dropout=0,0", as fg_tuning_operation makes it; what only some have
 *                is behind that
 *     choice     "direct tile=12x2 pixels=512", with " lanes=4" behind it for conv_backward; the
 *                name of another algorithm; "done" where nothing is chosen: the operation "net
 *                sparsenet-40-12 ..." says that its tuning at first use is over
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_TUNING_LINE_H
#define FG_OPS_TUNING_LINE_H

#include "ops/conv_variant.h"
#include "plan/algorithm.h"

typedef enum fg_tuning_origin { FG_TUNING_FIRST_USE, FG_TUNING_TUNE } fg_tuning_origin;

/* What is chosen for one part of a convolution. */
typedef struct fg_tuning_choice {
    fg_algorithm algorithm;
    fg_conv_tiling tiling; /* of the direct kernels */
    int lane_vectors;
} fg_tuning_choice;

/* A line's fields; the texts point into it. */
typedef struct fg_tuning_line {
    const char *device, *driver, *library;
    fg_tuning_origin origin;
    const char *operation;
    const char *choice;
    double before_ms, after_ms;
} fg_tuning_line;

/* A device's or a driver's name without what a field may not have. */
void fg_tuning_name(char out[FG_NAME_LENGTH], const char *name);

/* Takes the line apart, in place. False: it is damaged. */
bool fg_tuning_line_parse(fg_tuning_line *out, char *text);
void fg_tuning_line_print(fg_text *out, const fg_tuning_line *line);

#define FG_TUNING_DONE "done"

/* Reads what an operation's choice says, zeros for FG_TUNING_DONE. False: it is damaged. */
bool fg_tuning_choice_parse(fg_tuning_choice *out, const char *text);
void fg_tuning_choice_print(fg_text *out, fg_conv_part part, const fg_tuning_choice *choice);

/* What a result is looked up by: all of the shape that decides how long the part takes. */
void fg_tuning_operation(fg_text *out, fg_conv_part part, const fg_conv_shape *shape);

#endif
