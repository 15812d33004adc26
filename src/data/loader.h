/* loader.h - a thread that prepares an epoch's batches ahead, so that the device never waits.
 *
 * A loader owns one thread and all its memory from create to free and serves any number of
 * epochs:
 *
 *     FG_TRY(fg_loader_create(&loader, &config));
 *     fg_loader_start(loader, epoch, 0);
 *     while (fg_loader_next(loader, &pixels, &labels, &images))
 *         ...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_LOADER_H
#define FG_DATA_LOADER_H

#include "data/batch.h"

typedef struct fg_loader fg_loader;

/* Checks and copies config; its data set must outlive the loader.
 *
 * FG_ERR_ARGUMENT  fg_batch_check says so
 * FG_ERR_MEMORY    no memory for the batches, or no thread to be had */
fg_status fg_loader_create(fg_loader **out, const fg_batch_config *config);

/* Ends the thread, whatever it is doing. NULL is allowed. */
void fg_loader_free(fg_loader *loader);

/* Begins an epoch at batch first_step, 0..fg_batch_steps. An epoch under way is given up, and
 * what its last next call handed out becomes invalid. */
void fg_loader_start(fg_loader *loader, int epoch, int first_step);

/* Waits for the next batch and hands it out until the next call of next, start or free; false:
 * the epoch has no more. Preparing a batch cannot fail: create did all that can.
 *
 * pixels  out, [channels][images][side][side]
 * labels  out, [images]; NULL where the data set has none */
bool fg_loader_next(fg_loader *loader, const float **pixels, const int32_t **labels,
                    int *images);

#endif
