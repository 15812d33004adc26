/* graph.c - a stage's list as a graph: how many edges it has, how far layers are from its end.
 *
 * Which elements a layer reads is sources.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/graph.h"

#include <stdlib.h>

#include "plan/sources.h"

/* steps[i]: edges on the shortest way from element i to what follows the stage. All readers of
 * an element come behind it, so from the last reader to the first each is final in its turn. */
static void walk(fg_graph *graph, const fg_stage *stage, int *read, int *steps)
{
    const int end = stage->layers + 1;

    for (int i = 0; i < end; ++i)
        steps[i] = end;
    steps[end] = 0;
    for (int reader = end; reader >= 1; --reader) {
        const int count = fg_sources_of(read, stage, reader);
        for (int i = 0; i < count; ++i)
            if (steps[read[i]] > steps[reader] + 1)
                steps[read[i]] = steps[reader] + 1;
        if (reader == end)
            continue;
        graph->sources[reader - 1] = count > 0 ? count : 1;
        if (graph->longest_path < steps[reader])
            graph->longest_path = steps[reader];
    }
}

static void add_up(fg_graph *graph)
{
    graph->fewest = graph->most = graph->sources[0];
    for (int i = 0; i < graph->layers; ++i) {
        const int count = graph->sources[i];
        graph->edges += count;
        if (graph->fewest > count)
            graph->fewest = count;
        if (graph->most < count)
            graph->most = count;
    }
}

fg_status fg_graph_find(fg_graph *out, const fg_stage *stage)
{
    fg_status status = FG_OK;
    int *read = NULL, *steps = NULL;

    *out = (fg_graph){.layers = stage->layers};
    FG_ALLOC(out->sources, stage->layers);
    FG_ALLOC(read, stage->layers + 1);
    FG_ALLOC(steps, stage->layers + 2);
    walk(out, stage, read, steps);
    add_up(out);

cleanup:
    free(read);
    free(steps);
    if (status != FG_OK)
        fg_graph_clear(out);
    return status;
}

void fg_graph_clear(fg_graph *graph)
{
    free(graph->sources);
    *graph = (fg_graph){0};
}
