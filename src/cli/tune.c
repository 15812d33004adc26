/* tune.c - filigree tune: measures what computes a network's operations fastest, and notes it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "interrupt.h"
#include "model.h"
#include "options.h"

#define MOST_IMAGES 1000000

enum {
    KEY_MODEL = OPTION_FIRST_KEY,
    KEY_BATCH,
    KEY_INFER,
    KEY_DEVICE,
    KEY_OUTPUT,
    KEY_SAME_BITS,
    KEY_AGAIN,
    KEY_MERGE
};

static const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "What to tune for:", 1},
    {"model", KEY_MODEL, "MODEL", 0, MODEL_HELP("Network"), 0},
    {"batch", KEY_BATCH, "N", 0, "Images of one step (64)", 0},
    {"infer", KEY_INFER, NULL, 0, "For evaluation and prediction alone, not for training", 0},
    {"device", KEY_DEVICE, "MATCH", 0, OPTION_DEVICE_HELP, 0},
    {NULL, 0, NULL, 0, "What to choose among:", 2},
    {"same-bits", KEY_SAME_BITS, NULL, 0,
     "Only tiles, which change no result, not algorithms, which change its bits", 0},
    {"again", KEY_AGAIN, NULL, 0, "Measure again what the file has already", 0},
    {NULL, 0, NULL, 0, "Results:", 3},
    {"output", KEY_OUTPUT, "FILE", 0,
     "File that they are appended to as they come (the cache folder's tuning.txt)", 0},
    {"merge", KEY_MERGE, "FILE", 0,
     "Append those that another file has, which may be from another machine, and measure "
     "nothing",
     0},
    {NULL, 0, NULL, 0, NULL, 0}};

struct tune_options {
    const char *model;
    const char *device;
    const char *merge;
    int batch;
    bool infer;
    const char *measures; /* the first of its options that only measuring heeds; NULL: none */
    fg_tune_config config;
};

/* Milliseconds of a step's convolutions. */
struct sums {
    double before, after;
};

static void note_option(struct tune_options *options, int key)
{
    if (key == KEY_OUTPUT || key == KEY_MERGE || options->measures != NULL)
        return;
    for (const struct argp_option *option = options_table;
         option->name != NULL || option->doc != NULL; ++option)
        if (option->key == key)
            options->measures = option->name;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct tune_options *options = state->input;
    if (key >= OPTION_FIRST_KEY)
        note_option(options, key);
    switch (key) {
    case KEY_MODEL:
        options->model = text;
        return 0;
    case KEY_BATCH:
        options->batch = option_int("batch", text, 1, MOST_IMAGES);
        return 0;
    case KEY_INFER:
        options->infer = true;
        return 0;
    case KEY_DEVICE:
        options->device = text;
        return 0;
    case KEY_OUTPUT:
        options->config.output = option_path("output", text, "file");
        return 0;
    case KEY_SAME_BITS:
        options->config.algorithms = 0;
        return 0;
    case KEY_AGAIN:
        options->config.again = 1;
        return 0;
    case KEY_MERGE:
        options->merge = option_path("merge", text, "file");
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option", text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_row(void *user, const fg_tune_progress *progress)
{
    struct sums *sums = user;
    char line[64];

    console_status_clear();
    if (progress->done == 1)
        printf("count  before ms  after ms  %-34s  operation\n", "chosen");
    /* The two parts of a backward pass are measured together. */
    if (strncmp(progress->operation, "conv_phases", strlen("conv_phases")) != 0) {
        sums->before += progress->count * progress->before_ms;
        sums->after += progress->count * progress->after_ms;
    }
    printf("%4d x  %8.3f  %8.3f  %-36s  %s%s\n", progress->count, progress->before_ms,
           progress->after_ms, progress->choice, progress->operation,
           progress->known ? "  (known)" : "");
    fflush(stdout);
    if (console_is_terminal() && progress->done < progress->all) {
        snprintf(line, sizeof line, "%d of %d operations tuned", progress->done, progress->all);
        console_status(line);
    }
}

static fg_status tune(struct tune_options *options)
{
    fg_device_config device_config = FG_DEVICE_CONFIG_INIT;
    fg_net_config net_config = FG_NET_CONFIG_INIT;
    fg_device *device = NULL;
    fg_net *net = NULL;
    struct sums sums = {0};

    device_config.match = options->device;
    device_config.log = console_log;
    device_config.tuning_seconds = 0;
    net_config.model = options->model;
    net_config.images = options->batch;
    net_config.training = !options->infer;
    options->config.progress = print_row;
    options->config.cancel = interrupt_wanted;
    options->config.user = &sums;
    fg_status status = fg_device_create(&device, &device_config);
    if (status == FG_OK)
        status = fg_net_create(&net, device, &net_config);
    if (status == FG_OK) {
        interrupt_start();
        if (console_is_terminal())
            console_status("tuning the first operation");
        status = fg_net_tune(net, &options->config);
    }
    if (status == FG_OK)
        printf("all convolutions: %.1f ms before, %.1f ms after\n", sums.before, sums.after);
    fg_net_free(net);
    fg_device_free(device);
    return status;
}

static fg_status merge(const struct tune_options *options)
{
    fg_tuning_merged merged;
    const fg_status status =
        fg_tuning_merge(&merged, options->config.output, options->merge, console_log, NULL);

    if (status == FG_OK)
        printf("%s: %d results appended, %d were there\n", merged.file, merged.appended,
               merged.known);
    fg_text_free(merged.file);
    return status;
}

int command_tune(int argc, char **argv)
{
    static const struct argp argp = {options_table,
                                     parse_option,
                                     NULL,
                                     "Measures which kernels and tiles compute a network's "
                                     "convolutions fastest on a device, "
                                     "and notes it for later runs.\v"
                                     "Each result is in the file as soon as its line is "
                                     "printed; a run that was stopped goes "
                                     "on where it was.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct tune_options options = {.batch = 64, .config = FG_TUNE_CONFIG_INIT};

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (options.merge != NULL && options.measures != NULL)
        usage_fail("--merge and --%s exclude each other", options.measures);
    if (options.merge == NULL)
        option_require("model", options.model);
    const fg_status status = options.merge != NULL ? merge(&options) : tune(&options);
    console_status_clear();
    if (status == FG_ERR_CANCELLED)
        return 128 + interrupt_signal();
    return status == FG_OK ? EXIT_SUCCESS : console_failure();
}
