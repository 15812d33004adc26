/* fields_stage.c - checks the numbers of a stage and of its transition, and what its form allows.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/checks.h"

static fg_status check_convs(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    fg_status status = FG_OK;

    FG_TRY(fg_fields_range(place, fg_place_at(s, NULL, "stride"), stage->stride, 1, 2));
    FG_REQUIRE_AT(stage->stride_conv >= 0 && stage->stride_conv < stage->convs,
                  fg_place_at(s, NULL, "stride_conv"),
                  "stride_conv is %d, expected 1..%d, the number of one of the layer's "
                  "convolutions",
                  stage->stride_conv + 1, stage->convs);
    for (int i = 0; i < stage->convs; ++i) {
        const fg_layer_conv *conv = &stage->conv[i];
        const int stride = i == stage->stride_conv ? stage->stride : 1;
        const int in = i > 0 ? stage->conv[i - 1].width : conv->groups;
        FG_TRY(fg_fields_range(place, (fg_place){s, NULL, "width", i}, conv->width, 1,
                               FG_MAX_WIDTH));
        FG_TRY(fg_fields_kernel(place, (fg_place){s, NULL, "kernel", i}, conv->kernel, stride));
        FG_REQUIRE_AT(conv->groups >= 1 && conv->width % conv->groups == 0 &&
                          in % conv->groups == 0,
                      ((fg_place){s, NULL, "groups", i}),
                      "groups is %d, expected a divisor of the convolution's %d output "
                      "channels%s",
                      conv->groups, conv->width, i > 0 ? " and of its input channels" : "");
    }

cleanup:
    return status;
}

/* What post-activation and SeqConv layers leave no choice in. */
static fg_status check_chain(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    const fg_place sources = fg_place_at(s, NULL, "sources");
    const char *form = fg_form_words[stage->form];
    const fg_rule rule = stage->sources.rule;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(rule == FG_RULE_WINDOW, sources,
                  "sources is %s, expected window 1 with form %s, which reads the layer before",
                  rule == FG_RULE_LIST ? "a list" : fg_rule_words[rule], form);
    FG_REQUIRE_AT(
        stage->sources.window == 1, sources,
        "sources: window is %d, expected 1 with form %s, which reads the layer before",
        stage->sources.window, form);
    FG_REQUIRE_AT(stage->combine == FG_COMBINE_CONCAT, fg_place_at(s, NULL, "combine"),
                  "combine is %s, expected concat with form %s, which reads one element",
                  fg_combine_words[stage->combine], form);

cleanup:
    return status;
}

static fg_status check_seq_stage(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    const fg_place kernel = fg_place_at(s, NULL, "kernel");
    fg_status status = FG_OK;

    FG_REQUIRE_AT(stage->convs == 1, kernel, "kernel has %d numbers, expected 3 with form seq",
                  stage->convs);
    FG_REQUIRE_AT(stage->conv[0].kernel == 3, kernel, "kernel is %d, expected 3 with form seq",
                  stage->conv[0].kernel);
    FG_REQUIRE_AT(stage->conv[0].groups == 1, fg_place_at(s, NULL, "groups"),
                  "groups is %d, expected 1 with form seq, whose subgroups are a key of seq",
                  stage->conv[0].groups);
    FG_REQUIRE_AT(stage->stride == 1, fg_place_at(s, NULL, "stride"),
                  "stride is %d, expected 1: the transition strides", stage->stride);
    FG_REQUIRE_AT(stage->entry == FG_ENTRY_INPUT, fg_place_at(s, NULL, "entry"),
                  "entry is %s, expected input with form seq", fg_entry_words[stage->entry]);
    FG_TRY(fg_fields_seq(place, s, "seq", &stage->seq, stage->conv[0].width));

cleanup:
    return status;
}

fg_status fg_fields_check_stage(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    fg_status status = FG_OK;

    FG_TRY(fg_fields_range(place, fg_place_at(s, NULL, "layers"), stage->layers, 1,
                           FG_MAX_LAYERS));
    FG_REQUIRE_AT(stage->form == network->stage[0].form, fg_place_at(s, NULL, "form"),
                  "form is %s, expected %s, that of stage 1", fg_form_words[stage->form],
                  fg_form_words[network->stage[0].form]);
    FG_TRY(fg_fields_range(place, fg_place_at(s, NULL, "kernel"), stage->convs, 1,
                           FG_MAX_LAYER_CONVS));
    FG_TRY(check_convs(network, place, s));
    if (stage->form != FG_FORM_PRE) {
        FG_TRY(check_chain(network, place, s));
    } else {
        const bool plain = stage->entry == FG_ENTRY_INPUT || stage->entry == FG_ENTRY_NONE;
        FG_REQUIRE_AT(plain || stage->combine == FG_COMBINE_SUM, fg_place_at(s, NULL, "entry"),
                      "entry is %s, expected input or none: only sums take x_0 in the width "
                      "of the others",
                      fg_entry_words[stage->entry]);
    }
    FG_REQUIRE_AT(stage->form == FG_FORM_SEQ || stage->seq.channels == 0,
                  fg_place_at(s, "seq", "group"),
                  "group is %d, expected no seq with layers of form %s", stage->seq.channels,
                  fg_form_words[stage->form]);
    if (stage->form == FG_FORM_SEQ)
        FG_TRY(check_seq_stage(network, place, s));

cleanup:
    return status;
}

static fg_status check_transition_kind(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    const fg_place where = fg_place_at(s, "transition", "form");
    const fg_transition_kind kind = stage->transition.kind;
    const char *word = fg_transition_words[kind];
    fg_status status = FG_OK;

    if (s + 1 == network->stages)
        FG_REQUIRE_AT(kind == FG_TRANSITION_NONE, where,
                      "form is %s, expected none behind the last stage", word);
    else if (stage->form == FG_FORM_POST)
        FG_REQUIRE_AT(kind == FG_TRANSITION_NONE, where,
                      "form is %s, expected none between layers of form post", word);
    else if (stage->form == FG_FORM_SEQ)
        FG_REQUIRE_AT(kind == FG_TRANSITION_EXTEND, where,
                      "form is %s, expected extend between layers of form seq", word);
    else if (stage->combine == FG_COMBINE_SUM)
        FG_REQUIRE_AT(kind != FG_TRANSITION_EXTEND, where,
                      "form is %s, expected none, pool or conv between layers of form pre",
                      word);
    else
        FG_REQUIRE_AT(kind == FG_TRANSITION_POOL || kind == FG_TRANSITION_CONV, where,
                      "form is %s, expected pool or conv: what leaves this stage is many "
                      "elements",
                      word);

cleanup:
    return status;
}

fg_status fg_fields_check_transition(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    const fg_transition *transition = &stage->transition;
    const fg_transition_kind kind = transition->kind;
    fg_status status = FG_OK;

    FG_TRY(check_transition_kind(network, place, s));
    if (kind == FG_TRANSITION_POOL)
        FG_REQUIRE_AT(transition->compression > 0 && transition->compression <= 1,
                      fg_place_at(s, "transition", "compression"),
                      "compression is %g, expected a decimal number above 0 and at most 1",
                      transition->compression);
    if (kind == FG_TRANSITION_CONV || kind == FG_TRANSITION_EXTEND) {
        FG_TRY(fg_fields_range(place, fg_place_at(s, "transition", "width"), transition->width,
                               1, FG_MAX_WIDTH));
        FG_TRY(fg_fields_range(place, fg_place_at(s, "transition", "stride"),
                               transition->stride, 1, 2));
        FG_TRY(fg_fields_kernel(place, fg_place_at(s, "transition", "kernel"),
                                transition->kernel, transition->stride));
        FG_REQUIRE_AT(transition->groups >= 1 && transition->width % transition->groups == 0,
                      fg_place_at(s, "transition", "groups"),
                      "groups is %d, expected a divisor of the width %d", transition->groups,
                      transition->width);
    }

cleanup:
    return status;
}
