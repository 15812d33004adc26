/* families.h - the published families of networks, by their names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_FAMILIES_H
#define FG_PLAN_FAMILIES_H

#include "plan/network.h"

/* "sparsenet-40-12:classes=100"; fg_network_check has not seen it yet. */
fg_status fg_families_make(fg_network *out, const char *text);

#endif
