/* report.c - what `filigree train' says at the start, at the end, and when it is stopped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "options.h"
#include "progress.h"

void report_start(const fg_trainer *trainer, const fg_device *device, int images)
{
    const fg_device_info *info = fg_device_information(device);
    const fg_plan_info plan = fg_plan_information(fg_net_plan(fg_trainer_net(trainer)));
    const int held_out = fg_trainer_recipe(trainer)->validation;
    char size[SIZE_TEXT];

    console_line("%s on %s (%s)", plan.model, info->name, info->platform);
    console_line("%d images, %d held out; %lld parameters, %s of device memory",
                 images - held_out, held_out, (long long)plan.parameters,
                 size_text(size, plan.device_bytes_peak));
}

void report_results(const fg_trainer *trainer, const fg_progress *last,
                    const fg_train_config *config)
{
    char time[TIME_TEXT];

    printf("model       %s\n", fg_plan_information(fg_net_plan(fg_trainer_net(trainer))).model);
    if (last->epoch > 0) {
        printf("epochs      %d\n", last->epoch);
        printf("training    loss %.4f, accuracy %.2f %%\n", last->training.loss,
               percent(last->training.correct, last->training.images));
    }
    if (last->validation.images > 0)
        printf("validation  loss %.4f, accuracy %.2f %%\n", last->validation.loss,
               percent(last->validation.correct, last->validation.images));
    printf("time        %s\n", time_text(time, last->seconds));
    printf("checkpoint  %s\n", config->checkpoint);
    printf("log         %s\n", config->log);
}

/* A word of a command line, in quotes where the shell would cut it up. */
static void print_word(const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, stderr);
        return;
    }
    fputc('\'', stderr);
    for (; *word != '\0'; ++word) {
        if (*word == '\'')
            fputs("'\\''", stderr);
        else
            fputc(*word, stderr);
    }
    fputc('\'', stderr);
}

void report_stopped(int signal_number, const fg_progress *last,
                    const struct report_option *options, int count)
{
    console_status_clear();
    fprintf(stderr,
            "stopped by %s in epoch %d, step %d; continue with: filigree train --resume",
            signal_number == SIGTERM ? "SIGTERM" : "Ctrl-C", last->epoch, last->step);
    for (int i = 0; i < count; ++i) {
        if (options[i].value == NULL)
            continue;
        fprintf(stderr, " --%s ", options[i].name);
        print_word(options[i].value);
    }
    fputc('\n', stderr);
}
