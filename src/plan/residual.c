/* residual.c - plain and residual networks, with sums, pre- and post-activation, wide, grouped.
 *
 * He et al., "Deep residual learning" and "Identity mappings in deep residual networks", 2016;
 * Zagoruyko and Komodakis, "Wide residual networks", 2016; Xie et al., "Aggregated residual
 * transformations", 2017; Zhu et al., "Sparsely aggregated convolutional networks", 2018.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/residual.h"

/* ---- pieces ---- */

static const fg_sources previous = {.rule = FG_RULE_WINDOW, .window = 1};
static const fg_sources dense = {.rule = FG_RULE_DENSE};

static void set_stem(fg_network *network, const fg_name *name, int width, bool norm)
{
    const bool imagenet = name->family->imagenet;

    network->stem.convs = 1;
    network->stem.conv[0] = (fg_stem_conv){.width = width,
                                           .kernel = imagenet ? 7 : 3,
                                           .stride = imagenet ? 2 : 1,
                                           .norm = norm,
                                           .max_pool = imagenet};
}

/* All stages but the first halve their maps. */
static fg_stage *add_stage(fg_network *network, const fg_name *name)
{
    const int s = network->stages++;
    fg_stage *stage = &network->stage[s];

    stage->layers = name->layers[s];
    stage->stride = s > 0 ? 2 : 1;
    return stage;
}

static fg_stage *add_basic(fg_network *network, const fg_name *name, int width)
{
    fg_stage *stage = add_stage(network, name);

    stage->convs = 2;
    stage->conv[0] = stage->conv[1] = (fg_layer_conv){width, 3, 1};
    return stage;
}

static fg_stage *add_bottleneck(fg_network *network, const fg_name *name, int inner, int groups,
                                int outer)
{
    fg_stage *stage = add_stage(network, name);

    stage->convs = 3;
    stage->conv[0] = (fg_layer_conv){inner, 1, 1};
    stage->conv[1] = (fg_layer_conv){inner, 3, groups};
    stage->conv[2] = (fg_layer_conv){outer, 1, 1};
    return stage;
}

/* ---- post-activation ---- */

static void make_post_basic(fg_network *network, const fg_name *name, bool shortcuts)
{
    set_stem(network, name, 16, true);
    for (int s = 0; s < name->family->stages; ++s) {
        fg_stage *stage = add_basic(network, name, 16 << s);
        stage->form = FG_FORM_POST;
        stage->sources = previous;
        stage->entry = !shortcuts ? FG_ENTRY_NONE : s > 0 ? FG_ENTRY_PAD : FG_ENTRY_INPUT;
    }
}

/* The published widths differ wherever a stage begins, so each projects. */
static void make_post_bottleneck(fg_network *network, const fg_name *name, int cardinality,
                                 int base_width)
{
    set_stem(network, name, 64, true);
    for (int s = 0; s < name->family->stages; ++s) {
        fg_stage *stage =
            add_bottleneck(network, name, cardinality * base_width << s, cardinality, 256 << s);
        stage->form = FG_FORM_POST;
        stage->sources = previous;
        stage->stride_conv = name->stride;
        stage->entry = FG_ENTRY_PROJECT;
    }
}

fg_status fg_residual_plain(fg_network *network, const fg_name *name)
{
    make_post_basic(network, name, false);
    return FG_OK;
}

fg_status fg_residual_resnet(fg_network *network, const fg_name *name)
{
    make_post_basic(network, name, true);
    return FG_OK;
}

fg_status fg_residual_resnet_imagenet(fg_network *network, const fg_name *name)
{
    make_post_bottleneck(network, name, 1, 64);
    return FG_OK;
}

fg_status fg_residual_resnext(fg_network *network, const fg_name *name)
{
    make_post_bottleneck(network, name, name->number[1], name->number[2]);
    return FG_OK;
}

/* ---- pre-activation ---- */

static void make_pre_bottleneck(fg_network *network, const fg_name *name, fg_sources sources,
                                fg_entry entry)
{
    set_stem(network, name, 16, false);
    for (int s = 0; s < name->family->stages; ++s) {
        fg_stage *stage = add_bottleneck(network, name, 16 << s, 1, 64 << s);
        stage->form = FG_FORM_PRE;
        stage->sources = sources;
        stage->combine = FG_COMBINE_SUM;
        stage->entry = entry;
    }
}

static void make_pre_basic(fg_network *network, const fg_name *name, int factor, fg_entry entry)
{
    set_stem(network, name, 16, false);
    for (int s = 0; s < name->family->stages; ++s) {
        const bool same = s == 0 && factor == 1;
        fg_stage *stage = add_basic(network, name, 16 * factor << s);
        stage->form = FG_FORM_PRE;
        stage->sources = dense;
        stage->combine = FG_COMBINE_SUM;
        stage->entry = same ? FG_ENTRY_INPUT : entry;
    }
}

fg_status fg_residual_preplain(fg_network *network, const fg_name *name)
{
    make_pre_bottleneck(network, name, previous, FG_ENTRY_INPUT);
    return FG_OK;
}

fg_status fg_residual_preresnet(fg_network *network, const fg_name *name)
{
    make_pre_bottleneck(network, name, dense, FG_ENTRY_PROJECT);
    return FG_OK;
}

fg_status fg_residual_sparsenet_sum(fg_network *network, const fg_name *name)
{
    const fg_sources sparse = {.rule = FG_RULE_SPARSE, .base = name->base};

    make_pre_bottleneck(network, name, sparse, FG_ENTRY_PROJECT);
    return FG_OK;
}

fg_status fg_residual_preresnet_basic(fg_network *network, const fg_name *name)
{
    make_pre_basic(network, name, 1, FG_ENTRY_PAD);
    return FG_OK;
}

fg_status fg_residual_wide(fg_network *network, const fg_name *name)
{
    make_pre_basic(network, name, name->number[1], FG_ENTRY_PROJECT);
    return FG_OK;
}
