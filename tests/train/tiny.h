/* tiny.h - a small network, images that it can learn, and a run over them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_TINY_H
#define FG_TESTS_TINY_H

#include "support/device_fixture.h"
#include "support/scratch.h"

#define TINY_MODEL "sparsenet-10-4"
#define TINY_SIDE 8
#define TINY_CLASSES 4
#define TINY_MOST_IMAGES 64
#define TINY_PLANE (TINY_SIDE * TINY_SIDE)
#define TINY_FULL_MODEL TINY_MODEL ":classes=4,channels=1,image=8"

static uint8_t tiny_pixels[TINY_MOST_IMAGES * TINY_PLANE];
static int32_t tiny_labels[TINY_MOST_IMAGES];

/* Noise, and one bright quarter that says the class. */
static inline fg_dataset *tiny_dataset(int images)
{
    fg_dataset *dataset = NULL;
    uint32_t noise = 1;

    for (int i = 0; i < TINY_MOST_IMAGES; ++i) {
        tiny_labels[i] = i * 7 / 3 % TINY_CLASSES;
        for (int p = 0; p < TINY_PLANE; ++p) {
            const int down = p / TINY_SIDE >= TINY_SIDE / 2;
            const int right = p % TINY_SIDE >= TINY_SIDE / 2;
            noise = noise * 1664525u + 1013904223u;
            tiny_pixels[i * TINY_PLANE + p] =
                (uint8_t)((noise >> 25) + (tiny_labels[i] == 2 * down + right ? 120u : 0u));
        }
    }
    FG_EXPECT_OK(fg_dataset_create(&dataset, tiny_pixels, tiny_labels, images, 1, TINY_SIDE,
                                   TINY_CLASSES));
    return dataset;
}

/* A run that uses all there is: a last, smaller batch, augmentation, rate steps, validation. */
static inline fg_train_config tiny_config(const char *checkpoint)
{
    fg_train_config config = FG_TRAIN_CONFIG_INIT;

    config.model = TINY_MODEL;
    config.checkpoint = checkpoint;
    config.recipe.epochs = 3;
    config.recipe.batch = 8;
    config.recipe.rate = 0.05f;
    config.recipe.rate_steps = 1;
    config.recipe.rate_epochs[0] = 2;
    config.recipe.seed = 5;
    config.recipe.mirror = 1;
    config.recipe.shift = 2;
    config.recipe.validation = 5;
    return config;
}

#define TINY_IMAGES \
    32 /* with tiny_config 27 to train on: 4 steps, the last one of 3 images \
        */
#define TINY_STEPS 4

/* Creates or resumes, runs, frees. */
static inline fg_status tiny_run(const fg_train_config *config, int images, int resume)
{
    fg_dataset *dataset = tiny_dataset(images);
    fg_trainer *trainer = NULL;
    fg_status status = (resume ? fg_trainer_resume : fg_trainer_create)(
        &trainer, fg_device_fixture(), config, dataset);

    if (status == FG_OK)
        status = fg_trainer_run(trainer);
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
    return status;
}

#endif
