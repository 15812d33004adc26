/* folder.c - a temporary folder of a test, and files in it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/folder.h"

#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];
static char path[PATH_MAX];

void fg_folder_create(void)
{
    strcpy(folder, "/tmp/filigree-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *name, const struct stat *state, int kind, struct FTW *place)
{
    (void)state, (void)kind, (void)place;
    return remove(name);
}

void fg_folder_remove(void)
{
    ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *fg_folder_path(const char *name)
{
    snprintf(path, sizeof path, name[0] != '\0' ? "%s/%s" : "%s%s", folder, name);
    return path;
}

const char *fg_folder_write(const char *name, const char *text)
{
    FILE *file;

    fg_folder_path(name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL;
         ++slash) {
        *slash = '\0';
        mkdir(path, 0700); /* may be there; if it fails, so does fopen */
        *slash = '/';
    }
    file = fopen(path, "we");
    ck_assert_msg(file != NULL, "%s cannot be written", path);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}
