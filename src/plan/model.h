/* model.h - the text of a model: a name or a file, options behind it, and perhaps a file's text.
 *
 * What a name or a file means is network.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_MODEL_H
#define FG_PLAN_MODEL_H

#include "base/piece.h"

typedef struct fg_model {
    fg_piece base;    /* "sparsenet-40-12", "my/net.yaml" */
    fg_piece options; /* "classes=100,image=28"; `there` where a colon led to them */
    const char
        *text; /* of the file, behind a line break; NULL: the model is a name or a path */
} fg_model;

/* Borrows model. Options begin behind the first colon of the last path component. */
fg_model fg_model_split(const char *model);

/* Whether its base is a path: has a / in it, or ends in .yaml or .yml. */
bool fg_model_is_file(const fg_model *model);

#endif
