/* temporary.h - a folder for the files that a test of data sets writes, good and bad ones.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_TEMPORARY_H
#define FG_TESTS_TEMPORARY_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "filigree.h"

#define TEMPORARY_PATHS 8
#define TEMPORARY_LENGTH 512

static char temporary_folder[] = "/tmp/filigree-data-XXXXXX";

static inline void temporary_create(void)
{
    strcpy(temporary_folder + strlen(temporary_folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(temporary_folder));
}

/* The path of a name in the folder; the last TEMPORARY_PATHS results are valid. */
static inline const char *temporary_path(const char *name)
{
    static char paths[TEMPORARY_PATHS][TEMPORARY_LENGTH];
    static int next;
    char *path = paths[next++ % TEMPORARY_PATHS];

    snprintf(path, TEMPORARY_LENGTH, "%s/%s", temporary_folder, name);
    return path;
}

static inline void temporary_remove(void)
{
    DIR *listing = opendir(temporary_folder);

    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ck_assert_int_eq(remove(temporary_path(entry->d_name)), 0);
    closedir(listing);
    ck_assert_int_eq(rmdir(temporary_folder), 0);
}

static inline const char *temporary_write(const char *name, const void *data, size_t bytes)
{
    const char *path = temporary_path(name);
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline const char *temporary_write_gz(const char *name, const void *data, size_t bytes)
{
    const char *path = temporary_path(name);
    gzFile file = gzopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, data, (unsigned)bytes), (int)bytes);
    ck_assert_int_eq(gzclose(file), Z_OK);
    return path;
}

/* Reads a whole file into out; returns its size. */
static inline size_t temporary_read(void *out, size_t most, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t bytes;

    ck_assert_ptr_nonnull(file);
    bytes = fread(out, 1, most, file);
    ck_assert_uint_lt(bytes, most);
    fclose(file);
    return bytes;
}

/* The last failure's message is one line and has both texts in it. */
static inline void expect_message(const char *first, const char *second)
{
    const char *message = fg_error_message();

    ck_assert_msg(strstr(message, first) != NULL && strstr(message, second) != NULL &&
                      strchr(message, '\n') == NULL,
                  "the message is \"%s\", expected \"%s\" and \"%s\" in it", message, first,
                  second);
}

#endif
