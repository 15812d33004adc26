/* features.c - how many channels the map holds that the elements of a stage lie in.
 *
 * build.c, layers.c and seq.c lay them out: elements that are concatenated, or normalised one by
 * one, lie one behind the other; elements that are added up go through a ring of places.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "plan/build.h"
#include "plan/checks.h"
#include "plan/sources.h"

/* Places of the ring: the most elements that are there at once, each from the layer that writes
 * it until its last reader. */
static fg_status ring_places(int *out, const fg_stage *stage)
{
    const bool input = stage->entry == FG_ENTRY_INPUT; /* x_0 lies where it was written */
    const int oldest = input ? 1 : fg_sources_oldest(stage);
    fg_status status = FG_OK;
    int *read = NULL, *last = NULL, *change = NULL, now = 0;

    FG_ALLOC(read, stage->layers + 1);
    FG_ALLOC(last, stage->layers + 1);
    FG_ALLOC(change, stage->layers + 2);
    for (int reader = 1; reader <= stage->layers + 1; ++reader) {
        const int count = fg_sources_of(read, stage, reader);
        for (int i = 0; i < count; ++i)
            last[read[i]] = reader;
    }
    for (int i = oldest; i <= stage->layers; ++i) {
        ++change[i > 0 ? i : 1]; /* layer 1 writes x_0, too */
        --change[last[i]];
    }
    *out = 0;
    for (int layer = 1; layer <= stage->layers; ++layer) {
        now += change[layer];
        *out = now > *out ? now : *out;
    }

cleanup:
    free(read);
    free(last);
    free(change);
    return status;
}

/* Channels of the stage's map that are there before layer 1: what comes before writes them. */
static int64_t entering(const fg_network *network, int s, int width)
{
    const fg_stage *stage = &network->stage[s];
    const fg_stem *stem = &network->stem;
    const bool written = s == 0 || network->stage[s - 1].transition.kind != FG_TRANSITION_NONE;

    if (stage->form != FG_FORM_SEQ)
        return written && stage->entry == FG_ENTRY_INPUT && stage->stride == 1 ? width : 0;
    if (s > 0 || stem->down_groups > 0)
        return width;
    return (int64_t)width + stem->conv[stem->convs - 1].width;
}

fg_status fg_features_count(int64_t *out, const fg_network *network, int s, int width)
{
    const fg_stage *stage = &network->stage[s];
    const int64_t added = stage->conv[stage->convs - 1].width;
    fg_status status = FG_OK;
    int places;

    if (stage->form == FG_FORM_SEQ) {
        *out = entering(network, s, width) + fg_seq_channels(stage);
    } else if (stage->form == FG_FORM_POST || fg_layers_chain(stage)) {
        *out = added; /* each element has a map of its own */
    } else if (stage->combine != FG_COMBINE_SUM) {
        *out = entering(network, s, width) + added * stage->layers;
    } else {
        /* a running sum adds up each element at once, but layer 1 may write x_0, too */
        places = stage->entry == FG_ENTRY_PROJECT || stage->entry == FG_ENTRY_PAD ? 2 : 1;
        if (stage->sources.rule != FG_RULE_DENSE)
            FG_TRY(ring_places(&places, stage));
        *out = added * places;
    }

cleanup:
    return status;
}
