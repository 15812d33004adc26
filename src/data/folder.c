/* folder.c - finds the data set that a folder holds, by the customary file names.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/folder.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct names {
    const char *images; /* IDX, also with .gz */
    const char *labels;
    const char *cifar10[FG_FOLDER_FILES];
    const char *cifar100;
};

static const struct names names_of[] = {
    [FG_SPLIT_TRAIN] = {"train-images-idx3-ubyte",
                        "train-labels-idx1-ubyte",
                        {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                         "data_batch_4.bin", "data_batch_5.bin"},
                        "train.bin"},
    [FG_SPLIT_TEST] = {"t10k-images-idx3-ubyte",
                       "t10k-labels-idx1-ubyte",
                       {"test_batch.bin"},
                       "test.bin"},
};

/* Appends folder/name.suffix to out's paths if there is such an entry. */
static fg_status find(bool *found, fg_folder *out, const char *folder, const char *name,
                      const char *suffix)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *path = NULL;
    struct stat entry;

    *found = false;
    fg_text_append(&text, "%s/%s%s", folder, name, suffix);
    FG_TRY(fg_text_take(&path, &text));
    if (stat(path, &entry) == 0) {
        assert(out->files < FG_FOLDER_FILES);
        out->paths[out->files++] = path;
        path = NULL;
        *found = true;
    } else {
        FG_CHECK(errno == ENOENT, FG_ERR_FILE, "%s: %s", path, strerror(errno));
    }

cleanup:
    free(path);
    return status;
}

/* The plain file goes before the compressed one. */
static fg_status find_idx(bool *found, fg_folder *out, const char *folder, const char *name)
{
    fg_status status = find(found, out, folder, name, "");

    if (status == FG_OK && !*found)
        status = find(found, out, folder, name, ".gz");
    return status;
}

/* All files of the split or none: a part of a data set would be trained on in silence. */
static fg_status find_cifar10(bool *found, fg_folder *out, const char *folder,
                              const char *const *names)
{
    fg_status status = FG_OK;
    const char *missing = NULL;

    for (int i = 0; i < FG_FOLDER_FILES && names[i] != NULL; ++i) {
        bool here;
        FG_TRY(find(&here, out, folder, names[i], ""));
        if (!here && missing == NULL)
            missing = names[i];
    }
    *found = out->files > 0;
    FG_CHECK(!*found || missing == NULL, FG_ERR_FILE, "%s: there is %s but not %s/%s", folder,
             out->paths[0], folder, missing);

cleanup:
    return status;
}

fg_status fg_folder_find(fg_folder *out, const char *folder, fg_split split)
{
    fg_status status = FG_OK;
    const struct names *names;
    struct stat entry;
    bool found;

    FG_REQUIRE(folder != NULL, "the folder is NULL");
    FG_REQUIRE(split == FG_SPLIT_TRAIN || split == FG_SPLIT_TEST,
               "split is %d, expected %d (train) or %d (test)", (int)split, FG_SPLIT_TRAIN,
               FG_SPLIT_TEST);
    names = &names_of[split];
    FG_CHECK(stat(folder, &entry) == 0, FG_ERR_FILE, "%s: %s", folder, strerror(errno));
    FG_CHECK(S_ISDIR(entry.st_mode), FG_ERR_FILE, "%s: not a folder", folder);

    out->kind = FG_FOLDER_IDX;
    FG_TRY(find_idx(&found, out, folder, names->images));
    if (found) {
        FG_TRY(find_idx(&found, out, folder, names->labels));
        FG_CHECK(found, FG_ERR_FILE, "%s: there is %s but neither %s/%s nor %s.gz", folder,
                 out->paths[0], folder, names->labels, names->labels);
        return FG_OK;
    }
    out->kind = FG_FOLDER_CIFAR10;
    FG_TRY(find_cifar10(&found, out, folder, names->cifar10));
    if (found)
        return FG_OK;
    out->kind = FG_FOLDER_CIFAR100;
    FG_TRY(find(&found, out, folder, names->cifar100, ""));
    FG_CHECK(found, FG_ERR_FILE, "%s: no %s images there: looked for %s, %s.gz, %s and %s",
             folder, split == FG_SPLIT_TRAIN ? "training" : "test", names->images,
             names->images, names->cifar10[0], names->cifar100);

cleanup:
    return status;
}

void fg_folder_clear(fg_folder *folder)
{
    for (int i = 0; i < folder->files; ++i)
        free(folder->paths[i]);
    folder->files = 0;
}
