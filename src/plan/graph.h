/* graph.h - a stage's list as a graph: how many edges it has, how far layers are from its end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_GRAPH_H
#define FG_PLAN_GRAPH_H

#include "plan/network.h"

/* An edge leads from a list element to a layer that reads it. Layer 1 reads the stage's input:
 * one edge, whether or not that is a list element. A block of post-activation or SeqConv is one
 * layer. */
typedef struct fg_graph {
    int layers;
    int *sources;     /* [layers]: edges into each; owned */
    int fewest, most; /* ... of them */
    int64_t edges;    /* ... all together */
    int longest_path; /* over all layers: edges of the shortest way to what follows the stage */
} fg_graph;

fg_status fg_graph_find(fg_graph *out, const fg_stage *stage);
void fg_graph_clear(fg_graph *graph);

#endif
