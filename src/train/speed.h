/* speed.h - images per second, of late and of an epoch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_SPEED_H
#define FG_TRAIN_SPEED_H

#include <stdint.h>

/* All times in seconds of a clock that never goes back. */
typedef struct fg_speed {
    double begun;       /* the run */
    double epoch_begun; /* the epoch */
    double steps_ended; /* its last step; 0: they go on */
    int64_t images;     /* of the epoch's steps so far */
    double mark;        /* where the present window begins */
    int64_t mark_images;
    double of_late; /* images per second in the last full window; 0: there is none yet */
} fg_speed;

void fg_speed_begin(fg_speed *speed);
void fg_speed_begin_epoch(fg_speed *speed);
void fg_speed_add(fg_speed *speed, int images);
void fg_speed_end_steps(fg_speed *speed);

double fg_speed_seconds(const fg_speed *speed);
double fg_speed_epoch_seconds(const fg_speed *speed);
double fg_speed_of_late(const fg_speed *speed);

/* Of the epoch's steps, validation not counted. */
double fg_speed_of_epoch(const fg_speed *speed);

#endif
