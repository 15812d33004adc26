/* epoch.c - the steps of an epoch, and what it leaves behind.
 *
 * The result of a step is read when the next one is under way, so that the device always has
 * work. An epoch ends with its line of the log and then its checkpoint: after a crash in
 * between, resuming removes the line again. A log that takes no line costs the line alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/epoch.h"

#include "device/device.h"
#include "net/net.h"
#include "train/evaluate.h"
#include "train/history.h"
#include "train/recipe.h"
#include "train/weights.h"

static float rate_now(const fg_trainer *trainer)
{
    return fg_recipe_rate(&trainer->recipe, trainer->state.epoch);
}

static fg_score score_now(const fg_trainer *trainer)
{
    const fg_checkpoint_state *state = &trainer->state;

    return (fg_score){.images = state->images,
                      .loss = state->images > 0 ? state->loss / (double)state->images : 0,
                      .correct = state->correct,
                      .correct_top = state->correct_top};
}

/* validation NULL: the epoch is not at its end. */
static void report(const fg_trainer *trainer, const fg_score *validation)
{
    if (trainer->progress == NULL)
        return;
    fg_progress now = {.epoch = trainer->state.epoch + 1,
                       .epochs = trainer->recipe.epochs,
                       .step = trainer->state.step,
                       .steps = trainer->steps,
                       .rate = rate_now(trainer),
                       .training = score_now(trainer),
                       .seconds = fg_speed_seconds(&trainer->speed),
                       .images_per_second = fg_speed_of_late(&trainer->speed)};
    if (validation != NULL) {
        now.validation = *validation;
        now.images_per_second = fg_speed_of_epoch(&trainer->speed);
        now.epoch_done = 1;
    }
    trainer->progress(trainer->user, &now);
}

static bool wants_to_stop(const fg_trainer *trainer)
{
    return trainer->cancel != NULL && trainer->cancel(trainer->user) != 0;
}

/* Says where the message before it happened. */
static fg_status not_finite(const fg_trainer *trainer, int step)
{
    return fg_fail_prefix(FG_ERR_NOT_FINITE,
                          "epoch %d, step %d, rate %g: ", trainer->state.epoch + 1, step,
                          (double)rate_now(trainer));
}

/* Waits for a step and adds it to the epoch. */
static fg_status collect(fg_trainer *trainer, uint64_t number)
{
    fg_status status = FG_OK;
    fg_checkpoint_state *state = &trainer->state;
    fg_step_result result = {0};

    status = fg_net_step_result(trainer->net, number, &result);
    if (status == FG_ERR_NOT_FINITE) {
        fg_fail(status, "the loss is %g", result.loss);
        return not_finite(trainer, state->step + 1);
    }
    FG_TRY(status);
    ++state->step;
    state->images += result.images;
    state->loss += result.loss * result.images;
    state->correct += result.correct;
    state->correct_top += result.correct_top;
    fg_speed_add(&trainer->speed, result.images);
    report(trainer, NULL);

cleanup:
    return status;
}

static fg_status write_checkpoint(fg_trainer *trainer, const fg_checkpoint_state *state)
{
    if (trainer->checkpoint == NULL)
        return FG_OK;
    return fg_checkpoint_write(trainer->checkpoint, trainer->net, &trainer->device->info,
                               &trainer->recipe, state, &trainer->data);
}

/* The steps of an epoch that are left. *stopped: the caller wants no more, and the last one
 * that was begun is done. */
static fg_status run_steps(fg_trainer *trainer, bool *stopped)
{
    fg_status status = FG_OK;
    const fg_recipe *recipe = &trainer->recipe;
    const fg_sgd sgd = {rate_now(trainer), recipe->momentum, recipe->weight_decay,
                        recipe->nesterov};
    const float *pixels = NULL;
    const int32_t *labels = NULL;
    int images = 0;
    uint64_t number = 0, before = 0; /* 0: none */

    *stopped = false;
    fg_loader_start(trainer->loader, trainer->state.epoch, trainer->state.step);
    while (!*stopped && fg_loader_next(trainer->loader, &pixels, &labels, &images)) {
        FG_TRY(fg_net_step_prepared(trainer->net, &number, pixels, labels, images, &sgd));
        if (before != 0)
            FG_TRY(collect(trainer, before));
        before = number;
        *stopped = wants_to_stop(trainer);
    }
    if (before != 0)
        FG_TRY(collect(trainer, before));
    status = fg_weights_finite(trainer->net);
    if (status == FG_ERR_NOT_FINITE)
        not_finite(trainer, trainer->state.step);

cleanup:
    return status;
}

static fg_status write_line(fg_trainer *trainer, const fg_history_line *line)
{
    fg_status status = FG_OK;

    if (trainer->log == NULL)
        return FG_OK;
    if (trainer->log_begun)
        return fg_history_add(trainer->log, line);
    FG_TRY(fg_history_begin(trainer->log, line->epoch - 1, line));
    trainer->log_begun = true;

cleanup:
    return status;
}

/* What follows the steps. Cancelled in here, the state is that behind the last step. */
static fg_status finish_epoch(fg_trainer *trainer)
{
    fg_status status = FG_OK, logged = FG_OK;
    const fg_checkpoint_state next = {.epoch = trainer->state.epoch + 1};
    fg_history_line line = {.epoch = next.epoch,
                            .rate = rate_now(trainer),
                            .training = score_now(trainer),
                            .images_per_second = fg_speed_of_epoch(&trainer->speed)};

    if (trainer->validation != NULL)
        FG_TRY(fg_evaluate(trainer->net, &line.validation, trainer->validation,
                           &trainer->recipe.normalisation, trainer->cancel, trainer->user));
    line.seconds = fg_speed_epoch_seconds(&trainer->speed);
    logged = write_line(trainer, &line);
    FG_TRY(write_checkpoint(trainer, &next));
    report(trainer, &line.validation);
    trainer->state = next;
    status = logged;

cleanup:
    return status;
}

fg_status fg_epoch_run(fg_trainer *trainer)
{
    fg_status status = FG_OK;
    bool stopped = false;

    fg_speed_begin_epoch(&trainer->speed);
    FG_TRY(run_steps(trainer, &stopped));
    fg_speed_end_steps(&trainer->speed);
    if (!stopped) {
        status = finish_epoch(trainer);
        if (status != FG_ERR_CANCELLED)
            return status;
    }
    FG_TRY(write_checkpoint(trainer, &trainer->state));
    status = fg_fail(FG_ERR_CANCELLED, "stopped in epoch %d behind step %d",
                     trainer->state.epoch + 1, trainer->state.step);

cleanup:
    return status;
}
