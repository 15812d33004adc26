/* reads.h - what operations read: runs of the plan's table of sources.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_READS_H
#define FG_PLAN_READS_H

#include "plan/list.h"
#include "plan/plan.h"

/* Appends the sources of a reader of the list, or of one that reads a whole map alone. */
fg_status fg_reads_list(fg_reads *out, fg_plan *plan, fg_list *list, int reader);
fg_status fg_reads_whole(fg_reads *out, fg_plan *plan, int map);

#endif
