/* options.c - the options behind a model's name: "base=3,classes=100".
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_INT, KIND_DECIMAL, KIND_LIST, KIND_WORD };

static const char *const stride_words[] = {"1x1", "3x3", NULL}; /* that convolution strides */

static const struct option {
    const char *name;
    enum kind kind;
    size_t offset; /* in fg_name */
    double low, high;
    const char *allowed;      /* of decimals, in words */
    const char *const *words; /* an int is the number of one, from 0 */
} options[FG_OPTIONS] = {
    [FG_OPTION_N] = {"n", KIND_LIST, offsetof(fg_name, layers), 1, FG_MAX_LAYERS, NULL},
    [FG_OPTION_M] = {"m", KIND_DECIMAL, offsetof(fg_name, m), 0.03125, 64, "0.03125..64"},
    [FG_OPTION_R] = {"r", KIND_INT, offsetof(fg_name, r), 1, 128, NULL},
    [FG_OPTION_STRIDE] = {"stride", KIND_WORD, offsetof(fg_name, stride), 0, 0, NULL,
                          stride_words},
    [FG_OPTION_BASE] = {"base", KIND_INT, offsetof(fg_name, base), 2, FG_MAX_LAYERS, NULL},
    [FG_OPTION_WINDOW] = {"window", KIND_INT, offsetof(fg_name, window), 0, 1, NULL},
    [FG_OPTION_COMPRESSION] = {"compression", KIND_DECIMAL, offsetof(fg_name, compression),
                               1e-15, 1, "above 0 and at most 1"},
    [FG_OPTION_INIT] = {"init", KIND_INT, offsetof(fg_name, init), 1, FG_MAX_WIDTH, NULL},
    [FG_OPTION_DROPOUT] = {"dropout", KIND_DECIMAL, offsetof(fg_name, dropout), 0, 1 - 1e-15,
                           "0 or more and less than 1"},
    [FG_OPTION_INITIALISER] = {"initialiser", KIND_WORD, offsetof(fg_name, initialiser), 0, 0,
                               NULL, fg_initialiser_words},
    [FG_OPTION_LINEAR_INITIALISER] = {"linear_initialiser", KIND_WORD,
                                      offsetof(fg_name, linear_initialiser), 0, 0, NULL,
                                      fg_linear_initialiser_words},
    [FG_OPTION_POOL_GRID] = {"pool_grid", KIND_INT, offsetof(fg_name, pool_grid), 1,
                             FG_MAX_IMAGE, NULL},
    [FG_OPTION_CLASSES] = {"classes", KIND_INT, offsetof(fg_name, classes), 1, FG_MAX_CLASSES,
                           NULL},
    [FG_OPTION_CHANNELS] = {"channels", KIND_INT, offsetof(fg_name, channels), 1,
                            FG_MAX_IMAGE_CHANNELS, NULL},
    [FG_OPTION_IMAGE] = {"image", KIND_INT, offsetof(fg_name, image), 1, FG_MAX_IMAGE, NULL},
};

/* ---- lists ---- */

fg_status fg_options_parse_list(int *out, const char *field, fg_piece piece, int count, int low,
                                int high, bool rising)
{
    fg_status status = FG_OK;
    const fg_piece whole = piece;
    int given = 1;

    for (size_t i = 0; i < piece.length; ++i)
        given += piece.text[i] == '+';
    FG_REQUIRE(given == 1 || given == count,
               "%s is \"%.*s\", expected one number or %d joined by +", field, FG_SHOWN(whole),
               count);
    for (int i = 0; i < given; ++i)
        FG_TRY(fg_piece_int(&out[i], field, fg_piece_cut(&piece, '+'), low, high));
    for (int i = given; i < count; ++i)
        out[i] = out[0] * (rising ? i + 1 : 1);

cleanup:
    return status;
}

void fg_options_append_list(fg_text *text, const int *list, int count, bool rising)
{
    bool one = true;

    for (int i = 0; i < count; ++i)
        one = one && list[i] == list[0] * (rising ? i + 1 : 1);
    for (int i = 0; i < (one ? 1 : count); ++i)
        fg_text_append(text, "%s%d", i > 0 ? "+" : "", list[i]);
}

/* ---- defaults ---- */

/* Side of the map that the last layers of an ImageNet DenseNet give, at most 3: the published
 * counts of SparseNets need a grid of 3 x 3. */
static int sparsenet_grid(int image)
{
    int side = image;

    for (int i = 0; i < 2; ++i) /* stem and max pool */
        side = (side - 1) / 2 + 1;
    side /= 8; /* three transitions */
    return side < 1 ? 1 : side < 3 ? side : 3;
}

static int default_grid(const fg_name *name)
{
    const unsigned grows = 1u << FG_OPTION_BASE | 1u << FG_OPTION_INIT;
    const bool sparsenet = (name->family->options & grows) == grows;

    return sparsenet && name->family->imagenet ? sparsenet_grid(name->image) : 1;
}

void fg_options_set_defaults(fg_name *name)
{
    fg_name_set_layers(name);
    name->m = 1;
    name->stride = 1;
    name->base = 2;
    name->window = 1;
    name->compression = 1;
    name->dropout = 0;
    name->initialiser = (int)name->family->initialiser;
    name->linear_initialiser = (int)name->family->linear_initialiser;
    name->classes = name->family->imagenet ? 1000 : 10;
    name->channels = 3;
    name->image = name->family->imagenet ? 224 : 32;
    if (name->family->set_defaults != NULL)
        name->family->set_defaults(name);
    name->pool_grid = default_grid(name);
}

/* ---- reading ---- */

/* "base, compression, ... or image" of a family. For fg_text_free. */
static fg_status list_options(char **out, const fg_family *family)
{
    fg_text text = {0};

    for (int i = 0; i < FG_OPTIONS; ++i)
        if (family->options & 1u << i)
            fg_text_append(&text, "%s%s",
                           text.length == 0       ? ""
                           : i == FG_OPTION_IMAGE ? " or "
                                                  : ", ",
                           options[i].name);
    return fg_text_take(out, &text);
}

static fg_status parse_option(fg_name *name, fg_piece item)
{
    fg_status status = FG_OK;
    const fg_family *family = name->family;
    const fg_piece key = fg_piece_cut(&item, '=');
    char *known = NULL;
    int i = 0;

    while (i < FG_OPTIONS &&
           !((family->options & 1u << i) && fg_piece_is(key, options[i].name)))
        ++i;
    if (i == FG_OPTIONS) {
        FG_TRY(list_options(&known, family));
        FG_REQUIRE(false, "option \"%.*s\" is unknown to %s, expected %s", FG_SHOWN(key),
                   family->prefix, known);
    }
    FG_REQUIRE(!(name->given & 1u << i), "option %s is given twice", options[i].name);
    name->given |= 1u << i;

    const struct option *option = &options[i];
    void *place = (char *)name + option->offset;
    switch (option->kind) {
    case KIND_INT:
        FG_TRY(fg_piece_int(place, option->name, item, (int)option->low, (int)option->high));
        break;
    case KIND_DECIMAL:
        FG_TRY(fg_piece_decimal(place, option->name, item, option->low, option->high,
                                option->allowed));
        break;
    case KIND_LIST:
        FG_TRY(fg_options_parse_list(place, option->name, item, family->stages,
                                     (int)option->low, (int)option->high, family->rising));
        break;
    case KIND_WORD:
        FG_TRY(fg_piece_word(place, option->name, item, option->words));
        break;
    }

cleanup:
    fg_text_free(known);
    return status;
}

fg_status fg_options_parse(fg_name *name, fg_piece rest)
{
    fg_status status = FG_OK;

    while (rest.there)
        FG_TRY(parse_option(name, fg_piece_cut(&rest, ',')));
    if (!(name->given & 1u << FG_OPTION_POOL_GRID))
        name->pool_grid = default_grid(name);

cleanup:
    return status;
}

/* ---- writing ---- */

static bool differs(const fg_name *name, const fg_name *plain, int i)
{
    const char *value = (const char *)name + options[i].offset;
    const char *expected = (const char *)plain + options[i].offset;

    switch (options[i].kind) {
    case KIND_LIST:
        return !fg_name_depth_fits(name) ||
               memcmp(value, expected, (size_t)name->family->stages * sizeof(int)) != 0;
    case KIND_DECIMAL:
        return *(const double *)value != *(const double *)expected;
    default:
        return *(const int *)value != *(const int *)expected;
    }
}

static void append_value(fg_text *text, const fg_name *name, int i)
{
    const void *value = (const char *)name + options[i].offset;

    if (options[i].kind == KIND_LIST)
        fg_options_append_list(text, value, name->family->stages, name->family->rising);
    else if (options[i].kind == KIND_DECIMAL)
        fg_piece_append_decimal(text, *(const double *)value);
    else if (options[i].kind == KIND_WORD)
        fg_text_append(text, "%s", options[i].words[*(const int *)value]);
    else
        fg_text_append(text, "%d", *(const int *)value);
}

/* Appends what differs from plain. */
static void append(fg_text *text, const fg_name *name, const fg_name *plain)
{
    char separator = ':';

    for (int i = 0; i < FG_OPTIONS; ++i)
        if ((name->family->options & 1u << i) && differs(name, plain, i)) {
            fg_text_append(text, "%c%s=", separator, options[i].name);
            append_value(text, name, i);
            separator = ',';
        }
}

void fg_options_append(fg_text *text, const fg_name *name)
{
    fg_name plain = *name;

    fg_options_set_defaults(&plain);
    plain.pool_grid = default_grid(name); /* that of this image */
    append(text, name, &plain);
}

/* ---- behind a file ---- */

fg_status fg_options_apply(fg_network *network, const char *text)
{
    static const fg_family file = {
        .prefix = "a file",
        .options = 1u << FG_OPTION_DROPOUT | 1u << FG_OPTION_INITIALISER |
                   1u << FG_OPTION_LINEAR_INITIALISER | 1u << FG_OPTION_CLASSES |
                   1u << FG_OPTION_CHANNELS | 1u << FG_OPTION_IMAGE};
    fg_status status = FG_OK;
    const fg_name plain = {.family = &file,
                           .dropout = network->dropout.rate,
                           .initialiser = (int)network->initialiser,
                           .linear_initialiser = (int)network->linear_initialiser,
                           .classes = network->classes,
                           .channels = network->channels,
                           .image = network->image};
    fg_name name = plain;
    fg_text printed = {0};
    char *full = NULL;

    FG_TRY(fg_options_parse(&name, fg_piece_of(text)));
    fg_text_append(&printed, "%s", network->name);
    append(&printed, &name, &plain);
    FG_TRY(fg_text_take(&full, &printed));
    free(network->name);
    network->name = full;
    network->dropout.rate = name.dropout;
    network->initialiser = (fg_initialiser)name.initialiser;
    network->linear_initialiser = (fg_linear_initialiser)name.linear_initialiser;
    network->classes = name.classes;
    network->channels = name.channels;
    network->image = name.image;
    network->classes_given |= (name.given & 1u << FG_OPTION_CLASSES) != 0;
    network->channels_given |= (name.given & 1u << FG_OPTION_CHANNELS) != 0;
    network->image_given |= (name.given & 1u << FG_OPTION_IMAGE) != 0;

cleanup:
    return status;
}
