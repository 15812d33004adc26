/* scratch.c - see scratch.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <zlib.h>

#define PATHS 8
#define DEPTH 8 /* folders that removing keeps open at a time */

static char folder[PATH_MAX / 2];

void scratch_setup(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/filigree-test-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *name, const struct stat *state, int kind, struct FTW *place)
{
    (void)state, (void)kind, (void)place;
    return remove(name);
}

void scratch_teardown(void)
{
    ck_assert_int_eq(nftw(folder, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS), 0);
}

const char *scratch_path(const char *name)
{
    static char paths[PATHS][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % PATHS];

    snprintf(path, PATH_MAX, name[0] != '\0' ? "%s/%s" : "%s%s", folder, name);
    return path;
}

int scratch_files(void)
{
    DIR *listing = opendir(folder);
    int count = 0;

    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return count;
}

/* Makes the folders in name; where that fails, so does writing the file. */
static const char *make_folders(const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL;
         ++slash) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    return scratch_path(name);
}

const char *scratch_file(const char *name, const void *data, size_t bytes)
{
    const char *path = make_folders(name);

    scratch_write(path, data, bytes);
    return path;
}

const char *scratch_gz(const char *name, const void *data, size_t bytes)
{
    const char *path = make_folders(name);
    gzFile file = gzopen(path, "wb");

    ck_assert_msg(file != NULL, "%s cannot be written", path);
    ck_assert_int_eq(gzwrite(file, data, (unsigned)bytes), (int)bytes);
    ck_assert_int_eq(gzclose(file), Z_OK);
    return path;
}

const char *scratch_text(const char *name, const char *text)
{
    return scratch_file(name, text, strlen(text));
}

void scratch_write(const char *path, const void *data, size_t bytes)
{
    FILE *stream = fopen(path, "wbe");

    ck_assert_msg(stream != NULL, "%s cannot be written", path);
    ck_assert_uint_eq(fwrite(data, 1, bytes, stream), bytes);
    ck_assert_int_eq(fclose(stream), 0);
}

char *scratch_read(const char *path, size_t *bytes)
{
    FILE *stream = fopen(path, "rbe");
    struct stat info;

    ck_assert_msg(stream != NULL, "%s cannot be read", path);
    ck_assert_int_eq(fstat(fileno(stream), &info), 0);
    char *data = calloc((size_t)info.st_size + 1, 1);
    ck_assert_ptr_nonnull(data);
    *bytes = fread(data, 1, (size_t)info.st_size, stream);
    ck_assert_uint_eq(*bytes, (size_t)info.st_size);
    fclose(stream);
    return data;
}

void scratch_expect_same(const char *path, const char *other)
{
    size_t bytes = 0, other_bytes = 0;
    char *data = scratch_read(path, &bytes), *other_data = scratch_read(other, &other_bytes);

    ck_assert_uint_eq(bytes, other_bytes);
    ck_assert_msg(memcmp(data, other_data, bytes) == 0, "%s and %s differ", path, other);
    free(data);
    free(other_data);
}
