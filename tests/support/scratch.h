/* scratch.h - a temporary folder for what a test writes, removed with everything in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_SCRATCH_H
#define FG_TESTS_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_PATH 512

static char scratch_name[SCRATCH_PATH];

/* For tcase_add_checked_fixture. */
static inline void scratch_setup(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(scratch_name, sizeof scratch_name, "%s/filigree-test-XXXXXX",
             base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(scratch_name));
}

/* Path of a file in the folder. Four results are valid at a time. */
static inline const char *scratch_path(const char *name)
{
    static char paths[4][SCRATCH_PATH + 264];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", scratch_name, name);
    return path;
}

static inline int scratch_files(void)
{
    DIR *listing = opendir(scratch_name);
    int count = 0;

    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return count;
}

/* Files alone: a test removes a folder that it makes in this one. */
static inline void scratch_teardown(void)
{
    DIR *listing = opendir(scratch_name);

    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(scratch_path(entry->d_name));
    closedir(listing);
    ck_assert_int_eq(rmdir(scratch_name), 0);
}

static inline void scratch_write(const char *path, const void *data, size_t bytes)
{
    FILE *stream = fopen(path, "wb");

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(data, 1, bytes, stream), bytes);
    ck_assert_int_eq(fclose(stream), 0);
}

/* All of a file for free(), with a 0 byte behind it. */
static inline char *scratch_read(const char *path, size_t *bytes)
{
    FILE *stream = fopen(path, "rb");
    struct stat info;

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fstat(fileno(stream), &info), 0);
    char *data = calloc((size_t)info.st_size + 1, 1);
    ck_assert_ptr_nonnull(data);
    *bytes = fread(data, 1, (size_t)info.st_size, stream);
    ck_assert_uint_eq(*bytes, (size_t)info.st_size);
    fclose(stream);
    return data;
}

static inline void scratch_expect_same(const char *path, const char *other)
{
    size_t bytes = 0, other_bytes = 0;
    char *data = scratch_read(path, &bytes), *other_data = scratch_read(other, &other_bytes);

    ck_assert_uint_eq(bytes, other_bytes);
    ck_assert_msg(memcmp(data, other_data, bytes) == 0, "%s and %s differ", path, other);
    free(data);
    free(other_data);
}

#endif
