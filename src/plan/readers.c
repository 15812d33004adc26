/* readers.c - checks what the layers of a network read: windows, lists, elements without reader.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "plan/checks.h"
#include "plan/sources.h"

#define MAX_EDGES (1 << 24) /* sources of all layers together */

/* The list of reader 1 .. layers + 1. last: the last reader of each element before this one. */
static fg_status check_list(fg_place *place, int s, const fg_stage *stage, int reader,
                            int *last)
{
    const int *list = stage->sources.list + stage->sources.first[reader - 1];
    const int count = stage->sources.first[reader] - stage->sources.first[reader - 1];
    const int oldest = fg_sources_oldest(stage);
    const bool layer = reader <= stage->layers;
    const char *who = layer ? "layer" : "what follows layer";
    const int number = layer ? reader : reader - 1;
    const fg_place where = {s, NULL, "sources", reader - 1};
    fg_status status = FG_OK;

    if (reader == 1) {
        const char *expected = oldest == 0 ? "[0]" : "[]";
        FG_REQUIRE_AT(count == 1 - oldest, where,
                      "sources of layer 1: %d elements, expected %s, for it reads the stage's "
                      "input",
                      count, expected);
        FG_REQUIRE_AT(count == 0 || list[0] == 0, where,
                      "sources of layer 1: %d, expected %s, for it reads the stage's input",
                      list[0], expected);
        return status;
    }
    FG_REQUIRE_AT(count > 0, where,
                  "sources of %s %d: no elements, expected one or more of %d..%d", who, number,
                  oldest, reader - 1);
    for (int i = 0; i < count; ++i) {
        FG_REQUIRE_AT(list[i] >= oldest && list[i] < reader, where,
                      "sources of %s %d: %d, expected elements %d..%d, which are there before "
                      "it",
                      who, number, list[i], oldest, reader - 1);
        FG_REQUIRE_AT(last[list[i]] < reader, where,
                      "sources of %s %d: %d is there twice, expected once", who, number,
                      list[i]);
        last[list[i]] = reader;
    }

cleanup:
    return status;
}

static fg_status check_rule(fg_place *place, int s, const fg_stage *stage)
{
    const fg_sources *sources = &stage->sources;
    const int elements = stage->layers + 1 - fg_sources_oldest(stage);
    const fg_place where = fg_place_at(s, NULL, "sources");
    fg_status status = FG_OK;
    int *last = NULL;

    if (sources->rule == FG_RULE_SPARSE)
        FG_REQUIRE_AT(sources->base >= 2 && sources->base <= FG_MAX_LAYERS, where,
                      "sources: sparse is %d, expected a base 2..%d", sources->base,
                      FG_MAX_LAYERS);
    if (sources->rule == FG_RULE_WINDOW)
        FG_REQUIRE_AT(sources->window >= 1 && sources->window <= elements, where,
                      "sources: window is %d, expected 1..%d, the elements of the stage",
                      sources->window, elements);
    if (sources->rule == FG_RULE_LIST) {
        FG_ALLOC(last, stage->layers + 1);
        for (int reader = 1; reader <= stage->layers + 1; ++reader)
            FG_TRY(check_list(place, s, stage, reader, last));
    }

cleanup:
    free(last);
    return status;
}

/* A reader behind layer 1 that reads x_0, which is the stage's input as it is, beside `others`. */
static fg_status check_input(const fg_network *network, fg_place *place, int s, int reader,
                             int others)
{
    const fg_stage *stage = &network->stage[s];
    const bool made = s == 0 || network->stage[s - 1].transition.kind != FG_TRANSITION_NONE;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(stage->stride == 1, fg_place_at(s, NULL, "entry"),
                  "entry is input, but layer %d reads it beside layers behind the stride: "
                  "expected project or pad, or none",
                  reader);
    FG_REQUIRE_AT(made || others == 0 || stage->combine != FG_COMBINE_CONCAT,
                  fg_place_at(s - 1, "transition", "form"),
                  "form is none, expected pool or conv: layers of stage %d concatenate what "
                  "this gives with what they give",
                  s + 1);

cleanup:
    return status;
}

/* *edges counts over all stages. x_0 that layer 1 does not read, as it is made from what that
 * reads, needs another reader. */
static fg_status check_readers(const fg_network *network, fg_place *place, int s, long *edges)
{
    const fg_stage *stage = &network->stage[s];
    const bool made = stage->form == FG_FORM_PRE &&
                      (stage->entry == FG_ENTRY_PROJECT || stage->entry == FG_ENTRY_PAD);
    fg_status status = FG_OK;
    bool *read = NULL;
    int *elements = NULL;

    FG_ALLOC(read, stage->layers + 1);
    FG_ALLOC(elements, stage->layers + 1);
    for (int reader = 1; reader <= stage->layers + 1; ++reader) {
        const int count = fg_sources_of(elements, stage, reader);
        *edges += count;
        FG_REQUIRE_AT(*edges <= MAX_EDGES, fg_place_at(s, NULL, "sources"),
                      "sources: all layers together have more than %d", MAX_EDGES);
        for (int i = 0; i < count && (reader > 1 || !made); ++i) {
            read[elements[i]] = true;
            if (reader > 1 && elements[i] == 0 && stage->entry == FG_ENTRY_INPUT)
                FG_TRY(check_input(network, place, s, reader, count - 1));
        }
    }
    for (int i = fg_sources_oldest(stage); i <= stage->layers; ++i)
        FG_REQUIRE_AT(
            read[i], fg_place_at(s, NULL, "sources"),
            "sources: nobody reads x_%d, expected a layer%s or what follows the stage", i,
            i == 0 && made ? " behind the first" : " behind it");

cleanup:
    free(read);
    free(elements);
    return status;
}

fg_status fg_readers_check(const fg_network *network, fg_place *place)
{
    fg_status status = FG_OK;
    long edges = 0;

    for (int s = 0; s < network->stages; ++s) {
        FG_TRY(check_rule(place, s, &network->stage[s]));
        FG_TRY(check_readers(network, place, s, &edges));
    }

cleanup:
    return status;
}
