/* match.h - do model, data and batch size belong together?
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_MATCH_H
#define FG_TRAIN_MATCH_H

#include "data/batch.h"

/* A model's name, with classes, channels and side from the data where it does not give them.
 * For fg_text_free.
 *
 * FG_ERR_ARGUMENT  it is no model, or what it gives contradicts the data */
fg_status fg_match_complete(char **out, const char *model, const fg_dataset *dataset);

/* FG_ERR_ARGUMENT  images of another size than the network's, or more classes than it has */
fg_status fg_match_data(const fg_plan *plan, const fg_dataset *dataset);

/* FG_ERR_ARGUMENT  a training batch leaves one value per channel, which has no variance */
fg_status fg_match_batches(const fg_plan *plan, const fg_batch_config *config);

#endif
