/* dot.h - a plan as graphviz text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_DOT_H
#define FG_PLAN_DOT_H

#include "plan/plan.h"

fg_status fg_dot_append(fg_text *text, const fg_plan *plan);

#endif
