/* table.h - a plan as a table for people.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_TABLE_H
#define FG_PLAN_TABLE_H

#include "plan/plan.h"

fg_status fg_table_append(fg_text *text, const fg_plan *plan, fg_flops flops);

#endif
