/* name.c - takes a model's name apart: family, numbers, and options from options.c.
 *
 * Checks each number by itself. Whether the numbers together make a network is found by
 * fg_network_check.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/name.h"

#include <string.h>

#include "base/piece.h"
#include "plan/options.h"

/* ---- family ---- */

/* Whether text begins with a prefix that a number, or nothing, follows. */
static bool begins(const char *text, const fg_family *family)
{
    const size_t length = strlen(family->prefix);
    const char end = strncmp(text, family->prefix, length) == 0 ? text[length] : '?';

    return end == '\0' || end == ':' || (end == '-' && family->number[0].field != NULL);
}

/* The one with the longest prefix; the first of several. */
static fg_status find_family(const fg_family **out, const char *text, const fg_family *families)
{
    fg_status status = FG_OK;
    fg_piece rest = fg_piece_of(text);
    fg_piece base = fg_piece_cut(&rest, ':');
    const fg_family *found = NULL;
    fg_text known = {0};
    char *list = NULL;

    for (const fg_family *family = families; family->prefix != NULL; ++family)
        if (begins(text, family) &&
            (found == NULL || strlen(family->prefix) > strlen(found->prefix)))
            found = family;
    if (found == NULL) {
        const fg_piece unknown = fg_piece_cut(&base, '-');
        for (const fg_family *family = families; family->prefix != NULL; ++family)
            if (family == families || strcmp(family->prefix, family[-1].prefix) != 0)
                fg_text_append(&known, "%s%s", known.length > 0 ? ", " : "", family->prefix);
        FG_TRY(fg_text_take(&list, &known));
        FG_REQUIRE(false, "family \"%.*s\" is unknown, expected one of %s", FG_SHOWN(unknown),
                   list);
    }
    *out = found;

cleanup:
    fg_text_free(list);
    return status;
}

/* ---- depth ---- */

static const struct fg_depth *depth_of(const fg_family *family, int depth)
{
    const struct fg_depth *entry = family->depths;

    while (entry != NULL && entry->depth != 0 && entry->depth != depth)
        ++entry;
    return entry != NULL && entry->depth != 0 ? entry : NULL;
}

bool fg_name_depth_fits(const fg_name *name)
{
    const fg_family *family = name->family;

    return family->divisor == 0 || (name->number[0] - family->minus) % family->divisor == 0;
}

void fg_name_set_layers(fg_name *name)
{
    const fg_family *family = name->family;
    const struct fg_depth *entry = depth_of(family, name->number[0]);
    int layers = 0;

    if (family->divisor > 0)
        layers = (name->number[0] - family->minus) / family->divisor / (family->halved ? 2 : 1);
    for (int s = 0; s < family->stages; ++s) {
        if (entry != NULL)
            name->layers[s] = entry->layers[s];
        else
            name->layers[s] =
                family->divisor > 0 ? layers * (family->rising ? s + 1 : 1) : name->list[s];
    }
}

/* The entry of this prefix whose list of depths has the depth, else the one with a rule. */
static const fg_family *form_of(const fg_family *family, int depth)
{
    const fg_family *first = family;

    while (family->depths != NULL && depth_of(family, depth) == NULL &&
           family[1].prefix != NULL && strcmp(family[1].prefix, first->prefix) == 0)
        ++family;
    return family;
}

static fg_status check_depth(const fg_name *name)
{
    const fg_family *family = name->family;
    const struct fg_family_number *depth = &family->number[0];
    fg_status status = FG_OK;

    if (!(name->given & 1u << FG_OPTION_N))
        FG_REQUIRE(fg_name_depth_fits(name),
                   "depth is %d, expected %d..%d with (depth - %d) / %d a whole number",
                   name->number[0], depth->low, depth->high, family->minus, family->divisor);

cleanup:
    return status;
}

/* ---- numbers ---- */

/* Cuts the piece of number i off, which ends where what stands in front of the next begins. */
static fg_status parse_number(fg_name *name, fg_piece *rest, int i)
{
    const fg_family *family = name->family;
    const struct fg_family_number *number = &family->number[i];
    const struct fg_family_number *next = i + 1 < FG_FAMILY_NUMBERS ? number + 1 : NULL;
    const size_t before = strlen(number->before) - 1; /* the separator is cut off */
    const size_t tail = family->tail != NULL ? strlen(family->tail) : 0;
    fg_status status = FG_OK;
    fg_piece piece = *rest;

    if (next != NULL && next->field != NULL) {
        piece = fg_piece_cut(rest, next->before[0]);
    } else if (tail > 0) {
        FG_REQUIRE(piece.length > tail &&
                       memcmp(piece.text + piece.length - tail, family->tail, tail) == 0,
                   "%s is \"%.*s\", expected a number and %s behind it", number->field,
                   FG_SHOWN(piece), family->tail);
        piece.length -= tail;
    }
    FG_REQUIRE(piece.length >= before && memcmp(piece.text, number->before + 1, before) == 0,
               "%s is \"%.*s\", expected %s and a number %d..%d", number->field,
               FG_SHOWN(piece), number->before + 1, number->low, number->high);
    piece.text += before;
    piece.length -= before;
    if (number->list)
        FG_TRY(fg_options_parse_list(name->list, number->field, piece, family->stages,
                                     number->low, number->high, false));
    else
        FG_TRY(fg_piece_int(&name->number[i], number->field, piece, number->low, number->high));
    if (i == 0)
        name->family = form_of(family, name->number[0]);

cleanup:
    return status;
}

fg_status fg_name_parse(fg_name *out, const char *text, const fg_family *families)
{
    fg_status status = FG_OK;
    fg_piece rest = fg_piece_of(text);
    fg_piece base = fg_piece_cut(&rest, ':');
    fg_name name = {0};

    FG_TRY(find_family(&name.family, text, families));
    base.text += strlen(name.family->prefix);
    base.length -= strlen(name.family->prefix);
    if (base.length > 0) { /* the separator in front of the first number */
        ++base.text;
        --base.length;
    }
    for (int i = 0; i < FG_FAMILY_NUMBERS && name.family->number[i].field != NULL; ++i)
        FG_TRY(parse_number(&name, &base, i));
    fg_options_set_defaults(&name);
    FG_TRY(fg_options_parse(&name, rest));
    FG_TRY(check_depth(&name));
    *out = name;

cleanup:
    return status;
}

fg_status fg_name_print(char **out, const fg_name *name)
{
    const fg_family *family = name->family;
    fg_text text = {0};

    fg_text_append(&text, "%s", family->prefix);
    for (int i = 0; i < FG_FAMILY_NUMBERS && family->number[i].field != NULL; ++i) {
        fg_text_append(&text, "%s", family->number[i].before);
        if (family->number[i].list)
            fg_options_append_list(&text, name->list, family->stages, false);
        else
            fg_text_append(&text, "%d", name->number[i]);
    }
    fg_text_append(&text, "%s", family->tail != NULL ? family->tail : "");
    fg_options_append(&text, name);
    return fg_text_take(out, &text);
}
