/* stem.h - the stem of a network that a YAML text describes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_STEM_H
#define FG_PLAN_STEM_H

#include "plan/network.h"
#include "plan/yaml.h"

/* The stages are there already: a SeqConv layer of the stem is like those of stage 1. */
fg_status fg_stem_read(fg_network *network, fg_yaml *yaml);

#endif
