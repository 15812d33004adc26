/* batch.h - prepares one batch for the device: order, augmentation, normalisation, layout.
 *
 * The content of a batch is a function of the config, the epoch and the step, and of nothing
 * else. Who prepares batches ahead of their use is loader.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_BATCH_H
#define FG_DATA_BATCH_H

#include <stdbool.h>

#include "base/status.h"

typedef struct fg_batch_config {
    const fg_dataset *dataset; /* borrowed */
    fg_normalisation normalisation;
    int batch;     /* images of every batch but a smaller last one */
    bool training; /* in random order, augmented; else in the data set's order, as they are */
    bool drop_last;
    bool mirror;
    int shift;
    fg_padding padding;
    uint64_t seed;
} fg_batch_config;

/* recipe->normalisation must be filled in. */
fg_batch_config fg_batch_for_training(const fg_dataset *dataset, const fg_recipe *recipe);
fg_batch_config fg_batch_for_evaluation(const fg_dataset *dataset,
                                        const fg_normalisation *normalisation, int batch);

/* FG_ERR_ARGUMENT where a field is out of range or contradicts the data set. The functions
 * below expect a config that passed. */
fg_status fg_batch_check(const fg_batch_config *config);

/* Batches of an epoch. */
int fg_batch_steps(const fg_batch_config *config);

/* Images of the batch of this step, which counts from 0. */
int fg_batch_images(const fg_batch_config *config, int step);

/* Floats that the largest batch holds. */
size_t fg_batch_floats(const fg_batch_config *config);

/* The order of an epoch's images.
 *
 * order  out, [images of the data set] */
void fg_batch_order(int32_t *order, const fg_batch_config *config, int epoch);

/* Prepares a batch.
 *
 * pixels  out, [channels][images][side][side] with images = fg_batch_images(config, step):
 *         channel by channel, as the device keeps its features, not as fg_net_forward takes them
 *
 * labels  out, [images]; not touched where the data set has none
 *
 * order   in,  of this epoch */
void fg_batch_fill(float *pixels, int32_t *labels, const fg_batch_config *config,
                   const int32_t *order, int epoch, int step);

#endif
