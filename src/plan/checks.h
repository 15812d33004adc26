/* checks.h - the rules that a network keeps, in three parts; fg_network_check runs them in turn.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_CHECKS_H
#define FG_PLAN_CHECKS_H

#include <stdint.h>

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

/* ... of stage s, and of what follows it; both are part of fg_fields_check. */
fg_status fg_fields_check_stage(const fg_network *network, fg_place *place, int s);
fg_status fg_fields_check_transition(const fg_network *network, fg_place *place, int s);

/* What several of them have: a number within bounds, the side of a convolution, a SeqConv layer
 * (part: its place in the stage or network; width: its output channels). */
fg_status fg_fields_range(fg_place *place, fg_place where, int value, int low, int high);
fg_status fg_fields_kernel(fg_place *place, fg_place where, int kernel, int stride);
fg_status fg_fields_seq(fg_place *place, int stage, const char *part, const fg_seq *seq,
                        int width);

/* What layers read: windows, lists, elements without a reader. fg_fields_check has passed. */
fg_status fg_readers_check(const fg_network *network, fg_place *place);

/* Channels of the map that the elements of stage s lie in, which takes `width` channels. Readers
 * have been checked. */
fg_status fg_features_count(int64_t *out, const fg_network *network, int s, int width);

/* Widths and sides from the image to the classifier, and what they add up to. Both others have
 * passed. */
fg_status fg_extents_check(const fg_network *network, fg_place *place);

#endif
