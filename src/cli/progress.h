/* progress.h - shows a training run on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_PROGRESS_H
#define FG_CLI_PROGRESS_H

#include "filigree.h"

/* A bar on a terminal and a line for each epoch everywhere; start zeroed but for batch. */
struct progress {
    int batch;        /* images of a full step */
    double drawn_at;  /* seconds of the run, when the bar was last drawn */
    fg_progress last; /* the newest report */
};

/* For fg_train_config.progress; user is the struct above. */
void progress_show(void *user, const fg_progress *now);

/* Formats seconds as 0:07, 12:34 or 1:02:03. out holds TIME_TEXT bytes; returns out. */
#define TIME_TEXT 32
char *time_text(char *out, double seconds);

/* Share of correct answers in percent; 0 of 0 images is 0. */
double percent(int64_t correct, int64_t images);

#endif
