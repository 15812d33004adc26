/* epoch.h - runs what is left of a trainer's present epoch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_EPOCH_H
#define FG_TRAIN_EPOCH_H

#include "train/trainer.h"

/* On FG_OK the trainer is at the start of the next epoch, and checkpoint and log say so.
 *
 * FG_ERR_CANCELLED   the caller's function said so; the checkpoint holds the state
 * FG_ERR_NOT_FINITE  a loss, parameter or running statistic is not; nothing was written */
fg_status fg_epoch_run(fg_trainer *trainer);

#endif
