/* file.h - whole files in, and files out that appear complete or not at all.
 *
 *     FG_TRY(fg_file_create(&file, path));
 *     FG_TRY(fg_file_write(file, data, bytes));
 *     FG_TRY(fg_file_commit(file));
 *  cleanup:
 *     fg_file_free(file);
 *
 * What is written goes to a temporary file beside path. fg_file_commit syncs it, renames it to
 * path and syncs the folder; without that, fg_file_free removes it and path is as it was. Where
 * path is a symbolic link, all that happens to the file it leads to. Every message names path.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_FILE_H
#define FG_BASE_FILE_H

#include <stdbool.h>

#include "base/status.h"

typedef struct fg_file fg_file;

/* FG_ERR_FILE  the folder cannot be written to, or path is there and no regular file */
fg_status fg_file_create(fg_file **out, const char *path);

/* FG_ERR_FILE  the disk is full, for one */
fg_status fg_file_write(fg_file *file, const void *data, size_t bytes);
fg_status fg_file_commit(fg_file *file);
void fg_file_free(fg_file *file);

/* Appends to a file that is there, and syncs it; on failure it is as it was. */
fg_status fg_file_append(const char *path, const void *data, size_t bytes);

/* A whole regular file for free(), with a 0 byte behind its last one. */
fg_status fg_file_read(char **out, size_t *bytes, const char *path);

bool fg_file_exists(const char *path);

/* Whether both lead to one file, which may still have to be made.
 *
 * FG_ERR_FILE  a folder on the way is not there */
fg_status fg_file_same(bool *out, const char *path, const char *other);

/* Fails as fg_file_create(path) would, as far as that can be told without writing. */
fg_status fg_file_check(const char *path);

#endif
