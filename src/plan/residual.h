/* residual.h - plain and residual networks, with sums, pre- and post-activation, wide, grouped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_RESIDUAL_H
#define FG_PLAN_RESIDUAL_H

#include "plan/name.h"

/* Each makes stem and stages of a name. Post-activation: */
fg_status fg_residual_plain(fg_network *network, const fg_name *name);
fg_status fg_residual_resnet(fg_network *network, const fg_name *name);
fg_status fg_residual_resnet_imagenet(fg_network *network, const fg_name *name);
fg_status fg_residual_resnext(fg_network *network, const fg_name *name);
/* Pre-activation, bottleneck layers: */
fg_status fg_residual_preplain(fg_network *network, const fg_name *name);
fg_status fg_residual_preresnet(fg_network *network, const fg_name *name);
fg_status fg_residual_sparsenet_sum(fg_network *network, const fg_name *name);
/* Pre-activation, basic layers: */
fg_status fg_residual_preresnet_basic(fg_network *network, const fg_name *name);
fg_status fg_residual_wide(fg_network *network, const fg_name *name);

#endif
