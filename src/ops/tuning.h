/* tuning.h - results of tuning: a file of them, and what it says for one device.
 *
 * The file is text: a head, then a line for each result (tuning_line.h). A later line goes
 * before an earlier one of the same operation, and one of fg_net_tune before one of first use.
 * Lines of other devices, drivers and versions of the library stay, and are not looked at.
 *
 * The cache folder's file, tuning.txt, is every net's that names none. Lines are appended to it
 * as they are found (base/journal.h). If it is damaged, what is whole goes into a new one, and
 * the old one is put aside, with a line in the log; so is one of another format, of which nothing is
 * kept. A file that is named is only read, and refused if it is damaged.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_TUNING_H
#define FG_OPS_TUNING_H

#include "ops/tuning_line.h"

#define FG_TUNING_FILE "tuning.txt" /* in the cache folder */

typedef struct fg_tuning {
    char device[FG_NAME_LENGTH], driver[FG_NAME_LENGTH]; /* as lines name them */
    char *path;                                          /* NULL: there is no cache folder */
    bool named;                                          /* it is not the cache folder's */
    char *text;                                          /* the lines that count, taken apart */
    fg_tuning_line *lines;
    int count;
} fg_tuning;

/* Reads the file at path; NULL: the cache folder's.
 *
 * FG_ERR_FILE  a file that is named cannot be read, or is empty or damaged */
fg_status fg_tuning_open(fg_tuning *out, fg_device *device, const char *path);

/* The same for what is about to be made: a file that is not there is an empty one. */
fg_status fg_tuning_open_new(fg_tuning *out, fg_device *device, const char *path);
void fg_tuning_close(fg_tuning *tuning);

/* What was found for an operation; NULL: nothing. */
const fg_tuning_line *fg_tuning_find(const fg_tuning *tuning, const char *operation);

/* The tilings that were found for a shape; those that were not are zeros. */
fg_status fg_tuning_variant(fg_conv_variant *out, const fg_tuning *tuning,
                            const fg_conv_shape *shape);

/* The algorithm that a line of fg_net_tune names for its forward pass; else direct: what is found
 * at first use changes no bits. */
fg_status fg_tuning_algorithm(fg_algorithm *out, const fg_tuning *tuning,
                              const fg_conv_shape *shape);

/* Appends a result to the file, which is made if need be. Of line, device, driver and library
 * are filled in here. What is open does not have it.
 *
 * FG_ERR_FILE  the file cannot be written, or there is no cache folder */
fg_status fg_tuning_append(const fg_tuning *tuning, const fg_tuning_line *line);

/* Logs the error message: what stands in the way of using the cache. Once, not for each net of the
 * device. */
void fg_tuning_warn(fg_device *device);

/* Fails as fg_tuning_append would, but where the disk is full, and writes nothing. */
fg_status fg_tuning_check(const fg_tuning *tuning);

#endif
