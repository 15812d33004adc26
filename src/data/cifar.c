/* cifar.c - reads the binary files of CIFAR-10 and CIFAR-100.
 *
 * A file is a run of records and nothing else: the labels, one byte each, then 1024 red, 1024
 * green and 1024 blue bytes. CIFAR-100 has two labels, the coarse one first. There is no
 * header, so the size and the labels are all that tells a damaged or a wrong file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/cifar.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define IMAGE_BYTES (FG_CIFAR_CHANNELS * FG_CIFAR_SIDE * FG_CIFAR_SIDE)
#define MAX_LABELS 2

struct format {
    const char *name;
    int labels;              /* bytes before the pixels */
    int classes[MAX_LABELS]; /* the last is the one that is used */
    const char *label_names[MAX_LABELS];
};

static const struct format formats[] = {
    [FG_CIFAR_10] = {"CIFAR-10", 1, {10}, {"label"}},
    [FG_CIFAR_100] = {"CIFAR-100", 2, {20, 100}, {"coarse label", "fine label"}},
};

int fg_cifar_classes(fg_cifar_kind kind)
{
    return formats[kind].classes[formats[kind].labels - 1];
}

static fg_status count_records(int *records, const struct format *format, const char *path)
{
    fg_status status = FG_OK;
    const size_t record = (size_t)format->labels + IMAGE_BYTES;
    struct stat entry;
    size_t bytes;

    FG_CHECK(stat(path, &entry) == 0, FG_ERR_FILE, "%s: %s", path, strerror(errno));
    FG_CHECK(S_ISREG(entry.st_mode), FG_ERR_FILE, "%s: not a regular file", path);
    bytes = (size_t)entry.st_size;
    FG_CHECK(bytes > 0, FG_ERR_FILE, "%s: the file is empty, expected %s records of %zu bytes",
             path, format->name, record);
    FG_CHECK(
        bytes % record == 0, FG_ERR_FILE,
        "%s: the file has %zu bytes, %zu more than a multiple of %zu, the size of a %s record",
        path, bytes, bytes % record, record, format->name);
    FG_CHECK(bytes / record <= INT_MAX, FG_ERR_FILE,
             "%s: the file has %zu images, expected 1..%d", path, bytes / record, INT_MAX);
    *records = (int)(bytes / record);

cleanup:
    return status;
}

/* Reads as many records as were counted, and then expects the end: a file may change meanwhile.
 */
static fg_status read_records(uint8_t *pixels, int32_t *labels, int records,
                              const struct format *format, const char *path)
{
    fg_status status = FG_OK;
    FILE *file = fopen(path, "rbe");
    uint8_t label[MAX_LABELS] = {0};

    FG_CHECK(file != NULL, FG_ERR_FILE, "%s: %s", path, strerror(errno));
    for (int n = 0; n < records; ++n) {
        if (fread(label, 1, (size_t)format->labels, file) != (size_t)format->labels ||
            fread(pixels + (size_t)n * IMAGE_BYTES, 1, IMAGE_BYTES, file) != IMAGE_BYTES) {
            status = fg_fail(FG_ERR_FILE, "%s: reading image %d of %d: %s", path, n, records,
                             ferror(file) ? strerror(errno) : "the file has become shorter");
            goto cleanup;
        }
        for (int i = 0; i < format->labels; ++i)
            FG_CHECK(label[i] < format->classes[i], FG_ERR_FILE,
                     "%s: the %s of image %d is %d, expected 0..%d", path,
                     format->label_names[i], n, label[i], format->classes[i] - 1);
        labels[n] = label[format->labels - 1];
    }
    FG_CHECK(fgetc(file) == EOF, FG_ERR_FILE, "%s: the file has become longer", path);

cleanup:
    if (file != NULL)
        fclose(file);
    return status;
}

fg_status fg_cifar_read(uint8_t **pixels, int32_t **labels, int *images, fg_cifar_kind kind,
                        const char *const *paths, int count)
{
    fg_status status = FG_OK;
    const struct format *format = &formats[kind];
    int *records = NULL;
    uint8_t *all_pixels = NULL;
    int32_t *all_labels = NULL;
    size_t bytes;
    int total = 0;

    *pixels = NULL;
    *labels = NULL;
    FG_REQUIRE(paths != NULL && count > 0, "the number of %s files is %d, expected at least 1",
               format->name, paths == NULL ? 0 : count);
    FG_ALLOC(records, count);
    for (int i = 0; i < count; ++i) {
        FG_REQUIRE(paths[i] != NULL, "the path of %s file %d is NULL", format->name, i);
        FG_TRY(count_records(&records[i], format, paths[i]));
        FG_CHECK(records[i] <= INT_MAX - total, FG_ERR_FILE,
                 "%s: together with the files before it more than %d images", paths[i],
                 INT_MAX);
        total += records[i];
    }

    fg_size_mul(&bytes, (size_t)total, IMAGE_BYTES); /* SIZE_MAX fails to allocate */
    FG_ALLOC(all_pixels, bytes);
    FG_ALLOC(all_labels, total);
    total = 0;
    for (int i = 0; i < count; ++i) {
        FG_TRY(read_records(all_pixels + (size_t)total * IMAGE_BYTES, all_labels + total,
                            records[i], format, paths[i]));
        total += records[i];
    }
    *pixels = all_pixels;
    *labels = all_labels;
    *images = total;
    all_pixels = NULL;
    all_labels = NULL;

cleanup:
    free(records);
    free(all_pixels);
    free(all_labels);
    return status;
}
