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
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC 0x00000800u /* unsigned bytes; the lowest byte counts the dimensions */
#define MAX_DIMENSIONS 3
#define READ_BYTES (1u << 24) /* gzread counts in int */
#define DEFLATE_RATIO 1032    /* most bytes that one byte of a deflate stream can give */

struct source {
    const char *path;
    gzFile file;
    size_t bytes; /* as the file lies on disk */
};

/* gzread reads plain files as they are. */
static fg_status source_open(struct source *source, const char *path)
{
    fg_status status = FG_OK;
    struct stat entry;
    int file = -1;

    FG_REQUIRE(path != NULL, "the path of an IDX file is NULL");
    source->path = path;
    file = open(path, O_RDONLY | O_CLOEXEC);
    FG_CHECK(file >= 0 && fstat(file, &entry) == 0, FG_ERR_FILE, "%s: %s", path,
             strerror(errno));
    FG_CHECK(S_ISREG(entry.st_mode), FG_ERR_FILE, "%s: not a regular file", path);
    FG_CHECK(entry.st_size > 0, FG_ERR_FILE, "%s: the file is empty, expected an IDX file",
             path);
    source->bytes = (size_t)entry.st_size;
    source->file = gzdopen(file, "rb");
    FG_CHECK(source->file != NULL, FG_ERR_MEMORY, "%s: no memory to read it", path);
    file = -1;

cleanup:
    if (file >= 0)
        close(file);
    return status;
}

static void source_close(struct source *source)
{
    if (source->file != NULL)
        gzclose_r(source->file);
}

/* Why the last gzread gave less than it was asked for. */
static fg_status source_fail(const struct source *source, const char *field, size_t got,
                             size_t expected)
{
    const int error = errno;
    int code = Z_OK;

    gzerror(source->file, &code);
    switch (code) {
    case Z_ERRNO:
        return fg_fail(FG_ERR_FILE, "%s: reading the %s: %s", source->path, field,
                       strerror(error));
    case Z_MEM_ERROR:
        return fg_fail(FG_ERR_MEMORY, "%s: no memory to decompress it", source->path);
    case Z_DATA_ERROR:
        return fg_fail(FG_ERR_FILE, "%s: the gzip data is damaged, found reading the %s",
                       source->path, field);
    default: /* end of file, inside a gzip stream or not */
        return fg_fail(FG_ERR_FILE, "%s: truncated: %zu bytes of %s, expected %zu",
                       source->path, got, field, expected);
    }
}

static fg_status source_read(const struct source *source, const char *field, uint8_t *out,
                             size_t bytes)
{
    size_t got = 0;

    while (got < bytes) {
        const size_t left = bytes - got;
        const int count =
            gzread(source->file, out + got, left < READ_BYTES ? (unsigned)left : READ_BYTES);
        if (count <= 0)
            return source_fail(source, field, got, bytes);
        got += (size_t)count;
    }
    return FG_OK;
}

/* Reading on past the payload also makes zlib compare the checksum. */
static fg_status source_end(const struct source *source)
{
    uint8_t byte;
    int code = Z_OK;
    const int count = gzread(source->file, &byte, 1);

    if (count > 0)
        return fg_fail(FG_ERR_FILE, "%s: oversized: there is more after the last value",
                       source->path);
    gzerror(source->file, &code);
    if (count == 0 && code == Z_BUF_ERROR)
        return fg_fail(FG_ERR_FILE, "%s: truncated: the gzip checksum is missing",
                       source->path);
    return count == 0 ? FG_OK : source_fail(source, "gzip checksum", 0, 0);
}

/* Whether the file can hold the payload, decided before memory is asked for. */
static fg_status check_payload(const struct source *source, size_t header, size_t payload)
{
    size_t most;

    if (!gzdirect(source->file)) {
        fg_size_mul(&most, source->bytes, DEFLATE_RATIO);
        if (payload <= most)
            return FG_OK;
        return fg_fail(FG_ERR_FILE,
                       "%s: the sizes in the header ask for %zu bytes, more than %zu bytes of "
                       "gzip data can hold",
                       source->path, payload, source->bytes);
    }
    most = source->bytes - header;
    if (payload == most)
        return FG_OK;
    return fg_fail(FG_ERR_FILE,
                   "%s: %s: %zu bytes after the header, expected %zu by the sizes in it",
                   source->path, payload > most ? "truncated" : "oversized", most, payload);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

/* names has one entry per dimension, for messages. */
static fg_status read_header(int *sizes, const struct source *source, int dimensions,
                             const char *const *names)
{
    fg_status status = FG_OK;
    const uint32_t expected = MAGIC | (uint32_t)dimensions;
    uint8_t bytes[4 + 4 * MAX_DIMENSIONS];

    assert(dimensions <= MAX_DIMENSIONS);
    FG_TRY(source_read(source, "magic number", bytes, 4));
    FG_CHECK(big_endian(bytes) == expected, FG_ERR_FILE,
             "%s: the magic number is 0x%08x, expected 0x%08x", source->path, big_endian(bytes),
             expected);
    FG_TRY(source_read(source, "sizes", bytes + 4, 4 * (size_t)dimensions));
    for (int i = 0; i < dimensions; ++i) {
        const uint32_t size = big_endian(bytes + 4 + 4 * i);
        FG_CHECK(size > 0 && size <= INT_MAX, FG_ERR_FILE, "%s: the %s is %u, expected 1..%d",
                 source->path, names[i], size, INT_MAX);
        sizes[i] = (int)size;
    }

cleanup:
    return status;
}

static fg_status read_values(uint8_t **out, const struct source *source, int dimensions,
                             const int *sizes)
{
    fg_status status = FG_OK;
    uint8_t *values = NULL;
    size_t payload = 1;

    for (int i = 0; i < dimensions; ++i)
        if (!fg_size_mul(&payload, payload, (size_t)sizes[i]))
            break; /* SIZE_MAX, which no file holds */
    FG_TRY(check_payload(source, 4 + 4 * (size_t)dimensions, payload));
    FG_ALLOC(values, payload);
    FG_TRY(source_read(source, "values", values, payload));
    FG_TRY(source_end(source));
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
    struct source source = {0};
    int sizes[3];

    *pixels = NULL;
    FG_TRY(source_open(&source, path));
    FG_TRY(read_header(sizes, &source, 3, names));
    FG_CHECK(sizes[1] == sizes[2], FG_ERR_FILE,
             "%s: images have %d rows and %d columns, expected square ones", path, sizes[1],
             sizes[2]);
    FG_TRY(read_values(pixels, &source, 3, sizes));
    *images = sizes[0];
    *side = sizes[1];

cleanup:
    source_close(&source);
    return status;
}

fg_status fg_idx_read_labels(uint8_t **labels, int *count, const char *path)
{
    static const char *const names[] = {"label count"};
    fg_status status = FG_OK;
    struct source source = {0};
    int size;

    *labels = NULL;
    FG_TRY(source_open(&source, path));
    FG_TRY(read_header(&size, &source, 1, names));
    FG_TRY(read_values(labels, &source, 1, &size));
    *count = size;

cleanup:
    source_close(&source);
    return status;
}
