/* memory.h - checked host memory, sizes that cannot overflow, and texts that grow.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_MEMORY_H
#define FG_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "filigree.h"

/* count * size zeroed bytes for free(); never NULL for 0. NULL with the message set when memory
 * runs out. */
void *fg_memory_zeroed(size_t count, size_t size);

/* Makes room for one entry more than the `count` that the array has, by doubling it whenever its
 * length reaches a power of two. NULL with the message set, and the array as it was, when memory
 * runs out. */
void *fg_memory_grow(void *array, size_t count, size_t size);

/* *out = a * b; false, and *out = SIZE_MAX, when that overflows. */
bool fg_size_mul(size_t *out, size_t a, size_t b);

/* Rounds value up to a multiple of unit (> 0). */
size_t fg_size_round_up(size_t value, size_t unit);

/* A copy for free(), NULL with the message set. */
char *fg_text_copy(const char *text);

/* A text that grows. Start zeroed; after a failed append, failed is set and the rest does
 * nothing, so that only the end needs a check. */
typedef struct fg_text {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
} fg_text;

void fg_text_append(fg_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands the text out as a string for fg_text_free, or frees it and fails. */
fg_status fg_text_take(char **out, fg_text *text);

#endif
