/* model.h - what options say of the network: its model, dropout and initial weights.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_MODEL_H
#define FG_CLI_MODEL_H

#include <stdbool.h>

#include "filigree.h"

/* What --help says of --model, begun by what the command takes it for. */
#define MODEL_HELP(what)                                                                       \
    what ": a name such as sparsenet-40-12 or densenet-bc-100-12:compression=0.7, or a file, " \
         "such as my/net.yaml"

/* Each NULL where it is not given. */
struct model_options {
    const char *model;
    const char *dropout; /* a rate */
    const char *initialiser;
};

/* End the program on a bad value; else return it. */
const char *model_dropout(const char *text);
const char *model_initialiser(const char *text);

/* The model with what the other options say behind it. For fg_text_free. */
fg_status model_of(char **out, const struct model_options *options);

/* Whether all that is given says the same as the model that a checkpoint holds; either may leave
 * out defaults. Prints why not. */
bool model_agrees(const struct model_options *options, const char *stored,
                  const char *checkpoint);

#endif
