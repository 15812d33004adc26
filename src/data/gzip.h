/* gzip.h - reads a file that may be compressed with gzip: its first bytes say whether it is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_GZIP_H
#define FG_DATA_GZIP_H

#include <stdbool.h>

#include "base/status.h"

#define FG_GZIP_RATIO 1032 /* most bytes that one byte of gzip data can stand for */

typedef struct fg_gzip fg_gzip;

/* path is borrowed.
 *
 * FG_ERR_FILE  not readable, empty, or no regular file */
fg_status fg_gzip_open(fg_gzip **out, const char *path);

/* NULL is allowed. */
void fg_gzip_close(fg_gzip *gzip);

const char *fg_gzip_path(const fg_gzip *gzip);
bool fg_gzip_packed(const fg_gzip *gzip);

/* As the file lies on disk. */
size_t fg_gzip_bytes(const fg_gzip *gzip);

/* Reads exactly so many bytes; field names them in messages.
 *
 * FG_ERR_FILE  the file is shorter, or the compressed data is damaged */
fg_status fg_gzip_read(fg_gzip *gzip, const char *field, void *out, size_t bytes);

/* FG_ERR_FILE  there is more than what was read, or the checksum is missing or wrong */
fg_status fg_gzip_end(fg_gzip *gzip);

#endif
