/* piece.h - pieces of a text, which need no copies: cut, compared and read as numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_PIECE_H
#define FG_BASE_PIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* A part of a text, not terminated. */
typedef struct fg_piece {
    const char *text;
    size_t length;
    bool there; /* false: no separator led to it, which an empty piece behind one is not */
} fg_piece;

/* Arguments of "%.*s"; an endless piece would leave no room in the message. */
#define FG_SHOWN(piece) (piece).length < 60 ? (int)(piece).length : 60, (piece).text

fg_piece fg_piece_of(const char *text);

/* Cuts what lies in front of the next separator off rest; without one, all of it. */
fg_piece fg_piece_cut(fg_piece *rest, char separator);

bool fg_piece_is(fg_piece piece, const char *text);

/* Digits alone: no sign, no blank, nothing behind them. field: for the message. */
fg_status fg_piece_int(int *out, const char *field, fg_piece piece, int low, int high);

/* A decimal number, low <= *out <= high; allowed: the same in words, for the message. */
fg_status fg_piece_decimal(double *out, const char *field, fg_piece piece, double low,
                           double high, const char *allowed);

/* *out is the number of the word among words, which NULL ends. */
fg_status fg_piece_word(int *out, const char *field, fg_piece piece, const char *const *words);

/* "a, b or c". */
void fg_piece_append_words(fg_text *text, const char *const *words);

/* The shortest decimal that fg_piece_decimal reads back as the same double. */
void fg_piece_append_decimal(fg_text *text, double value);

#endif
