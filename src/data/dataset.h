/* dataset.h - what a data set is inside: images, labels, what it is called, and who owns them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_DATASET_H
#define FG_DATA_DATASET_H

#include <stdbool.h>

#include "base/status.h"

struct fg_dataset {
    fg_dataset_info info;
    bool more_classes;     /* there may be: info.classes is the highest label + 1 */
    const char *name;      /* in messages: the folder or file, or "the data set" */
    const uint8_t *pixels; /* [images][channels][side][side] */
    const int32_t *labels; /* [images]; NULL: no labels */
    uint8_t *owned_pixels; /* NULL where the memory is the caller's or another data set's */
    int32_t *owned_labels;
    char *owned_name;
};

/* CRC-32 of pixels and labels; labels count as 32-bit numbers, lowest byte first. */
uint32_t fg_dataset_checksum(const fg_dataset *dataset);

#endif
