/* gzip.c - see gzip.h.
 *
 * gzip data are one or more members, one behind the other, up to the end of the file. zlib's own
 * gzread is not used because it takes anything that stands behind them for padding.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PIECE 8192                   /* bytes that are read and unpacked at a time */
#define GZIP_WINDOW (MAX_WBITS + 16) /* inflateInit2: gzip's frame and checksum */

struct fg_gzip {
    const char *path;
    FILE *file;
    size_t bytes;
    bool packed;
    bool ended;      /* the last member is complete */
    z_stream stream; /* open if packed */
    uint8_t piece[PIECE];
};

static bool begins_a_member(FILE *file)
{
    const bool begins = getc(file) == 0x1f && getc(file) == 0x8b;

    rewind(file);
    return begins;
}

fg_status fg_gzip_open(fg_gzip **out, const char *path)
{
    fg_status status = FG_OK;
    fg_gzip *gzip = NULL;
    struct stat entry;
    int file = -1;

    *out = NULL;
    FG_REQUIRE(path != NULL, "the path of a data file is NULL");
    FG_ALLOC(gzip, 1);
    gzip->path = path;
    /* O_NONBLOCK: a pipe that nobody writes to must be refused, not waited for. */
    file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FG_CHECK(file >= 0 && fstat(file, &entry) == 0, FG_ERR_FILE, "%s: %s", path,
             strerror(errno));
    FG_CHECK(S_ISREG(entry.st_mode), FG_ERR_FILE, "%s: not a regular file", path);
    FG_CHECK(entry.st_size > 0, FG_ERR_FILE, "%s: the file is empty", path);
    gzip->bytes = (size_t)entry.st_size;
    gzip->file = fdopen(file, "rb");
    FG_CHECK(gzip->file != NULL, FG_ERR_MEMORY, "%s: no memory to read it", path);
    file = -1;
    if (begins_a_member(gzip->file)) {
        FG_CHECK(inflateInit2(&gzip->stream, GZIP_WINDOW) == Z_OK, FG_ERR_MEMORY,
                 "%s: no memory to decompress it", path);
        gzip->packed = true;
    }
    *out = gzip;
    gzip = NULL;

cleanup:
    if (file >= 0)
        close(file);
    fg_gzip_close(gzip);
    return status;
}

void fg_gzip_close(fg_gzip *gzip)
{
    if (gzip == NULL)
        return;
    if (gzip->packed)
        inflateEnd(&gzip->stream);
    if (gzip->file != NULL)
        fclose(gzip->file);
    free(gzip);
}

const char *fg_gzip_path(const fg_gzip *gzip)
{
    return gzip->path;
}

bool fg_gzip_packed(const fg_gzip *gzip)
{
    return gzip->packed;
}

size_t fg_gzip_bytes(const fg_gzip *gzip)
{
    return gzip->bytes;
}

/* Reads up to bytes as they lie on disk; *got is less at the end of the file. */
static fg_status read_plain(fg_gzip *gzip, const char *field, void *out, size_t bytes,
                            size_t *got)
{
    *got = fread(out, 1, bytes, gzip->file);
    if (ferror(gzip->file))
        return fg_fail(FG_ERR_FILE, "%s: reading the %s: %s", gzip->path, field,
                       strerror(errno));
    return FG_OK;
}

/* Sees to it that zlib has input, of which there is none at the end of the file. */
static fg_status refill(fg_gzip *gzip, const char *field)
{
    z_stream *stream = &gzip->stream;
    fg_status status = FG_OK;
    size_t got = 0;

    if (stream->avail_in > 0)
        return FG_OK;
    FG_TRY(read_plain(gzip, field, gzip->piece, PIECE, &got));
    stream->next_in = gzip->piece;
    stream->avail_in = (uInt)got;

cleanup:
    return status;
}

/* Behind a member stands the next one, or nothing. */
static fg_status next_member(fg_gzip *gzip, const char *field)
{
    fg_status status = FG_OK;

    FG_TRY(refill(gzip, field));
    gzip->ended = gzip->stream.avail_in == 0;
    FG_CHECK(gzip->ended || *gzip->stream.next_in == 0x1f, FG_ERR_FILE,
             "%s: oversized: there is more behind the gzip data", gzip->path);
    inflateReset(&gzip->stream);

cleanup:
    return status;
}

/* The same as read_plain, unpacked. */
static fg_status read_packed(fg_gzip *gzip, const char *field, void *out, size_t bytes,
                             size_t *got)
{
    fg_status status = FG_OK;
    z_stream *stream = &gzip->stream;

    *got = 0;
    while (*got < bytes && !gzip->ended) {
        const size_t left = bytes - *got;
        const uInt most = left < PIECE ? (uInt)left : PIECE;
        FG_TRY(refill(gzip, field));
        if (stream->avail_in == 0)
            break;
        stream->next_out = (uint8_t *)out + *got;
        stream->avail_out = most;
        const int code = inflate(stream, Z_NO_FLUSH);
        *got += most - stream->avail_out;
        FG_CHECK(code != Z_MEM_ERROR, FG_ERR_MEMORY, "%s: no memory to decompress it",
                 gzip->path);
        FG_CHECK(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR, FG_ERR_FILE,
                 "%s: the gzip data is damaged, found reading the %s", gzip->path, field);
        if (code == Z_STREAM_END)
            FG_TRY(next_member(gzip, field));
    }

cleanup:
    return status;
}

fg_status fg_gzip_read(fg_gzip *gzip, const char *field, void *out, size_t bytes)
{
    fg_status status = FG_OK;
    size_t got = 0;

    FG_TRY((gzip->packed ? read_packed : read_plain)(gzip, field, out, bytes, &got));
    FG_CHECK(got == bytes, FG_ERR_FILE, "%s: truncated: %zu bytes of %s, expected %zu",
             gzip->path, got, field, bytes);

cleanup:
    return status;
}

/* Reading on past the payload also makes zlib compare the checksum. */
fg_status fg_gzip_end(fg_gzip *gzip)
{
    fg_status status = FG_OK;
    uint8_t byte;
    size_t got = 0;

    FG_TRY((gzip->packed ? read_packed : read_plain)(gzip, "end", &byte, 1, &got));
    FG_CHECK(got == 0, FG_ERR_FILE, "%s: oversized: there is more after the last value",
             gzip->path);
    FG_CHECK(!gzip->packed || gzip->ended, FG_ERR_FILE,
             "%s: truncated: the gzip checksum is missing", gzip->path);

cleanup:
    return status;
}
