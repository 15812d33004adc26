/* options.h - the options behind a model's name: "base=3,classes=100".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_OPTIONS_H
#define FG_PLAN_OPTIONS_H

#include "base/piece.h"
#include "plan/name.h"

/* What each option is if it is not given. The name's numbers are known. */
void fg_options_set_defaults(fg_name *name);

/* rest: what lies behind the colon, which need not be there. */
fg_status fg_options_parse(fg_name *name, fg_piece rest);

/* ":base=3,classes=100": options that differ from their defaults. */
void fg_options_append(fg_text *text, const fg_name *name);

/* Options behind a file: "classes=100,dropout=0.1" go into network, and into its name where they
 * change it. */
fg_status fg_options_apply(fg_network *network, const char *text);

/* One number, or `count` joined by +. rising: the one number stands for n, 2n, 3n, ... */
fg_status fg_options_parse_list(int *out, const char *field, fg_piece piece, int count, int low,
                                int high, bool rising);
void fg_options_append_list(fg_text *text, const int *list, int count, bool rising);

#endif
