/* stages.c - the stages of a network that a YAML text describes.
 *
 * Numbers are taken as they are: fg_network_check knows what is allowed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/stages.h"

#include "plan/transitions.h"

static const char *const stage_keys[] = {
    "layers",  "form",    "kernel", "width", "groups",     "stride", "stride_conv",
    "sources", "combine", "entry",  "seq",   "transition", NULL};

/* ---- looking up ---- */

fg_stage_keys fg_stages_keys(fg_yaml *yaml, int s)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    const yaml_node_t *stages = fg_yaml_value(yaml, root, "stages");

    return (fg_stage_keys){.own =
                               s < fg_yaml_items(stages) ? fg_yaml_item(yaml, stages, s) : NULL,
                           .every = fg_yaml_value(yaml, root, "every")};
}

yaml_node_t *fg_stages_find(fg_yaml *yaml, fg_stage_keys keys, const char *key)
{
    yaml_node_t *node = fg_yaml_value(yaml, keys.own, key);

    return node != NULL ? node : fg_yaml_value(yaml, keys.every, key);
}

fg_status fg_stages_read_int(int *out, fg_yaml *yaml, const yaml_node_t *mapping,
                             const char *key)
{
    const yaml_node_t *node = fg_yaml_value(yaml, mapping, key);

    return node == NULL ? FG_OK : fg_yaml_int(out, yaml, node, key);
}

fg_status fg_stages_read_word(int *out, fg_yaml *yaml, const yaml_node_t *mapping,
                              const char *key, const char *const *words)
{
    const yaml_node_t *node = fg_yaml_value(yaml, mapping, key);

    return node == NULL ? FG_OK : fg_yaml_word(out, yaml, node, key, words);
}

/* ---- layers ---- */

fg_status fg_stages_read_seq(fg_seq *out, fg_yaml *yaml, const yaml_node_t *node,
                             const char *const *keys)
{
    fg_status status = FG_OK;
    const yaml_node_t *value;

    if (node == NULL)
        return status;
    FG_TRY(fg_yaml_check_keys(yaml, node, "seq", keys));
    FG_TRY(fg_stages_read_int(&out->channels, yaml, node, "group"));
    FG_TRY(fg_stages_read_int(&out->subgroups, yaml, node, "subgroups"));
    if ((value = fg_yaml_value(yaml, node, "bottleneck")) != NULL)
        FG_TRY(fg_yaml_bool(&out->bottleneck, yaml, value, "bottleneck"));
    if ((value = fg_yaml_value(yaml, node, "windowed")) != NULL)
        FG_TRY(fg_yaml_bool(&out->windowed, yaml, value, "windowed"));

cleanup:
    return status;
}

static fg_status read_stage_seq(fg_stage *stage, fg_yaml *yaml, fg_stage_keys keys,
                                const yaml_node_t *whole)
{
    static const char *const known[] = {"group", "subgroups", "bottleneck", "windowed", NULL};
    const yaml_node_t *node = fg_stages_find(yaml, keys, "seq");
    fg_status status = FG_OK;

    if (node != NULL || stage->form == FG_FORM_SEQ) {
        stage->seq = (fg_seq){.subgroups = 1, .windowed = true};
        FG_REQUIRE_YAML(node != NULL, whole, "seq is missing, expected {group: CHANNELS}");
        FG_TRY(fg_stages_read_seq(&stage->seq, yaml, node, known));
        FG_REQUIRE_YAML(stage->seq.channels > 0, node,
                        "group is missing or 0, expected a divisor of the stage's width");
    }

cleanup:
    return status;
}

/* As many convolutions as there are kernels. */
static fg_status read_convs(fg_stage *stage, fg_yaml *yaml, fg_stage_keys keys,
                            const yaml_node_t *whole)
{
    const yaml_node_t *kernel = fg_stages_find(yaml, keys, "kernel");
    const yaml_node_t *width = fg_stages_find(yaml, keys, "width");
    const yaml_node_t *groups = fg_stages_find(yaml, keys, "groups");
    const int items = kernel != NULL ? fg_yaml_items(kernel) : -1;
    int kernels[FG_MAX_LAYER_CONVS] = {3}, widths[FG_MAX_LAYER_CONVS];
    int divisions[FG_MAX_LAYER_CONVS] = {1, 1, 1};
    fg_status status = FG_OK;

    stage->convs = items == -1 ? 1 : items;
    FG_REQUIRE_YAML(stage->convs >= 1 && stage->convs <= FG_MAX_LAYER_CONVS, kernel,
                    "kernel has %d numbers, expected 1..%d, one for each convolution", items,
                    FG_MAX_LAYER_CONVS);
    FG_REQUIRE_YAML(width != NULL, whole, "width is missing, expected a number of channels");
    if (kernel != NULL)
        FG_TRY(fg_yaml_ints(kernels, stage->convs, yaml, kernel, "kernel"));
    FG_TRY(fg_yaml_ints(widths, stage->convs, yaml, width, "width"));
    if (groups != NULL)
        FG_TRY(fg_yaml_ints(divisions, stage->convs, yaml, groups, "groups"));
    for (int i = 0; i < stage->convs; ++i)
        stage->conv[i] = (fg_layer_conv){widths[i], kernels[i], divisions[i]};

cleanup:
    return status;
}

/* ---- sources ---- */

/* One list per layer, and one for what follows the stage. */
static fg_status read_list(fg_stage *stage, fg_yaml *yaml, const yaml_node_t *node)
{
    const int lists = fg_yaml_items(node);
    fg_sources *sources = &stage->sources;
    fg_status status = FG_OK;
    int total = 0;

    sources->rule = FG_RULE_LIST;
    FG_REQUIRE_YAML(
        lists >= 1 && lists - 1 == stage->layers, node,
        "sources has %d lists, expected layers + 1 = %d: one for each layer, and one "
        "for what follows the stage",
        lists, stage->layers + 1);
    for (int i = 0; i < lists; ++i) {
        const yaml_node_t *list = fg_yaml_item(yaml, node, i);
        FG_REQUIRE_YAML(list->type == YAML_SEQUENCE_NODE, list,
                        "sources of layer %d: expected a list of elements, [0]", i + 1);
        total += fg_yaml_items(list);
    }
    FG_ALLOC(sources->list, total);
    FG_ALLOC(sources->first, lists + 1);
    total = 0;
    for (int i = 0; i < lists; ++i) {
        const yaml_node_t *list = fg_yaml_item(yaml, node, i);
        for (int j = 0; j < fg_yaml_items(list); ++j)
            FG_TRY(fg_yaml_int(&sources->list[total++], yaml, fg_yaml_item(yaml, list, j),
                               "an element of sources"));
        sources->first[i + 1] = total;
    }

cleanup:
    return status;
}

static fg_status read_rule(fg_sources *sources, fg_yaml *yaml, const yaml_node_t *node)
{
    static const char *const known[] = {"sparse", "window", NULL};
    fg_status status = FG_OK;
    int rule = FG_RULE_DENSE;

    if (node->type == YAML_MAPPING_NODE) {
        FG_TRY(fg_yaml_check_keys(yaml, node, "sources", known));
        const bool window = fg_yaml_value(yaml, node, "window") != NULL;
        FG_REQUIRE_YAML(window != (fg_yaml_value(yaml, node, "sparse") != NULL), node,
                        "sources: expected one of sparse and window");
        rule = window ? FG_RULE_WINDOW : FG_RULE_SPARSE;
        FG_TRY(fg_stages_read_int(&sources->base, yaml, node, "sparse"));
        FG_TRY(fg_stages_read_int(&sources->window, yaml, node, "window"));
    } else {
        FG_TRY(fg_yaml_word(&rule, yaml, node, "sources", fg_rule_words));
        sources->base = rule == FG_RULE_SPARSE ? 2 : 0;
        sources->window = rule == FG_RULE_WINDOW ? 1 : 0;
    }
    sources->rule = (fg_rule)rule;

cleanup:
    return status;
}

static fg_status read_sources(fg_stage *stage, fg_yaml *yaml, const yaml_node_t *node)
{
    if (node == NULL) {
        stage->sources = stage->form == FG_FORM_PRE
                             ? (fg_sources){.rule = FG_RULE_DENSE}
                             : (fg_sources){.rule = FG_RULE_WINDOW, .window = 1};
        return FG_OK;
    }
    return node->type == YAML_SEQUENCE_NODE ? read_list(stage, yaml, node)
                                            : read_rule(&stage->sources, yaml, node);
}

/* ---- all of it ---- */

/* whole: what stands for the stage in messages about keys that are missing. */
static fg_status read_stage(fg_stage *stage, fg_yaml *yaml, fg_stage_keys keys,
                            const yaml_node_t *whole)
{
    fg_status status = FG_OK;
    const yaml_node_t *node;
    int form = FG_FORM_PRE, combine = FG_COMBINE_CONCAT, entry = FG_ENTRY_INPUT;

    if (keys.own != NULL)
        FG_TRY(fg_yaml_check_keys(yaml, keys.own, "a stage", stage_keys));
    FG_REQUIRE_YAML((node = fg_stages_find(yaml, keys, "layers")) != NULL, whole,
                    "layers is missing, expected a number 1..%d", FG_MAX_LAYERS);
    FG_TRY(fg_yaml_int(&stage->layers, yaml, node, "layers"));
    if ((node = fg_stages_find(yaml, keys, "form")) != NULL)
        FG_TRY(fg_yaml_word(&form, yaml, node, "form", fg_form_words));
    stage->form = (fg_form)form;
    FG_TRY(read_convs(stage, yaml, keys, whole));
    stage->stride = 1;
    if ((node = fg_stages_find(yaml, keys, "stride")) != NULL)
        FG_TRY(fg_yaml_int(&stage->stride, yaml, node, "stride"));
    if ((node = fg_stages_find(yaml, keys, "stride_conv")) != NULL) {
        FG_TRY(fg_yaml_int(&stage->stride_conv, yaml, node, "stride_conv"));
        --stage->stride_conv;
    }
    FG_TRY(read_sources(stage, yaml, fg_stages_find(yaml, keys, "sources")));
    if ((node = fg_stages_find(yaml, keys, "combine")) != NULL)
        FG_TRY(fg_yaml_word(&combine, yaml, node, "combine", fg_combine_words));
    stage->combine = (fg_combine)combine;
    if ((node = fg_stages_find(yaml, keys, "entry")) != NULL)
        FG_TRY(fg_yaml_word(&entry, yaml, node, "entry", fg_entry_words));
    stage->entry = (fg_entry)entry;
    FG_TRY(read_stage_seq(stage, yaml, keys, whole));

cleanup:
    return status;
}

fg_status fg_stages_read(fg_network *network, fg_yaml *yaml)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    const yaml_node_t *stages = fg_yaml_value(yaml, root, "stages");
    const yaml_node_t *every = fg_yaml_value(yaml, root, "every");
    fg_status status = FG_OK;

    FG_REQUIRE_YAML(stages != NULL, root, "stages is missing, expected a number or a list");
    if (every != NULL)
        FG_TRY(fg_yaml_check_keys(yaml, every, "every", stage_keys));
    network->stages = fg_yaml_items(stages);
    if (network->stages < 0)
        FG_TRY(fg_yaml_int(&network->stages, yaml, stages, "stages"));
    FG_REQUIRE_YAML(network->stages >= 1 && network->stages <= FG_MAX_STAGES, stages,
                    "stages is %d, expected 1..%d", network->stages, FG_MAX_STAGES);
    for (int s = 0; s < network->stages; ++s) {
        const fg_stage_keys keys = fg_stages_keys(yaml, s);
        const yaml_node_t *whole = keys.own != NULL ? keys.own : stages;
        status = read_stage(&network->stage[s], yaml, keys, whole);
        FG_TRY(status);
    }
    FG_TRY(fg_transitions_read(network, yaml));

cleanup:
    return status;
}
