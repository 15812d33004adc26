/* checks.h - the rules that a network keeps, in three parts; fg_network_check runs them in turn.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_CHECKS_H
#define FG_PLAN_CHECKS_H

#include "plan/network.h"

/* FG_REQUIRE that says where; place is the function's. */
#define FG_REQUIRE_AT(cond, where, ...)     \
    do {                                    \
        if (!(cond)) {                      \
            *place = (where);               \
            FG_REQUIRE(false, __VA_ARGS__); \
        }                                   \
    } while (0)

/* A key of a stage (from 0, or -1), of a part of it where part is not NULL. */
static inline fg_place fg_place_at(int stage, const char *part, const char *key)
{
    return (fg_place){stage, part, key, -1};
}

/* Each number by itself, and what may stand together. */
fg_status fg_fields_check(const fg_network *network, fg_place *place);

/* What layers read: windows, lists, elements without a reader. fg_fields_check has passed. */
fg_status fg_readers_check(const fg_network *network, fg_place *place);

/* Widths and sides from the image to the classifier, and what they add up to. Both others have
 * passed. */
fg_status fg_extents_check(const fg_network *network, fg_place *place);

#endif
