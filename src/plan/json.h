/* json.h - a plan as one JSON object, for machines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_JSON_H
#define FG_PLAN_JSON_H

#include "plan/plan.h"

fg_status fg_json_append(fg_text *text, const fg_plan *plan, fg_flops flops);

#endif
