/* network.c - a network from a model's name or file, and the rules that both keep.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/checks.h"
#include "plan/description.h"
#include "plan/families.h"
#include "plan/model.h"

#define MAX_FILE_BYTES (16 << 20) /* lists of a thousand layers need not one of them */

const char *const fg_form_words[] = {"pre", "post", "seq", NULL};
const char *const fg_rule_words[] = {"dense", "sparse", "window", NULL};
const char *const fg_combine_words[] = {"concat", "sum", "depthwise", NULL};
const char *const fg_entry_words[] = {"input", "project", "pad", "none", NULL};
const char *const fg_transition_words[] = {"none", "pool", "conv", "extend", NULL};
const char *const fg_head_words[] = {"norm", "bare", "conv", NULL};
const char *const fg_dropout_kind_words[] = {"elements", "channels", NULL};
const char *const fg_dropout_place_words[] = {"outputs", "all-outputs", "last-input", "views",
                                              NULL};
const char *const fg_initialiser_words[] = {"he-out-normal", "he-in-normal", "he-out-uniform",
                                            NULL};
const char *const fg_linear_initialiser_words[] = {"inputs", "outputs", NULL};

/* *out is for free(). */
static fg_status read_file(char **out, const char *path)
{
    fg_status status = FG_OK;
    FILE *file = fopen(path, "rbe");
    fg_text text = {0};
    char piece[4096];
    size_t count;

    FG_CHECK(file != NULL, FG_ERR_FILE, "%s: %s", path, strerror(errno));
    while ((count = fread(piece, 1, sizeof piece, file)) > 0) {
        FG_CHECK(memchr(piece, '\0', count) == NULL, FG_ERR_FILE, "%s: is no text", path);
        FG_CHECK(text.length <= MAX_FILE_BYTES, FG_ERR_FILE,
                 "%s: has more than %d bytes, which no description has", path, MAX_FILE_BYTES);
        fg_text_append(&text, "%.*s", (int)count, piece);
    }
    FG_CHECK(!ferror(file), FG_ERR_FILE, "%s: %s", path, strerror(errno));
    status = fg_text_take(out, &text);
    text.data = NULL; /* handed out, or freed */

cleanup:
    if (file != NULL)
        fclose(file);
    free(text.data);
    return status;
}

/* *out is for free(). */
static fg_status copy(char **out, fg_piece piece)
{
    fg_status status = FG_OK;

    FG_ALLOC(*out, piece.length + 1);
    memcpy(*out, piece.text, piece.length);

cleanup:
    return status;
}

static fg_status of_file(fg_network *out, const char *model, fg_piece base)
{
    fg_status status = FG_OK;
    char *path = NULL, *text = NULL;

    FG_TRY(copy(&path, base));
    FG_TRY(read_file(&text, path));
    FG_TRY(fg_network_of_text(out, text, model));

cleanup:
    free(path);
    fg_text_free(text);
    return status;
}

static fg_status of_name(fg_network *out, const char *model)
{
    fg_status status = FG_OK;
    fg_network network = {0};
    fg_place place;

    FG_TRY(fg_families_make(&network, model));
    FG_TRY(fg_network_check(&network, &place));
    *out = network;
    network = (fg_network){0};

cleanup:
    fg_network_clear(&network);
    return status == FG_OK ? status : fg_fail_prefix(status, "model \"%.80s\": ", model);
}

/* A name in the first line, the text behind it. */
static fg_status of_source(fg_network *out, const char *source, const char *text)
{
    fg_status status = FG_OK;
    char *name = NULL;

    FG_TRY(copy(&name, (fg_piece){source, (size_t)(text - source) - 1, true}));
    FG_TRY(fg_network_of_text(out, text, name));

cleanup:
    free(name);
    return status;
}

fg_status fg_network_of(fg_network *out, const char *model)
{
    const fg_model split = fg_model_split(model);

    if (split.text != NULL)
        return of_source(out, model, split.text);
    return fg_model_is_file(&split) ? of_file(out, model, split.base) : of_name(out, model);
}

fg_status fg_network_source(char **out, const fg_network *network)
{
    fg_text source = {0};

    fg_text_append(&source, "%s", network->name);
    if (network->text != NULL)
        fg_text_append(&source, "\n%s", network->text);
    return fg_text_take(out, &source);
}

fg_status fg_network_of_text(fg_network *out, const char *text, const char *path)
{
    fg_status status = FG_OK;
    const fg_model split = fg_model_split(path);
    fg_network network = {0};
    char *file = NULL;

    FG_TRY(copy(&file, split.base));
    FG_TRY(fg_description_read(&network, text, file,
                               split.options.there ? split.options.text : NULL));
    *out = network;
    network = (fg_network){0};

cleanup:
    free(file);
    fg_network_clear(&network);
    return status;
}

void fg_network_clear(fg_network *network)
{
    fg_text_free(network->name);
    fg_text_free(network->text);
    for (int s = 0; s < FG_MAX_STAGES; ++s) {
        free(network->stage[s].sources.list);
        free(network->stage[s].sources.first);
    }
    *network = (fg_network){0};
}

fg_status fg_network_check(const fg_network *network, fg_place *place)
{
    fg_status status = FG_OK;

    *place = fg_place_at(-1, NULL, NULL);
    FG_TRY(fg_fields_check(network, place));
    FG_TRY(fg_readers_check(network, place));
    FG_TRY(fg_extents_check(network, place));

cleanup:
    if (status == FG_ERR_ARGUMENT && place->part != NULL)
        fg_fail_prefix(status, "%s: ", place->part);
    if (status == FG_ERR_ARGUMENT && place->stage >= 0)
        fg_fail_prefix(status, "stage %d: ", place->stage + 1);
    return status;
}
