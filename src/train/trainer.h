/* trainer.h - what a trainer is inside, for those who make it and those who run it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_TRAINER_H
#define FG_TRAIN_TRAINER_H

#include <stdbool.h>

#include "data/loader.h"
#include "train/checkpoint.h"
#include "train/speed.h"

struct fg_trainer {
    fg_device *device;
    fg_dataset *training;   /* a view without the held-out images */
    fg_dataset *validation; /* NULL: none are held out */
    fg_net *net;
    fg_loader *loader;
    fg_recipe recipe;
    fg_checkpoint_data data;
    int steps; /* of an epoch */
    fg_checkpoint_state state;
    char *checkpoint; /* NULL: none, and so log */
    char *log;
    bool log_begun; /* it has the lines of the epochs before this one, and no others */
    bool resumed;
    fg_progress_function *progress;
    fg_cancel_function *cancel;
    void *user;
    fg_speed speed;
    bool failed; /* state and net may not be those of the same step */
};

#endif
