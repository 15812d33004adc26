/* model.c - the text of a model: a name or a file, options behind it, and perhaps a file's text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/model.h"

#include <stdlib.h>
#include <string.h>

#include "plan/network.h"

fg_model fg_model_split(const char *model)
{
    fg_piece rest = fg_piece_of(model);
    fg_piece first = fg_piece_cut(&rest, '\n');
    const char *slash = memrchr(first.text, '/', first.length);
    const size_t folder = slash != NULL ? (size_t)(slash - first.text) : 0;
    fg_model out = {.options = {first.text + folder, first.length - folder, true},
                    .text = rest.there ? rest.text : NULL};

    out.base = fg_piece_cut(&out.options, ':');
    out.base.text -= folder;
    out.base.length += folder;
    return out;
}

static bool ends(fg_piece piece, const char *ending)
{
    const size_t length = strlen(ending);

    return piece.length > length &&
           memcmp(piece.text + piece.length - length, ending, length) == 0;
}

bool fg_model_is_file(const fg_model *model)
{
    return memchr(model->base.text, '/', model->base.length) != NULL ||
           ends(model->base, ".yaml") || ends(model->base, ".yml");
}

/* ---- public ---- */

fg_status fg_model_append(char **out, const char *model, const char *options)
{
    const fg_model split = fg_model_split(model);
    fg_text text = {0};

    fg_text_append(&text, "%.*s:", (int)split.base.length, split.base.text);
    if (split.options.there)
        fg_text_append(&text, "%.*s,", (int)split.options.length, split.options.text);
    fg_text_append(&text, "%s", options);
    if (split.text != NULL)
        fg_text_append(&text, "\n%s", split.text);
    return fg_text_take(out, &text);
}

fg_status fg_model_complete(char **out, const char *model, int classes, int channels, int side)
{
    fg_status status = FG_OK;
    fg_network network = {0};
    fg_text text = {0};
    char *options = NULL;

    *out = NULL;
    FG_TRY(fg_network_of(&network, model));
    if (classes > 0 && !network.classes_given)
        fg_text_append(&text, ",classes=%d", classes);
    if (channels > 0 && !network.channels_given)
        fg_text_append(&text, ",channels=%d", channels);
    if (side > 0 && !network.image_given)
        fg_text_append(&text, ",image=%d", side);
    FG_TRY(fg_text_take(&options, &text));
    if (options[0] != '\0') {
        FG_TRY(fg_model_append(out, model, options + 1));
    } else {
        fg_text_append(&text, "%s", model);
        FG_TRY(fg_text_take(out, &text));
    }

cleanup:
    fg_text_free(options);
    fg_network_clear(&network);
    return status;
}
