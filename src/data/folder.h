/* folder.h - finds the data set that a folder holds, by the customary file names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_FOLDER_H
#define FG_DATA_FOLDER_H

#include "base/status.h"

typedef enum fg_folder_kind {
    FG_FOLDER_IDX, /* two files: images, labels */
    FG_FOLDER_CIFAR10,
    FG_FOLDER_CIFAR100
} fg_folder_kind;

#define FG_FOLDER_FILES 5 /* CIFAR-10's training set */

typedef struct fg_folder {
    fg_folder_kind kind;
    char *paths[FG_FOLDER_FILES];
    int files;
} fg_folder;

/* Looks for IDX first, then CIFAR-10, then CIFAR-100. The files are not opened.
 *
 * out  zeroed by the caller; fg_folder_clear frees what it holds, also after a failure
 *
 * FG_ERR_FILE  nothing of the kind there: the message says what was looked for; or a part of it
 * is missing: the message says which */
fg_status fg_folder_find(fg_folder *out, const char *folder, fg_split split);
void fg_folder_clear(fg_folder *folder);

#endif
