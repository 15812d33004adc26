/* dot.c - a plan as graphviz text: layers, and who reads whom.
 *
 * A node is a list element, which is a layer; both convolutions of a bottleneck layer are one
 * node. An edge leads from each element to each of its readers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/dot.h"

#include "plan/row.h"

/* One edge per list element that reads covers; to is the reader's node. */
static void append_edges(fg_text *text, const fg_plan *plan, const fg_reads *reads,
                         const char *to)
{
    const fg_map *map = &plan->maps[reads->map];
    int first, last;

    for (int i = reads->first; i < reads->first + reads->count; ++i)
        if (fg_row_elements(&first, &last, plan, map, &plan->sources[i]))
            for (int element = first; element <= last; ++element)
                fg_text_append(text, "  stage%d_x%d -> %s;\n", map->stage + 1, element, to);
}

static void append_stage(fg_text *text, const fg_plan *plan, const fg_map *map)
{
    const int stage = map->stage;
    const int layers = plan->model.layers[stage], growth = plan->model.growth[stage];

    fg_text_append(text,
                   "  subgraph cluster_%d {\n"
                   "    label=\"stage %d: %d channels of %dx%d\";\n"
                   "    stage%d_x0 [label=\"x0\\n%d\"];\n",
                   stage + 1, stage + 1, map->channels, map->height, map->width, stage + 1,
                   map->channels - layers * growth);
    for (int layer = 1; layer <= layers; ++layer)
        fg_text_append(text, "    stage%d_x%d [label=\"layer %d\\n%d\"];\n", stage + 1, layer,
                       layer, growth);
    fg_text_append(text, "  }\n");
}

static void append_conv(fg_text *text, const fg_plan *plan, const fg_conv *conv)
{
    const fg_map *in = &plan->maps[conv->reads.map];
    fg_text to = {0};
    char *name;

    if (in->kind == FG_MAP_INPUT) {
        fg_text_append(text, "  input -> stage1_x0;\n");
    } else if (in->kind == FG_MAP_FEATURES) {
        if (conv->layer > 0)
            fg_text_append(&to, "stage%d_x%d", in->stage + 1, conv->layer);
        else
            fg_text_append(&to, "transition%d", in->stage + 1);
        if (fg_text_take(&name, &to) != FG_OK) {
            text->failed = true;
            return;
        }
        append_edges(text, plan, &conv->reads, name);
        fg_text_free(name);
    }
}

void fg_dot_append(fg_text *text, const fg_plan *plan)
{
    fg_text_append(text, "digraph \"%s\" {\n  rankdir=LR;\n  node [shape=box];\n  input;\n",
                   plan->name);
    for (int i = 0; i < plan->map_count; ++i) {
        const fg_map *map = &plan->maps[i];
        if (map->kind == FG_MAP_FEATURES)
            append_stage(text, plan, map);
        if (map->kind == FG_MAP_TRANSITION)
            fg_text_append(text, "  transition%d -> stage%d_x0;\n", map->stage + 1,
                           map->stage + 2);
    }
    for (int i = 0; i < plan->conv_count; ++i)
        append_conv(text, plan, &plan->convs[i]);
    append_edges(text, plan, &plan->head_pool.reads, "head");
    fg_text_append(text, "}\n");
}
