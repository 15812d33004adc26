/* description.h - a network of one's own, from a YAML text; docs/networks.md is the format.
 *
 * description.c reads what the whole network has, stem.c its stem, stages.c its stages,
 * transitions.c what lies between them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_DESCRIPTION_H
#define FG_PLAN_DESCRIPTION_H

#include "plan/network.h"

/* Reads and checks a network. options: "classes=10,image=28" or NULL. Errors are one line,
 * "PATH:LINE:COLUMN: ...". On failure, what *out holds is still for fg_network_clear. */
fg_status fg_description_read(fg_network *out, const char *text, const char *path,
                              const char *options);

#endif
