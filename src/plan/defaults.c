/* defaults.c - what a network has where neither its name nor its file says otherwise.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/defaults.h"

/* What the papers of these families drop: DenseNet all outputs element by element, SparseNet
 * whole channels of what layers give, wide ResNets what the last convolution reads. */
static fg_network_dropout pre_dropout(const fg_stage *stage)
{
    if (stage->combine != FG_COMBINE_CONCAT)
        return (fg_network_dropout){
            FG_DROPOUT_ELEMENTS, stage->convs > 1 ? FG_DROPOUT_LAST_INPUT : FG_DROPOUT_OUTPUTS,
            0};
    if (stage->sources.rule == FG_RULE_SPARSE)
        return (fg_network_dropout){FG_DROPOUT_CHANNELS, FG_DROPOUT_OUTPUTS, 0};
    return (fg_network_dropout){FG_DROPOUT_ELEMENTS, FG_DROPOUT_ALL_OUTPUTS, 0};
}

void fg_defaults_set(fg_network *network)
{
    const fg_stage *stage = &network->stage[0];

    network->initialiser = FG_INIT_HE_OUT_NORMAL;
    network->linear_initialiser = FG_INIT_LINEAR_INPUTS;
    switch (stage->form) {
    case FG_FORM_PRE:
        network->head = FG_HEAD_NORM;
        network->dropout = pre_dropout(stage);
        break;
    case FG_FORM_POST:
        network->head = FG_HEAD_BARE;
        network->dropout = (fg_network_dropout){FG_DROPOUT_NONE, FG_DROPOUT_OUTPUTS, 0};
        break;
    case FG_FORM_SEQ:
        network->head = FG_HEAD_CONV;
        network->dropout = (fg_network_dropout){FG_DROPOUT_CHANNELS, FG_DROPOUT_VIEWS, 0};
        network->initialiser = FG_INIT_HE_OUT_UNIFORM;
        network->linear_initialiser = FG_INIT_LINEAR_OUTPUTS;
        break;
    }
}

int fg_defaults_down_groups(int width, const fg_seq *seq)
{
    const long long groups =
        seq->channels > 0 ? (long long)width / seq->channels * seq->subgroups : 0;

    return groups <= FG_MAX_WIDTH ? (int)groups : FG_MAX_WIDTH + 1;
}
