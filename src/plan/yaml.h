/* yaml.h - values of a YAML text, and errors that name their line and column.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_YAML_H
#define FG_PLAN_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "base/status.h"

typedef struct fg_yaml {
    yaml_document_t document;
    const char *path; /* borrowed, for messages */
    bool loaded;
} fg_yaml;

/* One document whose root is a mapping. *out may be cleared whatever comes of it. */
fg_status fg_yaml_read(fg_yaml *out, const char *text, const char *path);
void fg_yaml_clear(fg_yaml *yaml);
yaml_node_t *fg_yaml_root(fg_yaml *yaml);

/* Puts "PATH:LINE:COLUMN: " of node in front of the message. */
fg_status fg_yaml_at(const fg_yaml *yaml, const yaml_node_t *node, fg_status status);

/* FG_REQUIRE with the place of node; needs a local `yaml`. */
#define FG_REQUIRE_YAML(cond, node, ...)                                              \
    do {                                                                              \
        if (!(cond)) {                                                                \
            status = fg_yaml_at(yaml, (node), fg_fail(FG_ERR_ARGUMENT, __VA_ARGS__)); \
            goto cleanup;                                                             \
        }                                                                             \
    } while (0)

/* node is a mapping, each key is one of known, which NULL ends, and none is there twice. field:
 * of the node, for messages. */
fg_status fg_yaml_check_keys(fg_yaml *yaml, const yaml_node_t *node, const char *field,
                             const char *const *known);

/* The value of a key, NULL where it is not there or mapping is no mapping. */
yaml_node_t *fg_yaml_value(fg_yaml *yaml, const yaml_node_t *mapping, const char *key);

/* Items of a sequence. Of any other node there are -1. */
int fg_yaml_items(const yaml_node_t *node);
yaml_node_t *fg_yaml_item(fg_yaml *yaml, const yaml_node_t *sequence, int index);

/* Values of one node; field: its name, for messages. */
fg_status fg_yaml_int(int *out, const fg_yaml *yaml, const yaml_node_t *node,
                      const char *field);
fg_status fg_yaml_fraction(double *out, const fg_yaml *yaml, const yaml_node_t *node,
                           const char *field);
fg_status fg_yaml_bool(bool *out, const fg_yaml *yaml, const yaml_node_t *node,
                       const char *field);
/* The index of the word; NULL ends words. */
fg_status fg_yaml_word(int *out, const fg_yaml *yaml, const yaml_node_t *node,
                       const char *field, const char *const *words);
/* One number for all, or a list of `count`. */
fg_status fg_yaml_ints(int *out, int count, fg_yaml *yaml, const yaml_node_t *node,
                       const char *field);

#endif
