/* transitions.c - what lies between the stages of a network that a YAML text describes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/transitions.h"

#include "plan/defaults.h"
#include "plan/stages.h"

/* Keys that a kind of transition has beside its form. */
static const char *const *transition_keys(fg_transition_kind kind)
{
    static const char *const none[] = {"form", NULL};
    static const char *const pool[] = {"form", "compression", NULL};
    static const char *const conv[] = {"form", "width", "kernel", "stride", "groups", NULL};

    return kind == FG_TRANSITION_NONE ? none : kind == FG_TRANSITION_POOL ? pool : conv;
}

/* The next stage is there already: it says how wide its input should be. */
static fg_status read_transition(fg_stage *stage, const fg_stage *next, fg_yaml *yaml,
                                 const yaml_node_t *node)
{
    fg_transition *transition = &stage->transition;
    const bool short_form = node->type != YAML_MAPPING_NODE;
    const yaml_node_t *form = short_form ? node : fg_yaml_value(yaml, node, "form");
    fg_status status = FG_OK;
    const yaml_node_t *value;
    int kind;

    FG_REQUIRE_YAML(form != NULL, node, "form is missing, expected none, pool, conv or extend");
    FG_TRY(fg_yaml_word(&kind, yaml, form, "transition", fg_transition_words));
    transition->kind = (fg_transition_kind)kind;
    if (!short_form)
        FG_TRY(fg_yaml_check_keys(yaml, node, "transition", transition_keys(transition->kind)));
    if (transition->kind == FG_TRANSITION_POOL) {
        transition->compression = 1;
        if ((value = fg_yaml_value(yaml, node, "compression")) != NULL)
            FG_TRY(fg_yaml_fraction(&transition->compression, yaml, value, "compression"));
    } else if (transition->kind != FG_TRANSITION_NONE) {
        transition->width = next->conv[next->convs - 1].width;
        transition->kernel = 3;
        transition->stride = 2;
        FG_TRY(fg_stages_read_int(&transition->width, yaml, node, "width"));
        transition->groups = 1;
        if (transition->kind == FG_TRANSITION_EXTEND) {
            transition->groups = fg_defaults_down_groups(transition->width, &next->seq);
            transition->seq = stage->seq;
        }
        FG_TRY(fg_stages_read_int(&transition->kernel, yaml, node, "kernel"));
        FG_TRY(fg_stages_read_int(&transition->stride, yaml, node, "stride"));
        FG_TRY(fg_stages_read_int(&transition->groups, yaml, node, "groups"));
    }

cleanup:
    return status;
}

fg_status fg_transitions_read(fg_network *network, fg_yaml *yaml)
{
    fg_status status = FG_OK;

    for (int s = 0; s < network->stages; ++s) {
        const bool last = s + 1 == network->stages;
        const fg_stage_keys keys = fg_stages_keys(yaml, s);
        const yaml_node_t *node = last ? fg_yaml_value(yaml, keys.own, "transition")
                                       : fg_stages_find(yaml, keys, "transition");
        const fg_stage *next = &network->stage[last ? s : s + 1];
        if (node != NULL)
            FG_TRY(read_transition(&network->stage[s], next, yaml, node));
    }

cleanup:
    return status;
}
