/* scratch.h - a temporary folder for what a test writes, removed with everything in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_SCRATCH_H
#define FG_TESTS_SCRATCH_H

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* For tcase_add_checked_fixture. */
void scratch_setup(void);
void scratch_teardown(void);

/* Path of name in the folder, "" for the folder itself. Eight results are valid at a time. */
const char *scratch_path(const char *name);

/* Entries of the folder, those of folders in it not counted. */
int scratch_files(void);

/* Write the file name of the folder, and return its path. Folders in name are made where they
 * are missing. */
const char *scratch_file(const char *name, const void *data, size_t bytes);
const char *scratch_gz(const char *name, const void *data, size_t bytes); /* compressed */
const char *scratch_text(const char *name, const char *text);

void scratch_write(const char *path, const void *data, size_t bytes);

/* All of a file for free(), with a 0 byte behind it. */
char *scratch_read(const char *path, size_t *bytes);

void scratch_expect_same(const char *path, const char *other);

#endif
