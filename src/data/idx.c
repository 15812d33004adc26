/* idx.c - reads IDX files, plain or compressed with gzip.
 *
 * An IDX file is a magic number (0, 0, type of value, number of dimensions), one 32-bit size
 * per dimension, both big-endian, and the values. Nothing of it is believed: the payload that
 * the sizes promise must be what the file can hold before memory is asked for, and must then be
 * all there is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/idx.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "data/gzip.h"

#define MAGIC 0x00000800u /* unsigned bytes; the lowest byte counts the dimensions */
#define MAX_DIMENSIONS 3

/* Whether the file can hold the payload, decided before memory is asked for. */
static fg_status check_payload(const fg_gzip *file, size_t header, size_t payload)
{
    size_t most;

    if (fg_gzip_packed(file)) {
        fg_size_mul(&most, fg_gzip_bytes(file), FG_GZIP_RATIO);
        if (payload <= most)
            return FG_OK;
        return fg_fail(FG_ERR_FILE,
                       "%s: the sizes in the header ask for %zu bytes, more than %zu bytes of "
                       "gzip data can hold",
                       fg_gzip_path(file), payload, fg_gzip_bytes(file));
    }
    most = fg_gzip_bytes(file) - header;
    if (payload == most)
        return FG_OK;
    return fg_fail(
        FG_ERR_FILE, "%s: %s: %zu bytes after the header, expected %zu by the sizes in it",
        fg_gzip_path(file), payload > most ? "truncated" : "oversized", most, payload);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

/* names has one entry per dimension, for messages. */
static fg_status read_header(int *sizes, fg_gzip *file, int dimensions,
                             const char *const *names)
{
    fg_status status = FG_OK;
    const uint32_t expected = MAGIC | (uint32_t)dimensions;
    uint8_t bytes[4 + 4 * MAX_DIMENSIONS];

    assert(dimensions <= MAX_DIMENSIONS);
    FG_TRY(fg_gzip_read(file, "magic number", bytes, 4));
    FG_CHECK(big_endian(bytes) == expected, FG_ERR_FILE,
             "%s: the magic number is 0x%08x, expected 0x%08x", fg_gzip_path(file),
             big_endian(bytes), expected);
    FG_TRY(fg_gzip_read(file, "sizes", bytes + 4, 4 * (size_t)dimensions));
    for (int i = 0; i < dimensions; ++i) {
        const uint32_t size = big_endian(bytes + 4 + 4 * i);
        FG_CHECK(size > 0 && size <= INT_MAX, FG_ERR_FILE, "%s: the %s is %u, expected 1..%d",
                 fg_gzip_path(file), names[i], size, INT_MAX);
        sizes[i] = (int)size;
    }

cleanup:
    return status;
}

static fg_status read_values(uint8_t **out, fg_gzip *file, int dimensions, const int *sizes)
{
    fg_status status = FG_OK;
    uint8_t *values = NULL;
    size_t payload = 1;

    for (int i = 0; i < dimensions; ++i)
        if (!fg_size_mul(&payload, payload, (size_t)sizes[i]))
            break; /* SIZE_MAX, which no file holds */
    FG_TRY(check_payload(file, 4 + 4 * (size_t)dimensions, payload));
    FG_ALLOC(values, payload);
    FG_TRY(fg_gzip_read(file, "values", values, payload));
    FG_TRY(fg_gzip_end(file));
    *out = values;
    values = NULL;

cleanup:
    free(values);
    return status;
}

fg_status fg_idx_read_images(uint8_t **pixels, int *images, int *side, const char *path)
{
    static const char *const names[] = {"image count", "row count", "column count"};
    fg_status status = FG_OK;
    fg_gzip *file = NULL;
    int sizes[3];

    *pixels = NULL;
    FG_TRY(fg_gzip_open(&file, path));
    FG_TRY(read_header(sizes, file, 3, names));
    FG_CHECK(sizes[1] == sizes[2], FG_ERR_FILE,
             "%s: images have %d rows and %d columns, expected square ones", path, sizes[1],
             sizes[2]);
    FG_TRY(read_values(pixels, file, 3, sizes));
    *images = sizes[0];
    *side = sizes[1];

cleanup:
    fg_gzip_close(file);
    return status;
}

fg_status fg_idx_read_labels(uint8_t **labels, int *count, const char *path)
{
    static const char *const names[] = {"label count"};
    fg_status status = FG_OK;
    fg_gzip *file = NULL;
    int size;

    *labels = NULL;
    FG_TRY(fg_gzip_open(&file, path));
    FG_TRY(read_header(&size, file, 1, names));
    FG_TRY(read_values(labels, file, 1, &size));
    *count = size;

cleanup:
    fg_gzip_close(file);
    return status;
}
