/* piece.c - pieces of a text, which need no copies: cut, compared and read as numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/piece.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define MAX_DIGITS 15 /* a decimal number of so many digits, and 10^15, are exact doubles */

fg_piece fg_piece_of(const char *text)
{
    return (fg_piece){text, strlen(text), true};
}

fg_piece fg_piece_cut(fg_piece *rest, char separator)
{
    const char *end = memchr(rest->text, separator, rest->length);
    fg_piece head = *rest;

    if (end != NULL)
        head.length = (size_t)(end - rest->text);
    rest->there = end != NULL;
    rest->text += head.length + rest->there;
    rest->length -= head.length + rest->there;
    return head;
}

bool fg_piece_is(fg_piece piece, const char *text)
{
    return piece.length == strlen(text) && memcmp(piece.text, text, piece.length) == 0;
}

fg_status fg_piece_int(int *out, const char *field, fg_piece piece, int low, int high)
{
    fg_status status = FG_OK;
    bool good = piece.length > 0;
    long long value = 0;

    for (size_t i = 0; good && i < piece.length; ++i) {
        good = isdigit((unsigned char)piece.text[i]) && value <= high;
        if (good)
            value = value * 10 + (piece.text[i] - '0');
    }
    FG_REQUIRE(good && value >= low && value <= high, "%s is \"%.*s\", expected %d..%d", field,
               FG_SHOWN(piece), low, high);
    *out = (int)value;

cleanup:
    return status;
}

/* Digits over a power of ten, both exact: one division rounds to the nearest double, as strtod
 * does, and no locale decides what a decimal point is. */
fg_status fg_piece_decimal(double *out, const char *field, fg_piece piece, double low,
                           double high, const char *allowed)
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
    FG_REQUIRE(good && digits / scale >= low && digits / scale <= high,
               "%s is \"%.*s\", expected a decimal number %s", field, FG_SHOWN(piece), allowed);
    *out = digits / scale;

cleanup:
    return status;
}

fg_status fg_piece_word(int *out, const char *field, fg_piece piece, const char *const *words)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *allowed = NULL;
    int i = 0;

    while (words[i] != NULL && !fg_piece_is(piece, words[i]))
        ++i;
    if (words[i] == NULL) {
        fg_piece_append_words(&text, words);
        FG_TRY(fg_text_take(&allowed, &text));
        FG_REQUIRE(false, "%s is \"%.*s\", expected %s", field, FG_SHOWN(piece), allowed);
    }
    *out = i;

cleanup:
    fg_text_free(allowed);
    return status;
}

void fg_piece_append_words(fg_text *text, const char *const *words)
{
    for (int i = 0; words[i] != NULL; ++i)
        fg_text_append(text, "%s%s",
                       i == 0                 ? ""
                       : words[i + 1] == NULL ? " or "
                                              : ", ",
                       words[i]);
}

void fg_piece_append_decimal(fg_text *text, double value)
{
    long long scale = 1;
    int digits = 0;

    while (digits < MAX_DIGITS && round(value * (double)scale) / (double)scale != value) {
        scale *= 10;
        ++digits;
    }
    const long long number = llround(value * (double)scale);
    fg_text_append(text, "%lld", number / scale);
    if (digits > 0)
        fg_text_append(text, ".%0*lld", digits, number % scale);
}
