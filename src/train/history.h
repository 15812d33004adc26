/* history.h - the training log: a CSV file with one line an epoch.
 *
 * Losses are means over images, accuracies fractions of 1, top the share of images whose label
 * is among the min(5, classes) highest scores. What is not held out leaves empty fields.
 * seconds and images_per_second are those of this process: after a resumption from inside an
 * epoch they cover the rest of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_HISTORY_H
#define FG_TRAIN_HISTORY_H

#include <stdbool.h>

#include "base/status.h"

typedef struct fg_history_line {
    int epoch; /* counts from 1 */
    float rate;
    fg_score training;
    fg_score validation; /* images 0: nothing is held out */
    double images_per_second;
    double seconds;
} fg_history_line;

/* empty  out, no file or nothing in it
 *
 * FG_ERR_FILE  path cannot be written, or holds something else than a training log */
fg_status fg_history_check(bool *empty, const char *path);

/* Makes path a log of the first so many epochs, all at once: keeps their lines where there are
 * any, removes all others, and adds line unless it is NULL. */
fg_status fg_history_begin(const char *path, int epochs, const fg_history_line *line);

/* Adds a line and syncs it; on failure path is as it was. */
fg_status fg_history_add(const char *path, const fg_history_line *line);

#endif
