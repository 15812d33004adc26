/* stages.h - the stages of a network that a YAML text describes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_STAGES_H
#define FG_PLAN_STAGES_H

#include "plan/network.h"
#include "plan/yaml.h"

/* Where the keys of one stage are looked up: in its own entry, then in `every`. */
typedef struct fg_stage_keys {
    const yaml_node_t *own;   /* NULL: it has no entry of its own */
    const yaml_node_t *every; /* NULL: there is none */
} fg_stage_keys;

/* Keys of stage s, from 0. */
fg_stage_keys fg_stages_keys(fg_yaml *yaml, int s);

/* The value of a key, NULL where neither has it. */
yaml_node_t *fg_stages_find(fg_yaml *yaml, fg_stage_keys keys, const char *key);

/* All stages with their transitions. What they own goes with the network. */
fg_status fg_stages_read(fg_network *network, fg_yaml *yaml);

/* A SeqConv layer, where node is not NULL: into what *out holds already. keys: those that are
 * allowed, which NULL ends. */
fg_status fg_stages_read_seq(fg_seq *out, fg_yaml *yaml, const yaml_node_t *node,
                             const char *const *keys);

/* An int or a word where the mapping has the key; else *out stays. */
fg_status fg_stages_read_int(int *out, fg_yaml *yaml, const yaml_node_t *mapping,
                             const char *key);
fg_status fg_stages_read_word(int *out, fg_yaml *yaml, const yaml_node_t *mapping,
                              const char *key, const char *const *words);

#endif
