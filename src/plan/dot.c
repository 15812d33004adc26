/* dot.c - a plan as graphviz text: layers, and who reads whom.
 *
 * A node is a list element, which is a layer: all convolutions of a bottleneck layer or a SeqConv
 * block are one node. An edge leads from each element to each of its readers, drawn through sums:
 * the sum of x_1 and x_3 that layer 4 reads is two edges into layer 4.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/dot.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/sources.h"

struct drawing {
    fg_text *text;
    const fg_plan *plan;
    int *read; /* room for what a layer reads */
};

#define NODE_LENGTH 64

/* x_0 is a node unless post-activation blocks make it anew, or it is not there. */
static bool has_origin(const fg_stage *stage)
{
    return stage->entry == FG_ENTRY_INPUT ||
           (stage->form == FG_FORM_PRE && stage->entry != FG_ENTRY_NONE);
}

/* Channels of x_0 or of a layer. */
static int width_of(const fg_plan *plan, int stage, int element)
{
    const fg_stage *described = &plan->network.stage[stage];
    const fg_op *op = plan->ops;

    if (element > 0 || described->entry != FG_ENTRY_INPUT)
        return described->conv[described->convs - 1].width;
    while (op->stage != stage || op->layer != 1)
        ++op;
    return op->in[0].channels; /* layer 1 reads it */
}

/* Of the maps that the stage's layers give. */
static int side_of(const fg_plan *plan, int stage)
{
    const fg_op *op = &plan->ops[plan->op_count - 1];

    while (op->stage != stage || op->layer == 0)
        --op;
    return fg_op_out(plan, op)->height;
}

/* ---- nodes ---- */

static void append_cluster(const struct drawing *drawing, int s)
{
    const fg_stage *stage = &drawing->plan->network.stage[s];
    const bool list = stage->form == FG_FORM_PRE && stage->combine == FG_COMBINE_CONCAT;
    const int side = side_of(drawing->plan, s), growth = width_of(drawing->plan, s, 1);
    const int origin = has_origin(stage) ? width_of(drawing->plan, s, 0) : 0;
    fg_text *text = drawing->text;

    fg_text_append(text,
                   "  subgraph cluster_%d {\n"
                   "    label=\"stage %d: %d channels of %dx%d\";\n",
                   s + 1, s + 1, list ? origin + stage->layers * growth : growth, side, side);
    if (origin > 0)
        fg_text_append(text, "    stage%d_x0 [label=\"x0\\n%d\"];\n", s + 1, origin);
    for (int layer = 1; layer <= stage->layers; ++layer)
        fg_text_append(text, "    stage%d_x%d [label=\"layer %d\\n%d\"];\n", s + 1, layer,
                       layer, growth);
    fg_text_append(text, "  }\n");
}

/* ---- edges ---- */

/* From all that a reader of a stage reads to a node. */
static void append_sources(const struct drawing *drawing, int s, int reader, const char *to)
{
    const int count = fg_sources_of(drawing->read, &drawing->plan->network.stage[s], reader);

    for (int i = 0; i < count; ++i)
        fg_text_append(drawing->text, "  stage%d_x%d -> %s;\n", s + 1, drawing->read[i], to);
}

/* From what a stage begins with to one of its nodes. */
static void append_input(const struct drawing *drawing, int s, int element)
{
    const fg_stage *before = s > 0 ? &drawing->plan->network.stage[s - 1] : NULL;
    char to[NODE_LENGTH];

    snprintf(to, sizeof to, "stage%d_x%d", s + 1, element);
    if (before == NULL)
        fg_text_append(
            drawing->text, "  %s -> %s;\n",
            drawing->plan->network.stage[0].entry == FG_ENTRY_INPUT ? "input" : "stem", to);
    else if (before->transition.kind != FG_TRANSITION_NONE)
        fg_text_append(drawing->text, "  transition%d -> %s;\n", s, to);
    else
        append_sources(drawing, s - 1, before->layers + 1, to);
}

static void append_edges(const struct drawing *drawing, int s)
{
    const fg_stage *stage = &drawing->plan->network.stage[s];
    const bool last = s + 1 == drawing->plan->network.stages;
    char to[NODE_LENGTH];

    if (has_origin(stage))
        append_input(drawing, s, 0);
    if (stage->entry != FG_ENTRY_INPUT)
        append_input(drawing, s, 1);
    for (int layer = stage->entry == FG_ENTRY_INPUT ? 1 : 2; layer <= stage->layers; ++layer) {
        snprintf(to, sizeof to, "stage%d_x%d", s + 1, layer);
        append_sources(drawing, s, layer, to);
    }
    snprintf(to, sizeof to, "transition%d", s + 1);
    if (last)
        append_sources(drawing, s, stage->layers + 1, "head");
    else if (stage->transition.kind != FG_TRANSITION_NONE)
        append_sources(drawing, s, stage->layers + 1, to);
}

/* ---- all of it ---- */

fg_status fg_dot_append(fg_text *text, const fg_plan *plan)
{
    const fg_network *network = &plan->network;
    fg_status status = FG_OK;
    struct drawing drawing = {.text = text, .plan = plan};
    int layers = 0;

    for (int i = 0; i < network->stages; ++i)
        if (layers < network->stage[i].layers)
            layers = network->stage[i].layers;
    FG_ALLOC(drawing.read, layers + 1);
    fg_text_append(text, "digraph \"%s\" {\n  rankdir=LR;\n  node [shape=box];\n  input;\n",
                   network->name);
    if (network->stage[0].entry != FG_ENTRY_INPUT)
        fg_text_append(text, "  input -> stem;\n");
    for (int i = 0; i < network->stages; ++i)
        append_cluster(&drawing, i);
    for (int i = 0; i < network->stages; ++i)
        append_edges(&drawing, i);
    fg_text_append(text, "}\n");

cleanup:
    free(drawing.read);
    return status;
}
