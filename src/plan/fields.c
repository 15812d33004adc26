/* fields.c - checks a network's numbers one by one, and what may stand together.
 *
 * Pre-activation, post-activation and SeqConv networks differ in stem, transitions and head as
 * well; the table `forms` says what goes with what.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/checks.h"

#define MAX_KERNEL 11
#define MAX_STRIDED_KERNEL 7

static const struct form {
    const char *name;
    const char *stem; /* what its last convolution must be like */
    fg_head head;
    const char *head_name;
} forms[] = {
    [FG_FORM_PRE] = {"pre", "bare, pool or pool-conv", FG_HEAD_NORM, "norm"},
    [FG_FORM_POST] = {"post", "norm or pool", FG_HEAD_BARE, "bare"},
    [FG_FORM_SEQ] = {"seq", "seq or seq-down", FG_HEAD_CONV, "conv"},
};

static fg_status check_range(fg_place *place, fg_place where, int value, int low, int high)
{
    fg_status status = FG_OK;

    FG_REQUIRE_AT(value >= low && value <= high, where, "%s is %d, expected %d..%d", where.key,
                  value, low, high);

cleanup:
    return status;
}

static fg_status check_kernel(fg_place *place, fg_place where, int kernel, int stride)
{
    const int most = stride > 1 ? MAX_STRIDED_KERNEL : MAX_KERNEL;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(kernel >= 1 && kernel <= most && kernel % 2 == 1, where,
                  "kernel is %d, expected an odd number 1..%d%s", kernel, most,
                  stride > 1 ? " at stride 2" : "");

cleanup:
    return status;
}

/* part: that of the SeqConv layer; width: its output channels. */
static fg_status check_seq(fg_place *place, int stage, const char *part, const fg_seq *seq,
                           int width)
{
    fg_status status = FG_OK;

    FG_REQUIRE_AT(seq->channels >= 1 && width % seq->channels == 0,
                  fg_place_at(stage, part, "group"),
                  "group is %d, expected a divisor of the width %d", seq->channels, width);
    FG_REQUIRE_AT(seq->subgroups >= 1 && seq->channels % seq->subgroups == 0,
                  fg_place_at(stage, part, "subgroups"),
                  "subgroups is %d, expected a divisor of the group's %d channels",
                  seq->subgroups, seq->channels);
    FG_REQUIRE_AT(seq->bottleneck || seq->subgroups == 1, fg_place_at(stage, part, "subgroups"),
                  "subgroups is %d, expected 1 without bottleneck", seq->subgroups);

cleanup:
    return status;
}

static fg_status check_stem(const fg_network *network, fg_place *place)
{
    const fg_stem *stem = &network->stem;
    const fg_form form = network->stage[0].form;
    fg_status status = FG_OK;
    bool fits;

    FG_TRY(check_range(place, fg_place_at(-1, "stem", "convs"), stem->convs, 1, 2));
    for (int i = 0; i < stem->convs; ++i) {
        const fg_stem_conv *conv = &stem->conv[i];
        FG_TRY(check_range(place, (fg_place){-1, "stem", "width", i}, conv->width, 1,
                           FG_MAX_WIDTH));
        FG_TRY(check_range(place, (fg_place){-1, "stem", "stride", i}, conv->stride, 1, 2));
        FG_TRY(check_kernel(place, (fg_place){-1, "stem", "kernel", i}, conv->kernel,
                            conv->stride));
    }
    const fg_stem_conv *last = &stem->conv[stem->convs - 1];
    if (form == FG_FORM_SEQ)
        fits = last->norm && stem->seq.channels > 0;
    else
        fits = stem->seq.channels == 0 &&
               (form == FG_FORM_POST ? last->norm : last->norm == last->max_pool);
    FG_REQUIRE_AT(fits, fg_place_at(-1, "stem", "form"),
                  "form does not go with layers of form %s, expected %s", forms[form].name,
                  forms[form].stem);
    if (form == FG_FORM_SEQ) {
        FG_TRY(check_range(place, fg_place_at(-1, "stem.seq", "width"), stem->seq_width, 1,
                           FG_MAX_WIDTH));
        FG_TRY(check_seq(place, -1, "stem.seq", &stem->seq, stem->seq_width));
        FG_REQUIRE_AT(stem->down_groups == 0 ||
                          (stem->down_groups > 0 && stem->seq_width % stem->down_groups == 0),
                      fg_place_at(-1, "stem", "down_groups"),
                      "down_groups is %d, expected a divisor of the width %d",
                      stem->down_groups, stem->seq_width);
    }

cleanup:
    return status;
}

static fg_status check_convs(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    fg_status status = FG_OK;

    FG_TRY(check_range(place, fg_place_at(s, NULL, "stride"), stage->stride, 1, 2));
    FG_REQUIRE_AT(stage->stride_conv >= 0 && stage->stride_conv < stage->convs,
                  fg_place_at(s, NULL, "stride_conv"),
                  "stride_conv is %d, expected 1..%d, the number of one of the layer's "
                  "convolutions",
                  stage->stride_conv + 1, stage->convs);
    for (int i = 0; i < stage->convs; ++i) {
        const fg_layer_conv *conv = &stage->conv[i];
        const int stride = i == stage->stride_conv ? stage->stride : 1;
        const int in = i > 0 ? stage->conv[i - 1].width : conv->groups;
        FG_TRY(
            check_range(place, (fg_place){s, NULL, "width", i}, conv->width, 1, FG_MAX_WIDTH));
        FG_TRY(check_kernel(place, (fg_place){s, NULL, "kernel", i}, conv->kernel, stride));
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
    const char *name = forms[stage->form].name;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(stage->sources.rule == FG_RULE_WINDOW && stage->sources.window == 1,
                  fg_place_at(s, NULL, "sources"),
                  "sources of form %s: expected window 1, the layer before", name);
    FG_REQUIRE_AT(stage->combine == FG_COMBINE_CONCAT, fg_place_at(s, NULL, "combine"),
                  "combine of form %s: expected none, a layer reads one element", name);
    if (stage->form == FG_FORM_SEQ) {
        FG_REQUIRE_AT(stage->convs == 1 && stage->conv[0].kernel == 3,
                      fg_place_at(s, NULL, "kernel"),
                      "kernel of form seq: expected 3, of one convolution");
        FG_REQUIRE_AT(stage->conv[0].groups == 1, fg_place_at(s, NULL, "groups"),
                      "groups of form seq: expected seq.subgroups");
        FG_REQUIRE_AT(stage->stride == 1, fg_place_at(s, NULL, "stride"),
                      "stride is %d, expected 1: the transition strides", stage->stride);
        FG_REQUIRE_AT(stage->entry == FG_ENTRY_INPUT, fg_place_at(s, NULL, "entry"),
                      "entry of form seq: expected input");
        FG_TRY(check_seq(place, s, "seq", &stage->seq, stage->conv[0].width));
    }

cleanup:
    return status;
}

static fg_status check_stage(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    fg_status status = FG_OK;

    FG_TRY(check_range(place, fg_place_at(s, NULL, "layers"), stage->layers, 1, FG_MAX_LAYERS));
    FG_REQUIRE_AT(stage->form == network->stage[0].form, fg_place_at(s, NULL, "form"),
                  "form is %s, expected %s, that of stage 1", forms[stage->form].name,
                  forms[network->stage[0].form].name);
    FG_TRY(check_range(place, fg_place_at(s, NULL, "kernel"), stage->convs, 1,
                       FG_MAX_LAYER_CONVS));
    FG_TRY(check_convs(network, place, s));
    if (stage->form != FG_FORM_PRE) {
        FG_TRY(check_chain(network, place, s));
    } else {
        const bool plain = stage->entry == FG_ENTRY_INPUT || stage->entry == FG_ENTRY_NONE;
        FG_REQUIRE_AT(plain || stage->combine == FG_COMBINE_SUM, fg_place_at(s, NULL, "entry"),
                      "entry is %s, expected input or none: only sums take x_0 in the width "
                      "of the others",
                      stage->entry == FG_ENTRY_PAD ? "pad" : "project");
    }
    FG_REQUIRE_AT((stage->form == FG_FORM_SEQ) == (stage->seq.channels > 0),
                  fg_place_at(s, NULL, "seq"), "seq goes with form seq, and only with it");

cleanup:
    return status;
}

static fg_status check_transition(const fg_network *network, fg_place *place, int s)
{
    const fg_stage *stage = &network->stage[s];
    const fg_transition *transition = &stage->transition;
    const fg_place where = fg_place_at(s, "transition", "form");
    const fg_transition_kind kind = transition->kind;
    fg_status status = FG_OK;

    if (s + 1 == network->stages) {
        FG_REQUIRE_AT(kind == FG_TRANSITION_NONE, where,
                      "form: expected none behind the last "
                      "stage");
        return status;
    }
    if (stage->form == FG_FORM_POST)
        FG_REQUIRE_AT(kind == FG_TRANSITION_NONE, where,
                      "form: expected none, which is what "
                      "form post has");
    else if (stage->form == FG_FORM_SEQ)
        FG_REQUIRE_AT(kind == FG_TRANSITION_EXTEND, where,
                      "form: expected extend, which is "
                      "what form seq has");
    else if (stage->combine == FG_COMBINE_SUM)
        FG_REQUIRE_AT(kind != FG_TRANSITION_EXTEND, where,
                      "form is extend, expected none, "
                      "pool or conv");
    else
        FG_REQUIRE_AT(kind == FG_TRANSITION_POOL || kind == FG_TRANSITION_CONV, where,
                      "form: expected pool or conv, for what leaves this stage is many "
                      "elements");
    if (kind == FG_TRANSITION_POOL)
        FG_REQUIRE_AT(transition->compression > 0 && transition->compression <= 1,
                      fg_place_at(s, "transition", "compression"),
                      "compression is %g, expected a decimal number above 0 and at most 1",
                      transition->compression);
    if (kind == FG_TRANSITION_CONV || kind == FG_TRANSITION_EXTEND) {
        FG_TRY(check_range(place, fg_place_at(s, "transition", "width"), transition->width, 1,
                           FG_MAX_WIDTH));
        FG_TRY(check_range(place, fg_place_at(s, "transition", "stride"), transition->stride, 1,
                           2));
        FG_TRY(check_kernel(place, fg_place_at(s, "transition", "kernel"), transition->kernel,
                            transition->stride));
        FG_REQUIRE_AT(transition->groups >= 1 && transition->width % transition->groups == 0,
                      fg_place_at(s, "transition", "groups"),
                      "groups is %d, expected a divisor of the width %d", transition->groups,
                      transition->width);
    }

cleanup:
    return status;
}

static fg_status check_dropout(const fg_network *network, fg_place *place)
{
    const fg_network_dropout *dropout = &network->dropout;
    const fg_form form = network->stage[0].form;
    const bool views = dropout->place == FG_DROPOUT_VIEWS;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(dropout->rate >= 0 && dropout->rate < 1, fg_place_at(-1, "dropout", "rate"),
                  "rate is %g, expected 0 or more and less than 1", dropout->rate);
    if (dropout->kind == FG_DROPOUT_NONE) {
        FG_REQUIRE_AT(dropout->rate == 0, fg_place_at(-1, "dropout", "rate"),
                      "rate is %g, expected 0: layers of form %s have no dropout",
                      dropout->rate, forms[form].name);
        return status;
    }
    FG_REQUIRE_AT(form != FG_FORM_POST, fg_place_at(-1, "dropout", NULL),
                  "layers of form post have no dropout");
    FG_REQUIRE_AT(views == (form == FG_FORM_SEQ), fg_place_at(-1, "dropout", "place"),
                  "place: expected %s with layers of form %s",
                  views ? "outputs, all-outputs or last-input" : "views", forms[form].name);
    for (int s = 0; s < network->stages && dropout->place == FG_DROPOUT_LAST_INPUT; ++s)
        FG_REQUIRE_AT(network->stage[s].convs > 1, fg_place_at(-1, "dropout", "place"),
                      "place is last-input, expected outputs or all-outputs: a layer has one "
                      "convolution");

cleanup:
    return status;
}

fg_status fg_fields_check(const fg_network *network, fg_place *place)
{
    fg_status status = FG_OK;
    const struct form *form;

    FG_TRY(check_range(place, fg_place_at(-1, NULL, "classes"), network->classes, 1,
                       FG_MAX_CLASSES));
    FG_TRY(check_range(place, fg_place_at(-1, NULL, "channels"), network->channels, 1,
                       FG_MAX_IMAGE_CHANNELS));
    FG_TRY(check_range(place, fg_place_at(-1, NULL, "image"), network->image, 1, FG_MAX_IMAGE));
    FG_TRY(
        check_range(place, fg_place_at(-1, NULL, "stages"), network->stages, 1, FG_MAX_STAGES));
    for (int s = 0; s < network->stages; ++s) {
        FG_TRY(check_stage(network, place, s));
        FG_TRY(check_transition(network, place, s));
    }
    FG_TRY(check_stem(network, place));
    form = &forms[network->stage[0].form];
    FG_REQUIRE_AT(network->head == form->head, fg_place_at(-1, "head", "form"),
                  "form: expected %s with layers of form %s", form->head_name, form->name);
    FG_TRY(check_range(place, fg_place_at(-1, "head", "pool_grid"), network->pool_grid, 1,
                       FG_MAX_IMAGE));
    FG_TRY(check_dropout(network, place));

cleanup:
    return status;
}
