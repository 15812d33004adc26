/* trainer.c - a training run: what it needs, and its checks. Its epochs are in epoch.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/dataset.h"
#include "device/device.h"
#include "net/net.h"
#include "train/epoch.h"
#include "train/history.h"
#include "train/match.h"
#include "train/recipe.h"

static fg_status copy_path(char **out, const char *path)
{
    if (path == NULL)
        return FG_OK;
    *out = fg_text_copy(path);
    return *out == NULL ? FG_ERR_MEMORY : FG_OK;
}

/* taken  out, what a run from the start would take the place of; NULL: nothing */
static fg_status check_config(const char **taken, const fg_train_config *config)
{
    fg_status status = FG_OK;
    bool same = false, empty = true;

    *taken = NULL;
    FG_REQUIRE(
        config->struct_size == sizeof *config,
        "struct_size of the config is %zu, expected %zu: start from FG_TRAIN_CONFIG_INIT",
        config->struct_size, sizeof *config);
    if (config->checkpoint != NULL)
        FG_TRY(fg_file_check(config->checkpoint));
    if (config->checkpoint != NULL && config->log != NULL)
        FG_TRY(fg_file_same(&same, config->checkpoint, config->log));
    FG_REQUIRE(!same, "%s: cannot be checkpoint and log at once", config->log);
    if (config->log != NULL)
        FG_TRY(fg_history_check(&empty, config->log));
    if (config->checkpoint != NULL && fg_file_exists(config->checkpoint))
        *taken = config->checkpoint;
    else if (!empty)
        *taken = config->log;

cleanup:
    return status;
}

static fg_checkpoint_data describe(const fg_dataset *dataset)
{
    const fg_dataset_info info = fg_dataset_information(dataset);

    return (fg_checkpoint_data){info.images, info.classes, fg_dataset_checksum(dataset)};
}

static fg_status split_data(fg_trainer *trainer, const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    const fg_dataset_info info = fg_dataset_information(dataset);
    const int held_out = trainer->recipe.validation;

    FG_REQUIRE(info.has_labels, "%s has no labels, which training needs", dataset->name);
    FG_REQUIRE(held_out < info.images,
               "validation is %d, expected less than the %d images of %s", held_out,
               info.images, dataset->name);
    FG_TRY(fg_dataset_view(&trainer->training, dataset, 0, info.images - held_out));
    if (held_out > 0)
        FG_TRY(
            fg_dataset_view(&trainer->validation, dataset, info.images - held_out, held_out));
    if (trainer->recipe.normalisation.channels == 0)
        trainer->recipe.normalisation = fg_dataset_normalisation(trainer->training);

cleanup:
    return status;
}

/* All but the initial state. model is complete. */
static fg_status assemble(fg_trainer *trainer, fg_device *device, const fg_train_config *config,
                          const fg_dataset *dataset, const char *model)
{
    fg_status status = FG_OK;
    fg_net_config net_config = FG_NET_CONFIG_INIT;

    trainer->device = device;
    trainer->progress = config->progress;
    trainer->cancel = config->cancel;
    trainer->user = config->user;
    FG_TRY(copy_path(&trainer->checkpoint, config->checkpoint));
    FG_TRY(copy_path(&trainer->log, config->log));
    FG_TRY(split_data(trainer, dataset));

    const fg_batch_config batches = fg_batch_for_training(trainer->training, &trainer->recipe);
    FG_TRY(fg_batch_check(&batches));
    trainer->steps = fg_batch_steps(&batches);
    net_config.model = model;
    net_config.images = trainer->recipe.batch;
    net_config.seed = trainer->recipe.seed;
    net_config.memory_target = config->memory_target;
    FG_TRY(fg_net_create(&trainer->net, device, &net_config));
    FG_TRY(fg_match_data(fg_net_plan(trainer->net), dataset));
    FG_TRY(fg_match_batches(fg_net_plan(trainer->net), &batches));
    FG_TRY(fg_loader_create(&trainer->loader, &batches));

cleanup:
    return status;
}

fg_status fg_trainer_create(fg_trainer **out, fg_device *device, const fg_train_config *config,
                            const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    fg_trainer *trainer = NULL;
    char *model = NULL;
    const char *taken = NULL;

    *out = NULL;
    FG_TRY(check_config(&taken, config));
    FG_REQUIRE(config->model != NULL, "the model is NULL");
    FG_TRY(fg_recipe_check(&config->recipe));
    FG_TRY(fg_match_complete(&model, config->model, dataset));
    FG_CHECK(config->overwrite || taken == NULL, FG_ERR_FILE,
             "%s: is there already, and is neither to be resumed nor overwritten", taken);
    FG_ALLOC(trainer, 1);
    trainer->recipe = config->recipe;
    trainer->data = describe(dataset);
    FG_TRY(assemble(trainer, device, config, dataset, model));
    if (config->weights != NULL)
        FG_TRY(fg_net_load(trainer->net, config->weights));
    *out = trainer;
    trainer = NULL;

cleanup:
    fg_text_free(model);
    fg_trainer_free(trainer);
    return status;
}

/* Of other data the same number of images would do for a run, but not for the one that is
 * resumed. */
static fg_status check_data(const fg_checkpoint_data *data, const fg_checkpoint *stored,
                            const char *name, const char *path)
{
    fg_status status = FG_OK;
    const fg_checkpoint_data *before = &stored->data;

    FG_REQUIRE(data->images == before->images, "%s has %d images, but %s was trained on %d",
               name, data->images, path, before->images);
    FG_REQUIRE(data->classes == before->classes, "%s has %d classes, but %s was trained on %d",
               name, data->classes, path, before->classes);
    FG_REQUIRE(data->checksum == before->checksum,
               "%s has other images or labels than %s was trained on", name, path);

cleanup:
    return status;
}

/* Other algorithms than those of the run so far would give other bits. */
static fg_status check_algorithms(const fg_net *net, const fg_checkpoint *stored,
                                  const char *path, bool accepted)
{
    fg_status status = FG_OK;
    char *ours = NULL;

    FG_TRY(fg_net_algorithms(&ours, net));
    if (strcmp(ours, stored->algorithms) == 0)
        goto cleanup;
    FG_REQUIRE(
        accepted,
        "%s: algorithms of its convolutions were: %s; this run would have: %s, which gives "
        "other bits; accept_tuning (--accept-tuning) goes on all the same",
        path, stored->algorithms, ours);
    fg_log_line(&net->device->log, FG_LOG_WARN,
                "algorithms of convolutions were: %s; now: %s: bits differ", stored->algorithms,
                ours);

cleanup:
    fg_text_free(ours);
    return status;
}

static void compare_devices(const fg_device *device, const fg_checkpoint *stored)
{
    if (strcmp(device->info.name, stored->device) != 0 ||
        strcmp(device->info.driver, stored->driver) != 0)
        fg_log_line(
            &device->log, FG_LOG_WARN,
            "the checkpoint is from %s (driver %s), this is %s (driver %s): the same bits "
            "are not promised",
            stored->device, stored->driver, device->info.name, device->info.driver);
}

fg_status fg_trainer_resume(fg_trainer **out, fg_device *device, const fg_train_config *config,
                            const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    fg_trainer *trainer = NULL;
    fg_checkpoint stored = {0};
    const char *taken = NULL;
    int begun;

    *out = NULL;
    FG_TRY(check_config(&taken, config));
    FG_REQUIRE(config->checkpoint != NULL, "the checkpoint to resume is NULL");
    FG_TRY(fg_checkpoint_open(&stored, config->checkpoint));
    FG_ALLOC(trainer, 1);
    trainer->recipe = stored.recipe;
    trainer->state = stored.state;
    trainer->resumed = true;
    trainer->data = describe(dataset);
    if (config->recipe.epochs != 0)
        trainer->recipe.epochs = config->recipe.epochs;
    begun = stored.state.epoch + (stored.state.step > 0);
    FG_REQUIRE(trainer->recipe.epochs >= begun, "epochs is %d, but %s is in epoch %d already",
               trainer->recipe.epochs, config->checkpoint, begun);
    FG_TRY(check_data(&trainer->data, &stored, dataset->name, config->checkpoint));
    FG_TRY(assemble(trainer, device, config, dataset, stored.model));
    FG_TRY(check_algorithms(trainer->net, &stored, config->checkpoint,
                            config->accept_tuning != 0));
    FG_CHECK(stored.state.step <= trainer->steps, FG_ERR_FILE,
             "%s: state.step is %d, but an epoch has %d steps", config->checkpoint,
             stored.state.step, trainer->steps);
    FG_TRY(fg_checkpoint_restore(&stored, trainer->net));
    fg_net_resume(trainer->net, (uint64_t)stored.state.epoch * (uint64_t)trainer->steps +
                                    (uint64_t)stored.state.step);
    compare_devices(device, &stored);
    *out = trainer;
    trainer = NULL;

cleanup:
    fg_checkpoint_close(&stored);
    fg_trainer_free(trainer);
    return status;
}

void fg_trainer_free(fg_trainer *trainer)
{
    if (trainer == NULL)
        return;
    fg_loader_free(trainer->loader);
    fg_net_free(trainer->net);
    fg_dataset_free(trainer->validation);
    fg_dataset_free(trainer->training);
    free(trainer->checkpoint);
    free(trainer->log);
    free(trainer);
}

fg_net *fg_trainer_net(const fg_trainer *trainer)
{
    return trainer->net;
}

const fg_recipe *fg_trainer_recipe(const fg_trainer *trainer)
{
    return &trainer->recipe;
}

/* Lines behind the checkpoint's epoch go before the run; a run from the start leaves an older
 * log until it has a line for it. */
static fg_status resume_log(fg_trainer *trainer)
{
    fg_status status = FG_OK;

    if (trainer->log == NULL || !trainer->resumed || trainer->log_begun)
        return FG_OK;
    FG_TRY(fg_history_begin(trainer->log, trainer->state.epoch, NULL));
    trainer->log_begun = true;

cleanup:
    return status;
}

fg_status fg_trainer_run(fg_trainer *trainer)
{
    fg_status status = FG_OK;

    FG_REQUIRE(!trainer->failed, "this trainer has failed before: resume from its checkpoint");
    FG_TRY(resume_log(trainer));
    fg_speed_begin(&trainer->speed);
    while (status == FG_OK && trainer->state.epoch < trainer->recipe.epochs)
        status = fg_epoch_run(trainer);
    trainer->failed = status != FG_OK && status != FG_ERR_CANCELLED;

cleanup:
    return status;
}
