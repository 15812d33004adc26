/* checkpoint.h - a run's whole state in one safetensors file.
 *
 * Tensors: state.epoch and state.step (full epochs done, and steps of the next one),
 * state.images, state.correct, state.correct_top (I64) and state.loss (F64): sums over the
 * images of the epoch under way; every tensor of the net under its own name; the momentum of
 * each parameter as momentum.NAME. Metadata: the format's version, the model, the recipe, what
 * tells the training set from others, the library's version, device, driver, and what computed the
 * convolutions (fg_net_algorithms; where a file has none, direct kernels did). The same state
 * gives the same bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_CHECKPOINT_H
#define FG_TRAIN_CHECKPOINT_H

#include "data/safetensors.h"

/* Where a run is. */
typedef struct fg_checkpoint_state {
    int epoch;      /* full epochs done */
    int step;       /* steps of the next epoch done */
    int64_t images; /* ... their images, and sums over these */
    int64_t correct;
    int64_t correct_top;
    double loss;
} fg_checkpoint_state;

/* What tells a data set from others, held-out images included. */
typedef struct fg_checkpoint_data {
    int images;
    int classes;
    uint32_t checksum;
} fg_checkpoint_data;

typedef struct fg_checkpoint {
    fg_checkpoint_state state;
    fg_recipe recipe;
    fg_checkpoint_data data;
    const char *model; /* these point into file */
    const char *device;
    const char *driver;
    const char *algorithms;
    fg_safetensors *file; /* has the tensors */
} fg_checkpoint;

/* FG_ERR_FILE  not readable, damaged, or a weight file without training state */
fg_status fg_checkpoint_open(fg_checkpoint *out, const char *path);
void fg_checkpoint_close(fg_checkpoint *checkpoint);

/* Writes weights, running statistics and momentum into net, or nothing at all.
 *
 * FG_ERR_FILE  the tensors are not those of net; the message names the first */
fg_status fg_checkpoint_restore(const fg_checkpoint *checkpoint, fg_net *net);

/* Replaces path at once, or leaves it as it is. recipe has its normalisation filled in. */
fg_status fg_checkpoint_write(const char *path, fg_net *net, const fg_device_info *device,
                              const fg_recipe *recipe, const fg_checkpoint_state *state,
                              const fg_checkpoint_data *data);

#endif
