/* sources.h - which earlier elements of its stage a layer reads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_SOURCES_H
#define FG_PLAN_SOURCES_H

#include "plan/network.h"

/* Number of a stage's oldest list element: 0, or 1 where the entry leaves out x_0. */
int fg_sources_oldest(const fg_stage *stage);

/* The elements that the rule gives reader 1 .. layers + 1 of a stage, the last of which is what
 * follows the stage, in the order of its input channels. Layer 1 reads the stage's input, which
 * is x_0 with entry `input`; without x_0 its list is empty. out has room for `reader` entries.
 * Returns how many were written. */
int fg_sources_of(int *out, const fg_stage *stage, int reader);

#endif
