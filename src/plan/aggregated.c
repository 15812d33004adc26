/* aggregated.c - DenseNet, SparseNet, SeqConv networks and DelugeNet.
 *
 * Huang et al., "Densely connected convolutional networks", 2017; Zhu et al., "Sparsely
 * aggregated convolutional networks", 2018; SeqConv: https://github.com/GroupOfAlchemists/SeqConv;
 * Kuen et al., "DelugeNets", 2017.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/aggregated.h"

#include "plan/defaults.h"

static fg_stage *add_stage(fg_network *network, const fg_name *name)
{
    const int s = network->stages++;
    fg_stage *stage = &network->stage[s];

    stage->layers = name->layers[s];
    stage->stride = 1;
    return stage;
}

static void set_stem(fg_network *network, const fg_name *name, int width)
{
    const bool imagenet = name->family->imagenet;

    network->stem.convs = 1;
    network->stem.conv[0] = (fg_stem_conv){.width = width,
                                           .kernel = imagenet ? 7 : 3,
                                           .stride = imagenet ? 2 : 1,
                                           .norm = imagenet,
                                           .max_pool = imagenet};
}

/* ---- DenseNet, SparseNet ---- */

static fg_status make_concat(fg_network *network, const fg_name *name, fg_sources sources,
                             bool bottleneck)
{
    const int stages = name->family->stages;

    set_stem(network, name, name->init);
    for (int s = 0; s < stages; ++s) {
        const int growth = name->list[s];
        fg_stage *stage = add_stage(network, name);
        stage->form = FG_FORM_PRE;
        if (bottleneck)
            stage->conv[stage->convs++] = (fg_layer_conv){4 * growth, 1, 1};
        stage->conv[stage->convs++] = (fg_layer_conv){growth, 3, 1};
        stage->sources = sources;
        stage->combine = FG_COMBINE_CONCAT;
        if (s + 1 < stages)
            stage->transition =
                (fg_transition){.kind = FG_TRANSITION_POOL, .compression = name->compression};
    }
    return FG_OK;
}

static fg_sources sparse(const fg_name *name)
{
    return (fg_sources){.rule = FG_RULE_SPARSE, .base = name->base};
}

fg_status fg_aggregated_densenet_plain(fg_network *network, const fg_name *name)
{
    return make_concat(network, name, (fg_sources){.rule = FG_RULE_DENSE}, false);
}

fg_status fg_aggregated_densenet(fg_network *network, const fg_name *name)
{
    return make_concat(network, name, (fg_sources){.rule = FG_RULE_DENSE}, true);
}

fg_status fg_aggregated_sparsenet_plain(fg_network *network, const fg_name *name)
{
    return make_concat(network, name, sparse(name), false);
}

fg_status fg_aggregated_sparsenet(fg_network *network, const fg_name *name)
{
    return make_concat(network, name, sparse(name), true);
}

/* ---- SeqConv ---- */

/* width and seq: per stage. The strided convolution behind a stage has the groups of the next. */
static void add_seq_stages(fg_network *network, const fg_name *name, const int *width,
                           const fg_seq *seq)
{
    const int stages = name->family->stages;

    network->stem.seq = seq[0];
    network->stem.seq.windowed = false;
    network->stem.seq_width = width[0];
    for (int s = 0; s < stages; ++s) {
        fg_stage *stage = add_stage(network, name);
        stage->form = FG_FORM_SEQ;
        stage->convs = 1;
        stage->conv[0] = (fg_layer_conv){width[s], 3, 1};
        stage->sources = (fg_sources){.rule = FG_RULE_WINDOW, .window = 1};
        stage->seq = seq[s];
        if (s + 1 < stages)
            stage->transition =
                (fg_transition){.kind = FG_TRANSITION_EXTEND,
                                .width = width[s + 1],
                                .kernel = 3,
                                .stride = 2,
                                .groups = fg_defaults_down_groups(width[s + 1], &seq[s + 1]),
                                .seq = seq[s]};
    }
}

static fg_status make_seq_cifar(fg_network *network, const fg_name *name, bool bottleneck)
{
    const int r = name->number[0], k = name->number[1];
    const fg_seq one = {k, 1, bottleneck, name->window != 0};
    fg_status status = FG_OK;

    FG_REQUIRE(16 * r % k == 0, "k is %d, expected a divisor of 16 r = %d", k, 16 * r);
    network->stem.convs = 1;
    network->stem.conv[0] = (fg_stem_conv){.width = 16, .kernel = 3, .stride = 1, .norm = true};
    add_seq_stages(network, name, (const int[]){16 * r, 32 * r, 48 * r},
                   (const fg_seq[]){one, one, one});

cleanup:
    return status;
}

fg_status fg_aggregated_seqresnet_plain(fg_network *network, const fg_name *name)
{
    return make_seq_cifar(network, name, false);
}

fg_status fg_aggregated_seqresnet(fg_network *network, const fg_name *name)
{
    return make_seq_cifar(network, name, true);
}

static fg_status make_seq_imagenet(fg_network *network, const fg_name *name,
                                   const int subgroups[4])
{
    static const int k[4] = {32, 64, 64, 128};
    fg_seq seq[4];
    int width[4];

    for (int s = 0; s < 4; ++s) {
        seq[s] = (fg_seq){k[s], subgroups[s], true, name->window != 0};
        width[s] = 64 * name->r << s;
    }
    network->stem.convs = 2;
    network->stem.conv[0] = (fg_stem_conv){.width = 32, .kernel = 3, .stride = 2, .norm = true};
    network->stem.conv[1] = (fg_stem_conv){.width = 32, .kernel = 3, .stride = 1, .norm = true};
    network->stem.down_groups = fg_defaults_down_groups(width[0], &seq[0]);
    add_seq_stages(network, name, width, seq);
    return FG_OK;
}

fg_status fg_aggregated_seqresnet_imagenet(fg_network *network, const fg_name *name)
{
    return make_seq_imagenet(network, name, (const int[]){1, 1, 1, 1});
}

fg_status fg_aggregated_seqresnext(fg_network *network, const fg_name *name)
{
    return make_seq_imagenet(network, name, (const int[]){8, 8, 4, 4});
}

/* ---- DelugeNet ---- */

/* Layers of inner width b give 2 b channels. The form for ImageNet has a first list element made
 * by a convolution of its own; in the other the list begins with the first layer's output. */
fg_status fg_aggregated_delugenet(fg_network *network, const fg_name *name)
{
    const bool imagenet = name->family->imagenet;
    const int stages = name->family->stages, unit = imagenet ? 64 : 32;
    int inner[FG_MAX_STAGES] = {0};

    for (int s = 0; s < stages; ++s)
        inner[s] = (int)((unit << s) * name->m);
    set_stem(network, name, imagenet ? 64 : inner[0]);
    if (imagenet)
        network->stem.conv[network->stem.convs++] =
            (fg_stem_conv){.width = 2 * inner[0], .kernel = 1, .stride = 1};
    for (int s = 0; s < stages; ++s) {
        fg_stage *stage = add_stage(network, name);
        stage->form = FG_FORM_PRE;
        stage->convs = 3;
        stage->conv[0] = (fg_layer_conv){inner[s], 1, 1};
        stage->conv[1] = (fg_layer_conv){inner[s], 3, 1};
        stage->conv[2] = (fg_layer_conv){2 * inner[s], 1, 1};
        stage->sources = (fg_sources){.rule = FG_RULE_DENSE};
        stage->combine = FG_COMBINE_DEPTHWISE;
        stage->entry = imagenet || s > 0 ? FG_ENTRY_INPUT : FG_ENTRY_NONE;
        if (s + 1 < stages)
            stage->transition = (fg_transition){.kind = FG_TRANSITION_CONV,
                                                .width = 2 * inner[s + 1],
                                                .kernel = 3,
                                                .stride = 2,
                                                .groups = 1};
    }
    return FG_OK;
}
