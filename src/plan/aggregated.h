/* aggregated.h - DenseNet, SparseNet, SeqConv networks and DelugeNet.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_AGGREGATED_H
#define FG_PLAN_AGGREGATED_H

#include "plan/name.h"

/* Each makes stem and stages of a name. "plain" layers are one 3x3 convolution, the others have
 * a 1x1 bottleneck. */
fg_status fg_aggregated_densenet_plain(fg_network *network, const fg_name *name);
fg_status fg_aggregated_densenet(fg_network *network, const fg_name *name);
fg_status fg_aggregated_sparsenet_plain(fg_network *network, const fg_name *name);
fg_status fg_aggregated_sparsenet(fg_network *network, const fg_name *name);

fg_status fg_aggregated_seqresnet_plain(fg_network *network, const fg_name *name);
fg_status fg_aggregated_seqresnet(fg_network *network, const fg_name *name);
fg_status fg_aggregated_seqresnet_imagenet(fg_network *network, const fg_name *name);
fg_status fg_aggregated_seqresnext(fg_network *network, const fg_name *name);

fg_status fg_aggregated_delugenet(fg_network *network, const fg_name *name);

#endif
