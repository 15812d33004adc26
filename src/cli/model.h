/* model.h - model names, as far as the program has to look into them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_MODEL_H
#define FG_CLI_MODEL_H

#include <stdbool.h>

#include "filigree.h"

/* model with the classes, channels and image side of like, where it does not give them. For
 * free().
 */
char *model_complete(const char *model, int classes, int channels, int side);

/* True if model, completed with what stored says, is the same network as stored; both may leave
 * out defaults. FG_ERR_ARGUMENT when one of them is no model. */
fg_status model_agrees(bool *out, const char *model, const char *stored);

#endif
