/* transitions.h - what lies between the stages of a network that a YAML text describes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_TRANSITIONS_H
#define FG_PLAN_TRANSITIONS_H

#include "plan/network.h"
#include "plan/yaml.h"

/* Into stages that are there otherwise. Behind the last one that of `every` has nowhere to lead;
 * its own is for fg_network_check to refuse. */
fg_status fg_transitions_read(fg_network *network, fg_yaml *yaml);

#endif
