/* cifar.h - reads the binary files of CIFAR-10 and CIFAR-100.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_CIFAR_H
#define FG_DATA_CIFAR_H

#include "base/status.h"

#define FG_CIFAR_CHANNELS 3
#define FG_CIFAR_SIDE 32

typedef enum fg_cifar_kind { FG_CIFAR_10, FG_CIFAR_100 } fg_cifar_kind;

/* 10 or 100. */
int fg_cifar_classes(fg_cifar_kind kind);

/* Reads files one behind the other. Of CIFAR-100's two labels it takes the fine one.
 *
 * pixels  out, [images][3][32][32], for free()
 * labels  out, [images], for free()
 *
 * FG_ERR_FILE  not readable, no such file, or damaged: the message names the file and the field
 */
fg_status fg_cifar_read(uint8_t **pixels, int32_t **labels, int *images, fg_cifar_kind kind,
                        const char *const *paths, int count);

#endif
