/* headers_c99.c - the public headers are C99.
 *
 * SPDX-License-Identifier: MIT
 */
#include "filigree_opencl.h"

#include "filigree.h"

int main(void)
{
    const fg_device_config device = FG_DEVICE_CONFIG_INIT;
    const fg_plan_config plan = FG_PLAN_CONFIG_INIT;
    const fg_net_config net = FG_NET_CONFIG_INIT;
    const fg_train_config train = FG_TRAIN_CONFIG_INIT;
    const fg_probe_config probe = FG_PROBE_CONFIG_INIT;

    return device.struct_size + plan.struct_size + net.struct_size + train.struct_size +
               probe.struct_size ==
           0;
}
