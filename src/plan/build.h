/* build.h - makes a network's tensors, maps and operations out of its description.
 *
 * build.c does stem, transitions and head, layers.c the layers of a stage and what they
 * aggregate, seq.c SeqConv layers; parts.h is what they are all made with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_BUILD_H
#define FG_PLAN_BUILD_H

#include "plan/parts.h"

/* Where the building has got to. */
typedef struct fg_builder {
    fg_plan *plan;
    const fg_network *network;
    int stage;           /* being built, from 0 */
    const fg_stage *now; /* ... its description */
    int side;            /* of its maps, behind the stride of its first layer */
    fg_elements input;   /* what the stage reads */

    /* of the stage: */
    int map;          /* of list elements that lie one behind the other, or -1 */
    int next_channel; /* of map, that is free */
    fg_elements list; /* its list elements x_0 .. so far; with entry NONE, [0] is no element */
    int *last;        /* [layers + 1]: where elements go through a ring, their last readers */
    fg_elements output; /* of a stage of SeqConv blocks */
    fg_element sum;     /* of dense sums: the running one */
} fg_builder;

/* Fills in all of plan that does not depend on the batch: tensors, maps, norms, ranges,
 * operations. plan->network is set; the rest is zero.
 *
 * FG_ERR_ARGUMENT  the network is impossible: a map shrinks to nothing, or a size is beyond all
 * reason */
fg_status fg_build_network(fg_plan *plan);

/* Begins a stage whose input is written by what comes before it: where x_0 lies. */
fg_status fg_build_place(fg_element *out, fg_builder *b, int stage, int64_t channels, int side);

/* Whether each reader of a stage reads the element before it alone: then no element has to lie
 * beside another. */
bool fg_layers_chain(const fg_stage *stage);

/* All layers of a stage of pre- or post-activation layers. */
fg_status fg_layers_build(fg_builder *b);

/* What reader 1 .. layers + 1 of the stage reads: the elements of a concatenation, or the one
 * that a sum makes of them. owner: whose tensors a depthwise aggregation's are; it
 * sums even a single element, for its norm, when it `always` does. */
fg_status fg_layers_aggregate(fg_elements *out, fg_builder *b, int reader, const char *owner,
                              bool always);

/* SeqConv: the stem's layer and what follows it, the blocks of a stage, and the transition. */
fg_status fg_seq_stem(fg_builder *b, fg_element input);
fg_status fg_seq_build(fg_builder *b);
fg_status fg_seq_transition(fg_builder *b);
/* Channels of the stage's map beside its input. */
int64_t fg_seq_channels(const fg_stage *stage);

#endif
