/* dataset.c - images and labels in host memory, from files, from the caller or from a data set.
 *
 * What the files look like inside is idx.c and cifar.c; where a folder's files are looked for
 * is folder.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#include "data/cifar.h"
#include "data/folder.h"
#include "data/idx.h"

#define NO_NAME "the data set"

/* Takes pixels and labels over, also where it fails. labels may be NULL. */
static fg_status dataset_own(fg_dataset **out, uint8_t *pixels, int32_t *labels,
                             fg_dataset_info info, const char *name)
{
    fg_status status = FG_OK;
    fg_dataset *dataset = NULL;

    FG_ALLOC(dataset, 1);
    dataset->owned_name = fg_text_copy(name);
    if (dataset->owned_name == NULL) {
        status = FG_ERR_MEMORY;
        goto cleanup;
    }
    dataset->name = dataset->owned_name;
    dataset->info = info;
    dataset->pixels = dataset->owned_pixels = pixels;
    dataset->labels = dataset->owned_labels = labels;
    pixels = NULL;
    labels = NULL;
    *out = dataset;
    dataset = NULL;

cleanup:
    free(pixels);
    free(labels);
    fg_dataset_free(dataset);
    return status;
}

static fg_status open_idx(fg_dataset **out, const char *images, const char *labels,
                          const char *name)
{
    fg_status status = FG_OK;
    fg_dataset_info info = {.channels = 1};
    uint8_t *pixels = NULL, *bytes = NULL;
    int32_t *values = NULL;

    *out = NULL;
    FG_TRY(fg_idx_read_images(&pixels, &info.images, &info.side, images));
    if (labels != NULL) {
        int count;
        FG_TRY(fg_idx_read_labels(&bytes, &count, labels));
        FG_CHECK(count == info.images, FG_ERR_FILE, "%s has %d labels, but %s has %d images",
                 labels, count, images, info.images);
        FG_ALLOC(values, count);
        for (int n = 0; n < count; ++n) {
            values[n] = bytes[n];
            if (values[n] >= info.classes)
                info.classes = values[n] + 1;
        }
        info.has_labels = 1;
    }
    status = dataset_own(out, pixels, values, info, name);
    pixels = NULL;
    values = NULL;
    FG_TRY(status);
    (*out)->more_classes = true;

cleanup:
    free(pixels);
    free(bytes);
    free(values);
    return status;
}

static fg_status open_cifar(fg_dataset **out, fg_cifar_kind kind, const char *const *paths,
                            int count, const char *name)
{
    fg_dataset_info info = {.channels = FG_CIFAR_CHANNELS,
                            .side = FG_CIFAR_SIDE,
                            .classes = fg_cifar_classes(kind),
                            .has_labels = 1};
    uint8_t *pixels;
    int32_t *labels;
    const fg_status status = fg_cifar_read(&pixels, &labels, &info.images, kind, paths, count);

    *out = NULL;
    return status == FG_OK ? dataset_own(out, pixels, labels, info, name) : status;
}

fg_status fg_dataset_open_idx(fg_dataset **out, const char *images, const char *labels)
{
    return open_idx(out, images, labels, images);
}

/* Where there are no paths, reading them fails before the name is used. */
fg_status fg_dataset_open_cifar10(fg_dataset **out, const char *const *paths, int count)
{
    return open_cifar(out, FG_CIFAR_10, paths, count,
                      paths != NULL && count > 0 ? paths[0] : NULL);
}

fg_status fg_dataset_open_cifar100(fg_dataset **out, const char *path)
{
    return open_cifar(out, FG_CIFAR_100, &path, 1, path);
}

fg_status fg_dataset_open(fg_dataset **out, const char *folder, fg_split split)
{
    fg_status status = FG_OK;
    fg_folder found = {0};
    const char *const *paths = (const char *const *)found.paths;

    *out = NULL;
    FG_TRY(fg_folder_find(&found, folder, split));
    switch (found.kind) {
    case FG_FOLDER_IDX:
        status = open_idx(out, paths[0], paths[1], folder);
        break;
    case FG_FOLDER_CIFAR10:
        status = open_cifar(out, FG_CIFAR_10, paths, found.files, folder);
        break;
    case FG_FOLDER_CIFAR100:
        status = open_cifar(out, FG_CIFAR_100, paths, found.files, folder);
        break;
    }

cleanup:
    fg_folder_clear(&found);
    return status;
}

fg_status fg_dataset_create(fg_dataset **out, const uint8_t *pixels, const int32_t *labels,
                            int images, int channels, int side, int classes)
{
    fg_status status = FG_OK;
    fg_dataset *dataset = NULL;
    size_t bytes;

    *out = NULL;
    FG_REQUIRE(pixels != NULL, "pixels is NULL");
    FG_REQUIRE(images > 0, "images is %d, expected at least 1", images);
    FG_REQUIRE(channels > 0 && channels <= FG_MAX_IMAGE_CHANNELS,
               "channels is %d, expected 1..%d", channels, FG_MAX_IMAGE_CHANNELS);
    FG_REQUIRE(side > 0, "side is %d, expected at least 1", side);
    FG_REQUIRE(fg_size_mul(&bytes, (size_t)side, (size_t)side) &&
                   fg_size_mul(&bytes, bytes, (size_t)channels) &&
                   fg_size_mul(&bytes, bytes, (size_t)images),
               "%d images of %dx%dx%d do not fit the address space", images, channels, side,
               side);
    if (labels != NULL) {
        FG_REQUIRE(classes > 0, "classes is %d, expected at least 1", classes);
        for (int n = 0; n < images; ++n)
            FG_REQUIRE(labels[n] >= 0 && labels[n] < classes,
                       "the label of image %d is %d, expected 0..%d", n, (int)labels[n],
                       classes - 1);
    }
    FG_ALLOC(dataset, 1);
    dataset->info = (fg_dataset_info){.images = images,
                                      .channels = channels,
                                      .side = side,
                                      .classes = labels != NULL ? classes : 0,
                                      .has_labels = labels != NULL};
    dataset->name = NO_NAME;
    dataset->pixels = pixels;
    dataset->labels = labels;
    *out = dataset;

cleanup:
    return status;
}

fg_status fg_dataset_view(fg_dataset **out, const fg_dataset *whole, int first, int count)
{
    fg_status status = FG_OK;
    fg_dataset *view = NULL;

    *out = NULL;
    FG_REQUIRE(whole != NULL, "the data set is NULL");
    FG_REQUIRE(first >= 0 && first < whole->info.images,
               "the first image is %d, expected 0..%d", first, whole->info.images - 1);
    FG_REQUIRE(count > 0 && count <= whole->info.images - first,
               "the number of images from image %d on is %d, expected 1..%d", first, count,
               whole->info.images - first);
    FG_ALLOC(view, 1);
    *view = *whole;
    view->owned_pixels = NULL;
    view->owned_labels = NULL;
    view->owned_name = NULL;
    view->info.images = count;
    view->pixels = fg_dataset_pixels(whole, first);
    view->labels = whole->labels != NULL ? whole->labels + first : NULL;
    *out = view;

cleanup:
    return status;
}

void fg_dataset_free(fg_dataset *dataset)
{
    if (dataset == NULL)
        return;
    free(dataset->owned_pixels);
    free(dataset->owned_labels);
    free(dataset->owned_name);
    free(dataset);
}

fg_dataset_info fg_dataset_information(const fg_dataset *dataset)
{
    return dataset->info;
}

const uint8_t *fg_dataset_pixels(const fg_dataset *dataset, int image)
{
    const size_t side = (size_t)dataset->info.side;

    assert(image >= 0 && image < dataset->info.images);
    return dataset->pixels + (size_t)image * (size_t)dataset->info.channels * side * side;
}

int fg_dataset_label(const fg_dataset *dataset, int image)
{
    assert(image >= 0 && image < dataset->info.images);
    return dataset->labels != NULL ? dataset->labels[image] : -1;
}

/* Mean and deviation from how often each value occurs: exact counts, so that neither the order
 * of the images nor cancellation matters. */
static void moments(float *mean, float *deviation, const uint64_t counts[256])
{
    double values = 0, sum = 0, squares = 0;

    for (int v = 0; v < 256; ++v) {
        values += (double)counts[v];
        sum += (double)counts[v] * v;
    }
    for (int v = 0; v < 256; ++v)
        squares += (double)counts[v] * (v - sum / values) * (v - sum / values);
    *mean = (float)(sum / values);
    *deviation = squares > 0 ? (float)sqrt(squares / values) : 1.0f;
}

fg_normalisation fg_dataset_normalisation(const fg_dataset *dataset)
{
    const fg_dataset_info *info = &dataset->info;
    const size_t plane = (size_t)info->side * (size_t)info->side;
    fg_normalisation normalisation = {.channels = info->channels};

    for (int c = 0; c < info->channels; ++c) {
        uint64_t counts[256] = {0};
        for (int n = 0; n < info->images; ++n) {
            const uint8_t *pixels = fg_dataset_pixels(dataset, n) + (size_t)c * plane;
            for (size_t i = 0; i < plane; ++i)
                ++counts[pixels[i]];
        }
        moments(&normalisation.mean[c], &normalisation.deviation[c], counts);
    }
    return normalisation;
}

uint32_t fg_dataset_checksum(const fg_dataset *dataset)
{
    const fg_dataset_info *info = &dataset->info;
    const size_t side = (size_t)info->side;
    uLong sum = crc32_z(crc32_z(0, NULL, 0), dataset->pixels,
                        (size_t)info->images * (size_t)info->channels * side * side);

    for (int n = 0; dataset->labels != NULL && n < info->images; ++n) {
        const uint32_t label = (uint32_t)dataset->labels[n];
        const Bytef bytes[] = {(Bytef)label, (Bytef)(label >> 8), (Bytef)(label >> 16),
                               (Bytef)(label >> 24)};
        sum = crc32_z(sum, bytes, sizeof bytes);
    }
    return (uint32_t)sum;
}
