/* yaml.c - values of a YAML text, and errors that name their line and column.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/yaml.h"

#include <ctype.h>
#include <string.h>

#include "base/piece.h"

#define MAX_DIGITS 9

/* ---- the document ---- */

/* libyaml knows line and column of what it could not parse, but of bytes that are no UTF-8 it
 * knows only where they are. */
static yaml_mark_t problem_mark(const yaml_parser_t *parser, const char *text)
{
    yaml_mark_t mark = parser->problem_mark;

    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset && text[i] != '\0'; ++i) {
            mark.column = text[i] == '\n' ? 0 : mark.column + 1;
            mark.line += text[i] == '\n';
        }
    }
    return mark;
}

static fg_status load(yaml_document_t *out, yaml_parser_t *parser, const char *text,
                      const char *path)
{
    fg_status status = FG_OK;

    if (!yaml_parser_load(parser, out)) {
        const yaml_mark_t mark = problem_mark(parser, text);
        FG_CHECK(parser->error != YAML_MEMORY_ERROR, FG_ERR_MEMORY, "no memory for %s", path);
        FG_REQUIRE(false, "%s:%zu:%zu: %s%s%s", path, mark.line + 1, mark.column + 1,
                   parser->problem != NULL ? parser->problem : "this is no YAML",
                   parser->context != NULL ? ", " : "",
                   parser->context != NULL ? parser->context : "");
    }

cleanup:
    return status;
}

fg_status fg_yaml_read(fg_yaml *out, const char *text, const char *path)
{
    fg_status status = FG_OK;
    fg_yaml *yaml = out;
    yaml_document_t second;
    yaml_parser_t parser;
    bool made = false;

    *out = (fg_yaml){.path = path};
    made = yaml_parser_initialize(&parser);
    FG_CHECK(made, FG_ERR_MEMORY, "no memory for a parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    FG_TRY(load(&out->document, &parser, text, path));
    out->loaded = true;
    FG_REQUIRE(fg_yaml_root(out) != NULL, "%s:1:1: there is nothing, expected a network", path);
    FG_REQUIRE_YAML(fg_yaml_root(out)->type == YAML_MAPPING_NODE, fg_yaml_root(out),
                    "expected keys and values, \"stages: ...\"");
    FG_TRY(load(&second, &parser, text, path));
    const bool alone = yaml_document_get_root_node(&second) == NULL;
    const size_t line = second.start_mark.line + 1;
    yaml_document_delete(&second);
    FG_REQUIRE(alone, "%s:%zu:1: a second document, expected one network", path, line);

cleanup:
    if (made)
        yaml_parser_delete(&parser);
    return status;
}

void fg_yaml_clear(fg_yaml *yaml)
{
    if (yaml->loaded)
        yaml_document_delete(&yaml->document);
    yaml->loaded = false;
}

yaml_node_t *fg_yaml_root(fg_yaml *yaml)
{
    return yaml_document_get_root_node(&yaml->document);
}

fg_status fg_yaml_at(const fg_yaml *yaml, const yaml_node_t *node, fg_status status)
{
    return fg_fail_prefix(status, "%.200s:%zu:%zu: ", yaml->path, node->start_mark.line + 1,
                          node->start_mark.column + 1);
}

/* ---- nodes ---- */

static fg_piece piece_of(const yaml_node_t *node)
{
    return (fg_piece){(const char *)node->data.scalar.value, node->data.scalar.length, true};
}

static bool is_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE;
}

/* Whether the value, quoted or not, is this text. */
static bool is(const yaml_node_t *node, const char *text)
{
    return is_scalar(node) && fg_piece_is(piece_of(node), text);
}

/* "kernel is "four"", or what else it is. */
static fg_status fail_value(const fg_yaml *yaml, const yaml_node_t *node, const char *field,
                            const char *expected)
{
    fg_status status = FG_OK;

    if (is_scalar(node))
        FG_REQUIRE_YAML(false, node, "%s is \"%.*s\", expected %s", field,
                        FG_SHOWN(piece_of(node)), expected);
    FG_REQUIRE_YAML(false, node, "%s is a %s, expected %s", field,
                    node->type == YAML_SEQUENCE_NODE ? "list" : "mapping", expected);

cleanup:
    return status;
}

/* "a, b or c". */
static fg_status join(char **out, const char *const *words)
{
    fg_text text = {0};

    fg_piece_append_words(&text, words);
    return fg_text_take(out, &text);
}

fg_status fg_yaml_check_keys(fg_yaml *yaml, const yaml_node_t *node, const char *field,
                             const char *const *known)
{
    fg_status status = FG_OK;
    char *list = NULL;

    FG_TRY(join(&list, known));
    if (node->type != YAML_MAPPING_NODE)
        FG_TRY(fail_value(yaml, node, field, "keys and values"));
    const yaml_node_pair_t *begin = node->data.mapping.pairs.start;
    for (const yaml_node_pair_t *pair = begin; pair < node->data.mapping.pairs.top; ++pair) {
        const yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
        int i = 0;
        while (known[i] != NULL && !is(key, known[i]))
            ++i;
        FG_REQUIRE_YAML(is_scalar(key), key, "a key of %s is no word, expected %s", field,
                        list);
        FG_REQUIRE_YAML(known[i] != NULL, key, "key \"%.*s\" is unknown to %s, expected %s",
                        FG_SHOWN(piece_of(key)), field, list);
        for (const yaml_node_pair_t *other = begin; other < pair; ++other)
            FG_REQUIRE_YAML(!is(yaml_document_get_node(&yaml->document, other->key), known[i]),
                            key, "key %s is there twice, expected once", known[i]);
    }

cleanup:
    fg_text_free(list);
    return status;
}

yaml_node_t *fg_yaml_value(fg_yaml *yaml, const yaml_node_t *mapping, const char *key)
{
    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; ++pair)
        if (is(yaml_document_get_node(&yaml->document, pair->key), key))
            return yaml_document_get_node(&yaml->document, pair->value);
    return NULL;
}

int fg_yaml_items(const yaml_node_t *node)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return -1;
    return (int)(node->data.sequence.items.top - node->data.sequence.items.start);
}

yaml_node_t *fg_yaml_item(fg_yaml *yaml, const yaml_node_t *sequence, int index)
{
    return yaml_document_get_node(&yaml->document, sequence->data.sequence.items.start[index]);
}

/* ---- values ---- */

fg_status fg_yaml_int(int *out, const fg_yaml *yaml, const yaml_node_t *node, const char *field)
{
    fg_status status = FG_OK;
    bool good = is_scalar(node) && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                node->data.scalar.length > 0 && node->data.scalar.length <= MAX_DIGITS;

    for (size_t i = 0; good && i < node->data.scalar.length; ++i)
        good = isdigit(node->data.scalar.value[i]) != 0;
    if (!good)
        FG_TRY(fail_value(yaml, node, field, "a whole number, 0 or more"));
    FG_TRY(fg_piece_int(out, field, piece_of(node), 0, 999999999));

cleanup:
    return status;
}

fg_status fg_yaml_fraction(double *out, const fg_yaml *yaml, const yaml_node_t *node,
                           const char *field)
{
    if (!is_scalar(node) || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return fail_value(yaml, node, field, "a decimal number 0..1");
    const fg_status status = fg_piece_decimal(out, field, piece_of(node), 0, 1, "0..1");
    return status == FG_OK ? FG_OK : fg_yaml_at(yaml, node, status);
}

fg_status fg_yaml_bool(bool *out, const fg_yaml *yaml, const yaml_node_t *node,
                       const char *field)
{
    if (!is(node, "true") && !is(node, "false"))
        return fail_value(yaml, node, field, "true or false");
    *out = is(node, "true");
    return FG_OK;
}

fg_status fg_yaml_word(int *out, const fg_yaml *yaml, const yaml_node_t *node,
                       const char *field, const char *const *words)
{
    fg_status status = FG_OK;
    char *list = NULL;
    int i = 0;

    while (words[i] != NULL && !is(node, words[i]))
        ++i;
    if (words[i] == NULL) {
        FG_TRY(join(&list, words));
        FG_TRY(fail_value(yaml, node, field, list));
    }
    *out = i;

cleanup:
    fg_text_free(list);
    return status;
}

fg_status fg_yaml_ints(int *out, int count, fg_yaml *yaml, const yaml_node_t *node,
                       const char *field)
{
    const int items = fg_yaml_items(node);
    fg_status status = FG_OK;

    FG_REQUIRE_YAML(items == -1 || items == count, node,
                    "%s has %d numbers, expected one for all or %d, one for each convolution",
                    field, items, count);
    for (int i = 0; i < count; ++i)
        FG_TRY(
            fg_yaml_int(&out[i], yaml, items < 0 ? node : fg_yaml_item(yaml, node, i), field));

cleanup:
    return status;
}
