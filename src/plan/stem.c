/* stem.c - the stem of a network that a YAML text describes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/stem.h"

#include "plan/defaults.h"
#include "plan/stages.h"

enum stem_form {
    STEM_BARE,
    STEM_NORM,
    STEM_POOL,
    STEM_POOL_CONV,
    STEM_SEQ,
    STEM_SEQ_DOWN,
    STEM_FORMS
};

static const char *const stem_words[] = {"bare", "norm",     "pool", "pool-conv",
                                         "seq",  "seq-down", NULL};

/* What the forms have where nothing else is given; widths are. */
static const fg_stem stems[STEM_FORMS] = {
    [STEM_BARE] = {1, {{0, 3, 1, false, false}}},
    [STEM_NORM] = {1, {{0, 3, 1, true, false}}},
    [STEM_POOL] = {1, {{0, 7, 2, true, true}}},
    [STEM_POOL_CONV] = {2, {{0, 7, 2, true, true}, {0, 1, 1, false, false}}},
    [STEM_SEQ] = {1, {{0, 3, 1, true, false}}},
    [STEM_SEQ_DOWN] = {2, {{0, 3, 2, true, false}, {0, 3, 1, true, false}}},
};

/* One of width, kernel and stride of all convolutions. */
static fg_status read_ints(int *out, fg_network *network, fg_yaml *yaml,
                           const yaml_node_t *stem, const char *key)
{
    const yaml_node_t *node = fg_yaml_value(yaml, stem, key);

    return node == NULL ? FG_OK : fg_yaml_ints(out, network->stem.convs, yaml, node, key);
}

/* A SeqConv layer as those of stage 1, which reads it. */
static fg_status read_seq(fg_network *network, fg_yaml *yaml, const yaml_node_t *node,
                          bool down)
{
    static const char *const known[] = {"width", "group", "subgroups", "bottleneck", NULL};
    const fg_stage *first = &network->stage[0];
    const yaml_node_t *seq = fg_yaml_value(yaml, node, "seq");
    fg_stem *stem = &network->stem;
    fg_status status = FG_OK;

    stem->seq = first->seq;
    stem->seq.subgroups = stem->seq.channels > 0 ? stem->seq.subgroups : 1;
    stem->seq.windowed = false;
    stem->seq_width = first->conv[0].width;
    FG_TRY(fg_stages_read_seq(&stem->seq, yaml, seq, known));
    FG_TRY(fg_stages_read_int(&stem->seq_width, yaml, seq, "width"));
    FG_REQUIRE_YAML(stem->seq_width > 0 || fg_yaml_value(yaml, seq, "width") == NULL, seq,
                    "width is 0, expected 1..%d", FG_MAX_WIDTH);
    if (down) {
        stem->down_groups = fg_defaults_down_groups(stem->seq_width, &first->seq);
        FG_TRY(fg_stages_read_int(&stem->down_groups, yaml, node, "down_groups"));
        FG_REQUIRE_YAML(stem->down_groups > 0 || first->form != FG_FORM_SEQ, node,
                        "down_groups is 0, expected a divisor of the width");
    }

cleanup:
    return status;
}

static const char *const *stem_keys(int form)
{
    static const char *const conv[] = {"form", "width", "kernel", "stride", NULL};
    static const char *const seq[] = {"form", "width", "kernel", "stride", "seq", NULL};
    static const char *const down[] = {"form", "width",       "kernel", "stride",
                                       "seq",  "down_groups", NULL};

    return form == STEM_SEQ_DOWN ? down : form == STEM_SEQ ? seq : conv;
}

fg_status fg_stem_read(fg_network *network, fg_yaml *yaml)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    const yaml_node_t *node = fg_yaml_value(yaml, root, "stem");
    fg_stem *stem = &network->stem;
    fg_status status = FG_OK;
    int form = STEM_BARE, width[2], kernel[2], stride[2];

    FG_REQUIRE_YAML(node != NULL, root, "stem is missing, expected {width: CHANNELS}");
    FG_TRY(fg_stages_read_word(&form, yaml, node, "form", stem_words));
    FG_TRY(fg_yaml_check_keys(yaml, node, "stem", stem_keys(form)));
    *stem = stems[form];
    for (int i = 0; i < stem->convs; ++i) {
        kernel[i] = stem->conv[i].kernel;
        stride[i] = stem->conv[i].stride;
    }
    FG_REQUIRE_YAML(fg_yaml_value(yaml, node, "width") != NULL, node,
                    "width is missing, expected a number of channels");
    FG_TRY(read_ints(width, network, yaml, node, "width"));
    FG_TRY(read_ints(kernel, network, yaml, node, "kernel"));
    FG_TRY(read_ints(stride, network, yaml, node, "stride"));
    for (int i = 0; i < stem->convs; ++i) {
        stem->conv[i].width = width[i];
        stem->conv[i].kernel = kernel[i];
        stem->conv[i].stride = stride[i];
    }
    if (form == STEM_SEQ || form == STEM_SEQ_DOWN)
        FG_TRY(read_seq(network, yaml, node, form == STEM_SEQ_DOWN));

cleanup:
    return status;
}
