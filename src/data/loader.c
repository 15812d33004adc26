/* loader.c - a thread that prepares an epoch's batches ahead, so that the device never waits.
 *
 * A ring of slots: the caller reads at most one, the thread fills the others. Batch s of the
 * epoch lies in slot s % SLOTS. Counters are guarded by the mutex; the slots and the order are
 * not: the thread writes a slot only while it is not handed out, and start() waits for it to
 * finish.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/loader.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"

#define SLOTS 3 /* one in the caller's hands, one ready, one being filled */

struct slot {
    float *pixels;
    int32_t *labels; /* NULL where the data set has none */
};

struct fg_loader {
    fg_batch_config config;
    struct slot slots[SLOTS];
    int32_t *order;

    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* any of the members below */
    int epoch;
    int steps;  /* of the epoch; 0: there is nothing to do */
    int oldest; /* step of the oldest slot in use: the caller's, or else the next one's */
    int taken;  /* steps before this one have been handed out */
    int ready;  /* steps before this one are prepared */
    bool busy;  /* the thread is filling step `ready` */
    bool stop;
};

static void *run(void *argument)
{
    fg_loader *loader = argument;

    pthread_mutex_lock(&loader->mutex);
    while (!loader->stop) {
        const int step = loader->ready;
        const struct slot *slot = &loader->slots[step % SLOTS];

        if (step >= loader->steps || step - loader->oldest >= SLOTS) {
            pthread_cond_wait(&loader->changed, &loader->mutex);
            continue;
        }
        loader->busy = true;
        pthread_mutex_unlock(&loader->mutex);
        fg_batch_fill(slot->pixels, slot->labels, &loader->config, loader->order, loader->epoch,
                      step);
        pthread_mutex_lock(&loader->mutex);
        loader->busy = false;
        ++loader->ready;
        pthread_cond_broadcast(&loader->changed);
    }
    pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

/* Signals stay with the caller's threads: their handlers expect to run there. */
static fg_status start_thread(fg_loader *loader)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&loader->thread, NULL, run, loader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0
               ? FG_OK
               : fg_fail(FG_ERR_MEMORY, "no thread to prepare batches: %s", strerror(error));
}

static void free_memory(fg_loader *loader)
{
    for (int i = 0; i < SLOTS; ++i) {
        free(loader->slots[i].pixels);
        free(loader->slots[i].labels);
    }
    free(loader->order);
    pthread_cond_destroy(&loader->changed);
    pthread_mutex_destroy(&loader->mutex);
    free(loader);
}

fg_status fg_loader_create(fg_loader **out, const fg_batch_config *config)
{
    fg_status status = FG_OK;
    fg_loader *loader = NULL;

    *out = NULL;
    FG_TRY(fg_batch_check(config));
    FG_ALLOC(loader, 1);
    pthread_mutex_init(&loader->mutex,
                       NULL); /* with default attributes neither fails on Linux */
    pthread_cond_init(&loader->changed, NULL);
    loader->config = *config;
    FG_ALLOC(loader->order, config->dataset->info.images);
    for (int i = 0; i < SLOTS; ++i) {
        FG_ALLOC(loader->slots[i].pixels, fg_batch_floats(config));
        if (config->dataset->labels != NULL)
            FG_ALLOC(loader->slots[i].labels, fg_batch_images(config, 0));
    }
    FG_TRY(start_thread(loader));
    *out = loader;
    loader = NULL;

cleanup:
    if (loader != NULL)
        free_memory(loader);
    return status;
}

void fg_loader_free(fg_loader *loader)
{
    if (loader == NULL)
        return;
    pthread_mutex_lock(&loader->mutex);
    loader->stop = true;
    pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->mutex);
    pthread_join(loader->thread, NULL);
    free_memory(loader);
}

void fg_loader_start(fg_loader *loader, int epoch, int first_step)
{
    assert(first_step >= 0 && first_step <= fg_batch_steps(&loader->config));
    pthread_mutex_lock(&loader->mutex);
    loader->steps = 0; /* the thread begins no further batch */
    while (loader->busy)
        pthread_cond_wait(&loader->changed, &loader->mutex);
    fg_batch_order(loader->order, &loader->config, epoch);
    loader->epoch = epoch;
    loader->steps = fg_batch_steps(&loader->config);
    loader->oldest = loader->taken = loader->ready = first_step;
    pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->mutex);
}

bool fg_loader_next(fg_loader *loader, const float **pixels, const int32_t **labels,
                    int *images)
{
    bool found;

    pthread_mutex_lock(&loader->mutex);
    loader->oldest = loader->taken; /* the slot handed out before is free again */
    pthread_cond_broadcast(&loader->changed);
    found = loader->taken < loader->steps;
    if (found) {
        const int step = loader->taken;
        while (loader->ready <= step)
            pthread_cond_wait(&loader->changed, &loader->mutex);
        *pixels = loader->slots[step % SLOTS].pixels;
        *labels = loader->slots[step % SLOTS].labels;
        *images = fg_batch_images(&loader->config, step);
        ++loader->taken;
    }
    pthread_mutex_unlock(&loader->mutex);
    return found;
}
