/* folder.h - a temporary folder of a test, and files in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_FOLDER_H
#define FG_TESTS_FOLDER_H

/* Makes the folder; at its end the test removes it with all that is in it. */
void fg_folder_create(void);
void fg_folder_remove(void);

/* The path of name in the folder, "" for the folder itself; valid until the next call. */
const char *fg_folder_path(const char *name);

/* Writes text to the file name, whose folders are made where they are missing; its path, as
 * above. */
const char *fg_folder_write(const char *name, const char *text);

#endif
