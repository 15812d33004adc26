/* recipe.h - the options of `filigree train' that decide the bits of a run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_RECIPE_H
#define FG_CLI_RECIPE_H

#include <argp.h>

#include "filigree.h"

/* What the command line says, in its order. It is kept as text and laid over a recipe once it
 * is known which: the default one, or a checkpoint's. */
struct recipe_options {
    struct recipe_choice {
        int key;
        const char *text;
    } * choices;
    int count;
};

/* A child parser; its input is a zeroed struct recipe_options. */
extern const struct argp recipe_argp;

/* Lays the options over recipe. Fractions in --rate-steps are taken of epochs. */
void recipe_apply(const struct recipe_options *options, fg_recipe *recipe, int epochs);

/* The name of an option that asks for other bits than stored; fg_error_message then says more.
 * Call it where all options together do not agree with stored. */
const char *recipe_differs(const struct recipe_options *options, const fg_recipe *stored);

/* The value that --epochs has among the options, 0 where it is not given. */
int recipe_epochs(const struct recipe_options *options);

void recipe_options_clear(struct recipe_options *options);

#endif
