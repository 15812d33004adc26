/* model.c - takes a model's name apart and puts it together again.
 *
 * Checks each number by itself. Whether the numbers together make a network (a map that can
 * still be halved, a grid that fits the last map) is found by build.c, which computes the
 * widths and sides.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/model.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define STAGES 3 /* of the form for CIFAR */
#define MAX_DEPTH 10000
#define MAX_GROWTH 4096
#define MAX_STEM 65536
#define MAX_CLASSES 1000000
#define MAX_IMAGE_CHANNELS 16
#define MAX_IMAGE 4096
#define MAX_DIGITS 15 /* a decimal number of so many digits, and 10^15, are exact doubles */

/* A part of the name, not terminated. */
struct piece {
    const char *text;
    size_t length;
    bool there; /* false: no separator led to it, which an empty piece behind one is not */
};

/* Arguments of "%.*s"; an endless piece would leave no room in the message. */
#define SHOWN(piece) (piece).length < 60 ? (int)(piece).length : 60, (piece).text

/* Cuts what lies in front of the next separator off rest; without one, all of it. */
static struct piece cut(struct piece *rest, char separator)
{
    const char *end = memchr(rest->text, separator, rest->length);
    struct piece head = *rest;

    if (end != NULL)
        head.length = (size_t)(end - rest->text);
    rest->there = end != NULL;
    rest->text += head.length + rest->there;
    rest->length -= head.length + rest->there;
    return head;
}

static bool is(struct piece piece, const char *text)
{
    return piece.length == strlen(text) && memcmp(piece.text, text, piece.length) == 0;
}

/* Digits alone: no sign, no blank, nothing behind them. */
static fg_status parse_int(int *out, const char *field, struct piece piece, int low, int high)
{
    fg_status status = FG_OK;
    bool good = piece.length > 0;
    int value = 0;

    for (size_t i = 0; good && i < piece.length; ++i) {
        good = isdigit((unsigned char)piece.text[i]) && value <= high;
        if (good)
            value = value * 10 + (piece.text[i] - '0');
    }
    FG_REQUIRE(good && value >= low && value <= high, "%s is \"%.*s\", expected %d..%d", field,
               SHOWN(piece), low, high);
    *out = value;

cleanup:
    return status;
}

/* A decimal number in 0 < value <= 1. Digits over a power of ten, both exact: one division
 * rounds to the nearest double, as strtod does, and no locale decides what a decimal point is.
 */
static fg_status parse_fraction(double *out, const char *field, struct piece piece)
{
    fg_status status = FG_OK;
    double digits = 0, scale = 1;
    size_t points = 0;
    bool good = piece.length > 0 && piece.length <= MAX_DIGITS + 1;

    for (size_t i = 0; good && i < piece.length; ++i) {
        const char c = piece.text[i];
        if (c == '.') {
            ++points;
        } else {
            good = isdigit((unsigned char)c);
            digits = digits * 10 + (c - '0');
            scale *= points > 0 ? 10 : 1;
        }
    }
    good = good && points <= 1 && piece.length - points >= 1 &&
           piece.length - points <= MAX_DIGITS;
    FG_REQUIRE(good && digits > 0 && digits <= scale,
               "%s is \"%.*s\", expected a decimal number above 0 and at most 1", field,
               SHOWN(piece));
    *out = digits / scale;

cleanup:
    return status;
}

/* The family and "-bc"; rest is left with what lies behind them. */
static fg_status parse_family(fg_model *model, struct piece *rest)
{
    fg_status status = FG_OK;
    const struct piece family = cut(rest, '-');
    struct piece after = *rest;

    if (is(family, "densenet"))
        model->family = FG_FAMILY_DENSENET;
    else if (is(family, "sparsenet"))
        model->family = FG_FAMILY_SPARSENET;
    else
        FG_REQUIRE(false, "family \"%.*s\" is unknown, expected densenet or sparsenet",
                   SHOWN(family));
    if (is(cut(&after, '-'), "bc")) {
        model->bottleneck = true;
        *rest = after;
    }

cleanup:
    return status;
}

static fg_status parse_depth(fg_model *model, struct piece piece)
{
    static const int imagenet[] = {121, 161, 169, 201, 264};
    fg_status status = FG_OK;
    const int low = model->bottleneck ? 10 : 7;
    int layers;

    FG_TRY(parse_int(&model->depth, "depth", piece, low, MAX_DEPTH));
    for (size_t i = 0; !model->bottleneck && i < sizeof imagenet / sizeof imagenet[0]; ++i)
        FG_REQUIRE(model->depth != imagenet[i],
                   "depth %d is the ImageNet form, which this version does not have",
                   model->depth);
    FG_REQUIRE((model->depth - 4) % STAGES == 0,
               "depth is %d, expected %d..%d with (depth - 4) / 3 a whole number", model->depth,
               low, MAX_DEPTH);
    layers = (model->depth - 4) / STAGES;
    model->stages = STAGES;
    for (int stage = 0; stage < STAGES; ++stage)
        model->layers[stage] = model->bottleneck ? layers / 2 : layers;

cleanup:
    return status;
}

/* One number for all stages, or "16+32+64". */
static fg_status parse_growth(fg_model *model, struct piece piece)
{
    fg_status status = FG_OK;
    const struct piece whole = piece;
    int count = 1;

    for (size_t i = 0; i < piece.length; ++i)
        count += piece.text[i] == '+';
    FG_REQUIRE(count == 1 || count == STAGES,
               "growth is \"%.*s\", expected one number or %d joined by +", SHOWN(whole),
               STAGES);
    for (int stage = 0; stage < count; ++stage)
        FG_TRY(parse_int(&model->growth[stage], "growth", cut(&piece, '+'), 1, MAX_GROWTH));
    for (int stage = count; stage < STAGES; ++stage)
        model->growth[stage] = model->growth[0];

cleanup:
    return status;
}

/* What an option has if it is not given. Depth and growth are known. */
static void set_defaults(fg_model *model)
{
    const int *growth = model->growth;
    /* The published figures of this one network need a stem of 64. */
    const bool wide = model->bottleneck && model->depth == 100 && growth[0] == 16 &&
                      growth[1] == 32 && growth[2] == 64;

    model->base = 2;
    model->compression = model->bottleneck ? 0.5 : 1.0;
    model->stem = wide ? 64 : 2 * growth[0];
    model->pool_grid = 1;
    model->classes = 10;
    model->channels = 3;
    model->image = 32;
}

/* Options with a whole number, in the order of a canonical name. */
static const struct option {
    const char *name;
    int low, high;
    size_t offset; /* of an int of fg_model */
} options[] = {
    {"base", 2, MAX_DEPTH, offsetof(fg_model, base)},
    {"init", 1, MAX_STEM, offsetof(fg_model, stem)},
    {"pool_grid", 1, MAX_IMAGE, offsetof(fg_model, pool_grid)},
    {"classes", 1, MAX_CLASSES, offsetof(fg_model, classes)},
    {"channels", 1, MAX_IMAGE_CHANNELS, offsetof(fg_model, channels)},
    {"image", 1, MAX_IMAGE, offsetof(fg_model, image)},
};

#define OPTIONS ((int)(sizeof options / sizeof options[0]))

/* given: one flag per option, and the last for compression. */
static fg_status parse_option(fg_model *model, struct piece item, bool given[OPTIONS + 1])
{
    fg_status status = FG_OK;
    struct piece value = item;
    const struct piece name = cut(&value, '=');
    int i = 0;

    while (i < OPTIONS && !is(name, options[i].name))
        ++i;
    FG_REQUIRE(!is(name, "dropout"), "option dropout is not in this version");
    FG_REQUIRE(
        i < OPTIONS || is(name, "compression"),
        "option \"%.*s\" is unknown, expected base, compression, init, pool_grid, classes, "
        "channels or image",
        SHOWN(name));
    FG_REQUIRE(model->family == FG_FAMILY_SPARSENET || !is(name, "base"),
               "option base is for sparsenet alone");
    FG_REQUIRE(!given[i], "option %.*s is given twice", SHOWN(name));
    given[i] = true;
    if (i == OPTIONS)
        FG_TRY(parse_fraction(&model->compression, "compression", value));
    else
        FG_TRY(parse_int((int *)((char *)model + options[i].offset), options[i].name, value,
                         options[i].low, options[i].high));

cleanup:
    return status;
}

static fg_status parse_options(fg_model *model, struct piece rest)
{
    fg_status status = FG_OK;
    bool given[OPTIONS + 1] = {false};

    while (rest.there)
        FG_TRY(parse_option(model, cut(&rest, ','), given));
    for (int i = 0; i < OPTIONS; ++i) {
        model->classes_given |= given[i] && options[i].offset == offsetof(fg_model, classes);
        model->channels_given |= given[i] && options[i].offset == offsetof(fg_model, channels);
        model->image_given |= given[i] && options[i].offset == offsetof(fg_model, image);
    }

cleanup:
    return status;
}

fg_status fg_model_parse(fg_model *out, const char *name)
{
    fg_status status = FG_OK;
    struct piece rest = {name, strlen(name), true};
    struct piece base = cut(&rest, ':');
    fg_model model = {0};

    FG_TRY(parse_family(&model, &base));
    FG_TRY(parse_depth(&model, cut(&base, '-')));
    FG_TRY(parse_growth(&model, base));
    set_defaults(&model);
    FG_TRY(parse_options(&model, rest));
    *out = model;

cleanup:
    return status == FG_OK ? status : fg_fail_prefix(status, "model \"%.80s\": ", name);
}

/* The shortest decimal that parse_fraction reads back as the same double. */
static void append_fraction(fg_text *text, double value)
{
    double scale = 1;
    int digits = 0;

    while (digits < MAX_DIGITS && round(value * scale) / scale != value) {
        scale *= 10;
        ++digits;
    }
    if (digits == 0)
        fg_text_append(text, "%.0f", value);
    else
        fg_text_append(text, "0.%0*lld", digits, (long long)round(value * scale));
}

fg_status fg_model_name(char **out, const fg_model *model)
{
    fg_text text = {0};
    fg_model plain = *model;
    const int *growth = model->growth;
    char separator = ':';

    fg_text_append(&text, "%s%s-%d-%d",
                   model->family == FG_FAMILY_SPARSENET ? "sparsenet" : "densenet",
                   model->bottleneck ? "-bc" : "", model->depth, growth[0]);
    if (growth[1] != growth[0] || growth[2] != growth[0])
        fg_text_append(&text, "+%d+%d", growth[1], growth[2]);
    set_defaults(&plain);
    for (int i = 0; i < OPTIONS; ++i) {
        const int value = *(const int *)((const char *)model + options[i].offset);
        if (value != *(const int *)((const char *)&plain + options[i].offset)) {
            fg_text_append(&text, "%c%s=%d", separator, options[i].name, value);
            separator = ',';
        }
        if (i == 0 && model->compression != plain.compression) {
            fg_text_append(&text, "%ccompression=", separator);
            append_fraction(&text, model->compression);
            separator = ',';
        }
    }
    return fg_text_take(out, &text);
}
