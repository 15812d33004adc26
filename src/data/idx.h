/* idx.h - reads IDX files, plain or compressed with gzip.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_IDX_H
#define FG_DATA_IDX_H

#include "base/status.h"

/* Square images of bytes.
 *
 * pixels  out, [images][side][side], for free()
 *
 * FG_ERR_FILE  not readable, no such file, or damaged: the message names the file and the field
 */
fg_status fg_idx_read_images(uint8_t **pixels, int *images, int *side, const char *path);

/* labels  out, [count], for free() */
fg_status fg_idx_read_labels(uint8_t **labels, int *count, const char *path);

#endif
