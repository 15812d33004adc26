/* fields.c - checks a network's numbers one by one, and what may stand together.
 *
 * Pre-activation, post-activation and SeqConv networks differ in stem and head as well; the table
 * `forms` says what goes with what. Stages and transitions are fields_stage.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/checks.h"

#define MAX_KERNEL 11
#define MAX_STRIDED_KERNEL 7

static const struct {
    const char *stems;
    fg_head head;
} forms[] = {
    [FG_FORM_PRE] = {"bare, pool or pool-conv", FG_HEAD_NORM},
    [FG_FORM_POST] = {"norm or pool", FG_HEAD_BARE},
    [FG_FORM_SEQ] = {"seq or seq-down", FG_HEAD_CONV},
};

fg_status fg_fields_range(fg_place *place, fg_place where, int value, int low, int high)
{
    fg_status status = FG_OK;

    FG_REQUIRE_AT(value >= low && value <= high, where, "%s is %d, expected %d..%d", where.key,
                  value, low, high);

cleanup:
    return status;
}

fg_status fg_fields_kernel(fg_place *place, fg_place where, int kernel, int stride)
{
    const int most = stride > 1 ? MAX_STRIDED_KERNEL : MAX_KERNEL;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(kernel >= 1 && kernel <= most && kernel % 2 == 1, where,
                  "kernel is %d, expected an odd number 1..%d%s", kernel, most,
                  stride > 1 ? " at stride 2" : "");

cleanup:
    return status;
}

fg_status fg_fields_seq(fg_place *place, int stage, const char *part, const fg_seq *seq,
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

static bool stem_has_seq(const fg_stem *stem)
{
    return stem->seq_width > 0 || stem->seq.channels > 0;
}

/* The word of a stem's form, which shows in what it is made of. */
static const char *stem_word(const fg_stem *stem)
{
    const fg_stem_conv *last = &stem->conv[stem->convs - 1];

    if (stem_has_seq(stem))
        return stem->convs > 1 ? "seq-down" : "seq";
    if (stem->convs > 1)
        return "pool-conv";
    return last->max_pool ? "pool" : last->norm ? "norm" : "bare";
}

/* The SeqConv layer of a stem, and what halves its maps. */
static fg_status check_stem_seq(const fg_network *network, fg_place *place)
{
    const fg_stem *stem = &network->stem;
    const int group = network->stage[0].seq.channels;
    fg_status status = FG_OK;

    FG_TRY(fg_fields_range(place, fg_place_at(-1, "stem.seq", "width"), stem->seq_width, 1,
                           FG_MAX_WIDTH));
    FG_TRY(fg_fields_seq(place, -1, "stem.seq", &stem->seq, stem->seq_width));
    FG_REQUIRE_AT(stem->down_groups == 0 ||
                      (stem->down_groups > 0 && stem->seq_width % stem->down_groups == 0),
                  fg_place_at(-1, "stem", "down_groups"),
                  "down_groups is %d, expected a divisor of the width %d", stem->down_groups,
                  stem->seq_width);
    /* Each group of a block adds channels of what enters, which must lie in one group there. */
    FG_REQUIRE_AT(stem->down_groups > 0 || stem->seq.channels % group == 0,
                  fg_place_at(-1, "stem.seq", "group"),
                  "group is %d, expected a multiple of %d, the group of stage 1",
                  stem->seq.channels, group);

cleanup:
    return status;
}

static fg_status check_stem(const fg_network *network, fg_place *place)
{
    const fg_stem *stem = &network->stem;
    const fg_form form = network->stage[0].form;
    fg_status status = FG_OK;
    bool fits;

    FG_TRY(fg_fields_range(place, fg_place_at(-1, "stem", "convs"), stem->convs, 1, 2));
    for (int i = 0; i < stem->convs; ++i) {
        const fg_stem_conv *conv = &stem->conv[i];
        FG_TRY(fg_fields_range(place, (fg_place){-1, "stem", "width", i}, conv->width, 1,
                               FG_MAX_WIDTH));
        FG_TRY(fg_fields_range(place, (fg_place){-1, "stem", "stride", i}, conv->stride, 1, 2));
        FG_TRY(fg_fields_kernel(place, (fg_place){-1, "stem", "kernel", i}, conv->kernel,
                                conv->stride));
    }
    const fg_stem_conv *last = &stem->conv[stem->convs - 1];
    if (form == FG_FORM_SEQ)
        fits = last->norm && stem_has_seq(stem);
    else
        fits = !stem_has_seq(stem) &&
               (form == FG_FORM_POST ? last->norm : last->norm == last->max_pool);
    FG_REQUIRE_AT(fits, fg_place_at(-1, "stem", "form"),
                  "form is %s, expected %s with layers of form %s", stem_word(stem),
                  forms[form].stems, fg_form_words[form]);
    if (form == FG_FORM_SEQ)
        FG_TRY(check_stem_seq(network, place));

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
                      dropout->rate, fg_form_words[form]);
        return status;
    }
    FG_REQUIRE_AT(form != FG_FORM_POST, fg_place_at(-1, "dropout", "kind"),
                  "kind is %s, expected no dropout with layers of form post",
                  fg_dropout_kind_words[dropout->kind - FG_DROPOUT_ELEMENTS]);
    FG_REQUIRE_AT(views == (form == FG_FORM_SEQ), fg_place_at(-1, "dropout", "place"),
                  "place is %s, expected %s with layers of form %s",
                  fg_dropout_place_words[dropout->place],
                  views ? "outputs, all-outputs or last-input" : "views", fg_form_words[form]);
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
    fg_form form;

    FG_TRY(fg_fields_range(place, fg_place_at(-1, NULL, "classes"), network->classes, 1,
                           FG_MAX_CLASSES));
    FG_TRY(fg_fields_range(place, fg_place_at(-1, NULL, "channels"), network->channels, 1,
                           FG_MAX_IMAGE_CHANNELS));
    FG_TRY(fg_fields_range(place, fg_place_at(-1, NULL, "image"), network->image, 1,
                           FG_MAX_IMAGE));
    FG_TRY(fg_fields_range(place, fg_place_at(-1, NULL, "stages"), network->stages, 1,
                           FG_MAX_STAGES));
    for (int s = 0; s < network->stages; ++s) {
        FG_TRY(fg_fields_check_stage(network, place, s));
        FG_TRY(fg_fields_check_transition(network, place, s));
    }
    FG_TRY(check_stem(network, place));
    form = network->stage[0].form;
    FG_REQUIRE_AT(network->head == forms[form].head, fg_place_at(-1, "head", "form"),
                  "form is %s, expected %s with layers of form %s",
                  fg_head_words[network->head], fg_head_words[forms[form].head],
                  fg_form_words[form]);
    FG_TRY(fg_fields_range(place, fg_place_at(-1, "head", "pool_grid"), network->pool_grid, 1,
                           FG_MAX_IMAGE));
    FG_TRY(check_dropout(network, place));

cleanup:
    return status;
}
