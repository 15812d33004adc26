/* description.c - a network of one's own, from a YAML text; docs/networks.md is the format.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/description.h"

#include <ctype.h>
#include <string.h>

#include "plan/checks.h"
#include "plan/defaults.h"
#include "plan/options.h"
#include "plan/stages.h"
#include "plan/stem.h"

#define MAX_NAME 80

/* ---- name and data ---- */

static bool strip(fg_piece *piece, const char *ending)
{
    const size_t length = strlen(ending);
    const bool ends = piece->length > length &&
                      memcmp(piece->text + piece->length - length, ending, length) == 0;

    piece->length -= ends ? length : 0;
    return ends;
}

/* The file's name without folder and endings; all of them, so that it is its own name. */
static fg_piece base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    fg_piece base = fg_piece_of(slash != NULL ? slash + 1 : path);

    while (strip(&base, ".yaml") || strip(&base, ".yml"))
        ;
    return base;
}

static fg_status read_name(fg_network *network, fg_yaml *yaml)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    const yaml_node_t *node = fg_yaml_value(yaml, root, "name");
    fg_status status = FG_OK;
    fg_piece name = base_name(yaml->path);
    fg_text text = {0};
    bool good;

    if (node != NULL && node->type == YAML_SCALAR_NODE)
        name =
            (fg_piece){(const char *)node->data.scalar.value, node->data.scalar.length, true};
    good = name.length >= 1 && name.length <= MAX_NAME &&
           (node == NULL || node->type == YAML_SCALAR_NODE);
    for (size_t i = 0; good && i < name.length; ++i)
        good = isalnum((unsigned char)name.text[i]) ||
               (name.text[i] != '\0' && strchr("-_.+", name.text[i]) != NULL);
    FG_REQUIRE_YAML(good, node != NULL ? node : root,
                    "name is \"%.*s\", expected 1..%d letters, digits, - _ . or +",
                    FG_SHOWN(name), MAX_NAME);
    fg_text_append(&text, "%.*s", (int)name.length, name.text);
    FG_TRY(fg_text_take(&network->name, &text));

cleanup:
    return status;
}

static fg_status read_data(fg_network *network, fg_yaml *yaml)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    fg_status status = FG_OK;

    network->classes = 10;
    network->channels = 3;
    network->image = 32;
    FG_TRY(fg_stages_read_int(&network->classes, yaml, root, "classes"));
    FG_TRY(fg_stages_read_int(&network->channels, yaml, root, "channels"));
    FG_TRY(fg_stages_read_int(&network->image, yaml, root, "image"));
    network->classes_given = fg_yaml_value(yaml, root, "classes") != NULL;
    network->channels_given = fg_yaml_value(yaml, root, "channels") != NULL;
    network->image_given = fg_yaml_value(yaml, root, "image") != NULL;

cleanup:
    return status;
}

/* ---- head, dropout, initial values: fg_defaults_set has been there ---- */

static fg_status read_head(fg_network *network, fg_yaml *yaml)
{
    static const char *const known[] = {"form", "pool_grid", NULL};
    const yaml_node_t *root = fg_yaml_root(yaml);
    const yaml_node_t *node = fg_yaml_value(yaml, root, "head");
    fg_status status = FG_OK;
    int form = (int)network->head;

    network->pool_grid = 1;
    if (node != NULL && node->type == YAML_MAPPING_NODE) {
        FG_TRY(fg_yaml_check_keys(yaml, node, "head", known));
        FG_TRY(fg_stages_read_word(&form, yaml, node, "form", fg_head_words));
        FG_TRY(fg_stages_read_int(&network->pool_grid, yaml, node, "pool_grid"));
    } else {
        FG_TRY(fg_stages_read_word(&form, yaml, root, "head", fg_head_words));
    }
    network->head = (fg_head)form;

cleanup:
    return status;
}

static fg_status read_dropout(fg_network *network, fg_yaml *yaml)
{
    static const char *const known[] = {"rate", "kind", "place", NULL};
    const yaml_node_t *node = fg_yaml_value(yaml, fg_yaml_root(yaml), "dropout");
    fg_network_dropout *dropout = &network->dropout;
    fg_status status = FG_OK;
    int kind = (int)dropout->kind - FG_DROPOUT_ELEMENTS, place = (int)dropout->place;

    if (node == NULL)
        return status;
    if (node->type != YAML_MAPPING_NODE) {
        FG_TRY(fg_yaml_fraction(&dropout->rate, yaml, node, "dropout"));
        return status;
    }
    FG_TRY(fg_yaml_check_keys(yaml, node, "dropout", known));
    const yaml_node_t *rate = fg_yaml_value(yaml, node, "rate");
    if (rate != NULL)
        FG_TRY(fg_yaml_fraction(&dropout->rate, yaml, rate, "rate"));
    FG_TRY(fg_stages_read_word(&kind, yaml, node, "kind", fg_dropout_kind_words));
    FG_TRY(fg_stages_read_word(&place, yaml, node, "place", fg_dropout_place_words));
    dropout->kind = (fg_dropout_kind)(kind + FG_DROPOUT_ELEMENTS);
    dropout->place = (fg_dropout_place)place;

cleanup:
    return status;
}

static fg_status read_initialisers(fg_network *network, fg_yaml *yaml)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    int conv = (int)network->initialiser, linear = (int)network->linear_initialiser;
    fg_status status = FG_OK;

    FG_TRY(fg_stages_read_word(&conv, yaml, root, "initialiser", fg_initialiser_words));
    FG_TRY(fg_stages_read_word(&linear, yaml, root, "linear_initialiser",
                               fg_linear_initialiser_words));
    network->initialiser = (fg_initialiser)conv;
    network->linear_initialiser = (fg_linear_initialiser)linear;

cleanup:
    return status;
}

/* ---- where something is wrong ---- */

/* The value of one word of a dotted path. */
static const yaml_node_t *step(fg_yaml *yaml, const yaml_node_t *from, fg_piece word)
{
    char key[32] = "";

    if (word.length < sizeof key)
        memcpy(key, word.text, word.length);
    return fg_yaml_value(yaml, from, key);
}

/* The deepest node on the way from one mapping to a place in it; NULL: not even its beginning. */
static const yaml_node_t *walk(fg_yaml *yaml, const yaml_node_t *from, const fg_place *place)
{
    fg_piece rest = fg_piece_of(place->part != NULL ? place->part : "");
    const yaml_node_t *found = NULL, *next = from;

    while (next != NULL && rest.length > 0) {
        next = step(yaml, next, fg_piece_cut(&rest, '.'));
        found = next != NULL ? next : found;
    }
    if (next != NULL && place->key != NULL)
        next = fg_yaml_value(yaml, next, place->key);
    found = next != NULL && next != from ? next : found;
    if (found != NULL && place->index >= 0 && place->index < fg_yaml_items(found))
        found = fg_yaml_item(yaml, found, place->index);
    return found;
}

static const yaml_node_t *locate(fg_yaml *yaml, const fg_place *place)
{
    const yaml_node_t *root = fg_yaml_root(yaml);
    const yaml_node_t *found;

    if (place->stage < 0)
        return (found = walk(yaml, root, place)) != NULL ? found : root;
    const fg_stage_keys keys = fg_stages_keys(yaml, place->stage);
    if ((found = walk(yaml, keys.own, place)) != NULL ||
        (found = walk(yaml, keys.every, place)) != NULL)
        return found;
    return keys.own != NULL ? keys.own : fg_yaml_value(yaml, root, "stages");
}

/* ---- all of it ---- */

static fg_status read_all(fg_network *out, fg_yaml *yaml)
{
    static const char *const known[] = {"name",
                                        "classes",
                                        "channels",
                                        "image",
                                        "stem",
                                        "every",
                                        "stages",
                                        "head",
                                        "dropout",
                                        "initialiser",
                                        "linear_initialiser",
                                        NULL};
    fg_status status = FG_OK;

    FG_TRY(fg_yaml_check_keys(yaml, fg_yaml_root(yaml), "a network", known));
    FG_TRY(read_name(out, yaml));
    FG_TRY(read_data(out, yaml));
    FG_TRY(fg_stages_read(out, yaml));
    FG_TRY(fg_stem_read(out, yaml));
    fg_defaults_set(out);
    FG_TRY(read_head(out, yaml));
    FG_TRY(read_dropout(out, yaml));
    FG_TRY(read_initialisers(out, yaml));

cleanup:
    return status;
}

fg_status fg_description_read(fg_network *out, const char *text, const char *path,
                              const char *options)
{
    fg_status status = FG_OK;
    fg_yaml yaml = {0};
    fg_place place;

    FG_TRY(fg_yaml_read(&yaml, text, path));
    FG_TRY(read_all(out, &yaml));
    out->text = fg_text_copy(text);
    FG_CHECK(out->text != NULL, FG_ERR_MEMORY, "no memory for the text of %s", path);
    if (options != NULL) {
        status = fg_options_apply(out, options);
        if (status != FG_OK)
            status = fg_fail(status, "%.200s: %s (behind the file's name)", path,
                             fg_error_message());
        FG_TRY(status);
    }
    status = fg_network_check(out, &place);
    if (status == FG_ERR_ARGUMENT)
        status = fg_yaml_at(&yaml, locate(&yaml, &place), status);

cleanup:
    fg_yaml_clear(&yaml);
    return status;
}
