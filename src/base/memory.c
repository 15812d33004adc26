/* memory.c - checked host memory, sizes that cannot overflow, and texts that grow.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define TEXT_CAPACITY 256 /* bytes of a text at first; doubled whenever they do not suffice */

void *fg_memory_zeroed(size_t count, size_t size)
{
    /* calloc(0, ...) may return NULL, which would look like a failure. */
    void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (memory == NULL)
        fg_fail(FG_ERR_MEMORY, "no memory for %zu elements of %zu bytes", count, size);
    return memory;
}

void *fg_memory_grow(void *array, size_t count, size_t size)
{
    void *grown = array;
    size_t bytes;

    if ((count & (count - 1)) != 0)
        return array;
    if (fg_size_mul(&bytes, count > 0 ? 2 * count : 1, size))
        grown = realloc(array, bytes);
    else
        grown = NULL;
    if (grown == NULL)
        fg_fail(FG_ERR_MEMORY, "no memory for %zu elements of %zu bytes", count + 1, size);
    return grown;
}

bool fg_size_mul(size_t *out, size_t a, size_t b)
{
    if (__builtin_mul_overflow(a, b, out)) {
        *out = SIZE_MAX;
        return false;
    }
    return true;
}

size_t fg_size_round_up(size_t value, size_t unit)
{
    assert(unit > 0 && value <= SIZE_MAX - (unit - 1));
    return (value + unit - 1) / unit * unit;
}

char *fg_text_copy(const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = fg_memory_zeroed(bytes, 1);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

void fg_text_free(char *text)
{
    free(text);
}

/* Makes room for extra bytes behind text->length. */
static bool text_reserve(fg_text *text, size_t extra)
{
    size_t capacity = text->capacity > 0 ? text->capacity : TEXT_CAPACITY;
    char *data;

    if (extra > SIZE_MAX / 2 - text->length)
        return false;
    while (capacity - text->length < extra)
        capacity *= 2;
    if (capacity == text->capacity)
        return true;
    data = realloc(text->data, capacity);
    if (data == NULL)
        return false;
    text->data = data;
    text->capacity = capacity;
    return true;
}

void fg_text_append(fg_text *text, const char *format, ...)
{
    va_list args;
    int length;

    if (text->failed)
        return;
    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !text_reserve(text, (size_t)length + 1)) {
        text->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

fg_status fg_text_take(char **out, fg_text *text)
{
    fg_status status = FG_OK;

    *out = NULL;
    fg_text_append(text, "%s", ""); /* an untouched text becomes an empty string */
    FG_CHECK(!text->failed, FG_ERR_MEMORY, "no memory for a text of more than %zu bytes",
             text->length);
    *out = text->data;
    text->data = NULL;

cleanup:
    free(text->data);
    *text = (fg_text){0};
    return status;
}
