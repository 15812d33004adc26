/* tune.c - see tune.h; and fg_net_tune.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/tune.h"

#include <math.h>
#include <stdlib.h>

#include "net/search.h"

/* choice: out, for fg_text_free */
static fg_status record(char **choice, const fg_search *s, const fg_tuning *tuning,
                        fg_tuning_origin origin)
{
    fg_status status = FG_OK;
    const fg_tuning_choice chosen = fg_search_choice(s);
    fg_text text = {0};

    fg_tuning_choice_print(&text, s->task->part, &chosen);
    FG_TRY(fg_text_take(choice, &text));
    FG_TRY(fg_tuning_append(tuning, &(fg_tuning_line){.origin = origin,
                                                      .operation = s->task->operation,
                                                      .choice = *choice,
                                                      .before_ms = s->before_ms,
                                                      .after_ms = s->after_ms}));

cleanup:
    return status;
}

/* With FG_POISON, what was measured in is as new memory is. */
static fg_status forget(const fg_net *net)
{
    fg_status status = FG_OK;

    for (int i = 0; net->device->poison && i < net->plan->region_count; ++i)
        FG_TRY(fg_buffer_fill(net->regions[i], 0, net->regions[i]->bytes / sizeof(float), NAN));

cleanup:
    return status;
}

/* ---- at first use ---- */

#define LEAST_WORK 2e8  /* multiply-adds of a pass: a net that does less is fast anyway */
#define WORTH_WORK 0.98 /* of it: what is left gains nothing that could be seen */

/* What says that a net was tuned at its first use. */
static fg_status name_of(char **out, const fg_plan *plan)
{
    fg_text text = {0};

    fg_text_append(&text, "net %s images=%d training=%d", plan->network.name, plan->images,
                   plan->training);
    return fg_text_take(out, &text);
}

static fg_status search_first_use(fg_net *net, const fg_task *task, double deadline)
{
    fg_status status = FG_OK;
    fg_search s = {0};
    char *choice = NULL;

    FG_TRY(fg_search_begin(&s, net, task, deadline));
    FG_TRY(fg_search_turn(&s, FG_CONV_DIAL_PIXELS));
    FG_TRY(fg_search_compare(&s));
    FG_TRY(record(&choice, &s, &net->tuning, FG_TUNING_FIRST_USE));

cleanup:
    fg_text_free(choice);
    fg_search_end(&s);
    return status;
}

static fg_status search_all(int *done, fg_net *net, const fg_tasks *tasks, double deadline)
{
    fg_status status = FG_OK;
    double covered = 0.0;

    for (int i = 0; i < tasks->count && covered < WORTH_WORK * tasks->work; ++i) {
        const fg_task *task = &tasks->list[i];
        covered += task->work;
        if (fg_tuning_find(&net->tuning, task->operation) != NULL ||
            (task->part == FG_CONV_PART_FORWARD &&
             net->plan->ops[task->op].algorithm != FG_ALGORITHM_DIRECT))
            continue;
        if (fg_measure_seconds() >= deadline)
            break;
        FG_TRY(search_first_use(net, task, deadline));
        ++*done;
    }

cleanup:
    return status;
}

/* What was found goes into the net by the way of the file, as at every later start. */
static fg_status adopt(fg_net *net)
{
    fg_status status = FG_OK;

    fg_tuning_close(&net->tuning);
    FG_TRY(fg_tuning_open(&net->tuning, net->device, NULL));
    for (int i = 0; i < net->plan->op_count; ++i)
        if (net->plan->ops[i].kind == FG_OP_CONV)
            FG_TRY(fg_net_tile(net, i));

cleanup:
    return status;
}

static fg_status tune_first_use(fg_net *net, const char *name, double deadline)
{
    fg_status status = FG_OK;
    const double begun = fg_measure_seconds();
    fg_tasks tasks = {0};
    int done = 0;

    FG_TRY(fg_tasks_create(&tasks, net->plan));
    if (tasks.work * net->plan->images < LEAST_WORK)
        goto cleanup;
    FG_TRY(fg_tuning_check(&net->tuning));
    FG_TRY(search_all(&done, net, &tasks, deadline));
    FG_TRY(fg_tuning_append(&net->tuning, &(fg_tuning_line){.origin = FG_TUNING_FIRST_USE,
                                                            .operation = name,
                                                            .choice = FG_TUNING_DONE}));
    if (done > 0) {
        FG_TRY(adopt(net));
        FG_TRY(forget(net));
        fg_log_line(&net->device->log, FG_LOG_INFO,
                    "%s: tuned %d of %d operations in %.1f s, and noted it in %s",
                    net->plan->network.name, done, tasks.count, fg_measure_seconds() - begun,
                    net->tuning.path);
    }

cleanup:
    fg_tasks_clear(&tasks);
    return status;
}

fg_status fg_tune_first_use(fg_net *net, double seconds)
{
    fg_status status = FG_OK;
    const double deadline = fg_measure_seconds() + seconds;
    char *name = NULL;

    /* A trace is of the net's own work. */
    if (!(seconds > 0) || net->tuning.named || net->tuning.path == NULL ||
        net->device->trace != NULL)
        return FG_OK;
    FG_TRY(name_of(&name, net->plan));
    if (fg_tuning_find(&net->tuning, name) != NULL)
        goto cleanup;
    status = tune_first_use(net, name, deadline);
    if (status == FG_ERR_FILE) {
        fg_tuning_warn(net->device);
        status = FG_OK;
    }

cleanup:
    fg_text_free(name);
    return status;
}

/* ---- fg_net_tune ---- */

static fg_status search_thoroughly(fg_search *s, fg_net *net, const fg_task *task,
                                   bool algorithms)
{
    fg_status status = FG_OK;

    FG_TRY(fg_search_begin(s, net, task, INFINITY));
    FG_TRY(fg_search_turn(s, FG_CONV_DIAL_TILE));
    FG_TRY(fg_search_turn(s, FG_CONV_DIAL_PIXELS));
    FG_TRY(fg_search_turn(s, FG_CONV_DIAL_LANES));
    FG_TRY(fg_search_compare(s));
    if (algorithms && task->part == FG_CONV_PART_FORWARD)
        FG_TRY(fg_search_candidates(s));

cleanup:
    return status;
}

static fg_status tune_task(fg_tune_progress *out, fg_net *net, const fg_task *task,
                           const fg_tuning *tuning, bool algorithms, char **choice)
{
    fg_status status = FG_OK;
    fg_search s = {0};

    FG_TRY(search_thoroughly(&s, net, task, algorithms));
    FG_TRY(record(choice, &s, tuning, FG_TUNING_TUNE));
    out->choice = *choice;
    out->before_ms = s.before_ms;
    out->after_ms = s.after_ms;

cleanup:
    fg_search_end(&s);
    return status;
}

/* The line of a task that is not to be measured. */
static const fg_tuning_line *find_known(const fg_tuning *tuning, const fg_task *task,
                                        const fg_tune_config *config)
{
    const fg_tuning_line *line = fg_tuning_find(tuning, task->operation);

    return line != NULL && line->origin == FG_TUNING_TUNE && !config->again ? line : NULL;
}

/* What is measured must find its way into the file. */
static fg_status check_file(const fg_tuning *tuning, const fg_tasks *tasks,
                            const fg_tune_config *config)
{
    for (int i = 0; i < tasks->count; ++i)
        if (find_known(tuning, &tasks->list[i], config) == NULL)
            return fg_tuning_check(tuning);
    return FG_OK;
}

static fg_status tune_tasks(fg_net *net, const fg_tune_config *config, const fg_tuning *tuning,
                            const fg_tasks *tasks)
{
    fg_status status = FG_OK;
    char *choice = NULL;

    for (int i = 0; i < tasks->count; ++i) {
        const fg_task *task = &tasks->list[i];
        const fg_tuning_line *known = find_known(tuning, task, config);
        fg_tune_progress progress = {.done = i + 1,
                                     .all = tasks->count,
                                     .operation = task->operation,
                                     .count = task->count};
        FG_CHECK(config->cancel == NULL || !config->cancel(config->user), FG_ERR_CANCELLED,
                 "tuning was stopped");
        if (known != NULL) {
            progress.choice = known->choice;
            progress.before_ms = known->before_ms;
            progress.after_ms = known->after_ms;
            progress.known = 1;
        } else {
            FG_TRY(tune_task(&progress, net, task, tuning, config->algorithms, &choice));
        }
        if (config->progress != NULL)
            config->progress(config->user, &progress);
        fg_text_free(choice);
        choice = NULL;
    }

cleanup:
    fg_text_free(choice);
    return status;
}

fg_status fg_net_tune(fg_net *net, const fg_tune_config *config)
{
    fg_status status = FG_OK;
    fg_tuning tuning = {0};
    fg_tasks tasks = {0};

    FG_REQUIRE(config->struct_size == sizeof *config,
               "struct_size of fg_tune_config is %zu, expected %zu", config->struct_size,
               sizeof *config);
    FG_TRY(fg_tuning_open_new(&tuning, net->device, config->output));
    FG_TRY(fg_tasks_create(&tasks, net->plan));
    FG_TRY(check_file(&tuning, &tasks, config));
    net->backward_ready = false;
    net->kept = false; /* kernels that are measured pack in orders of their own */
    FG_TRY(tune_tasks(net, config, &tuning, &tasks));
    FG_TRY(forget(net));

cleanup:
    fg_tasks_clear(&tasks);
    fg_tuning_close(&tuning);
    return status;
}
