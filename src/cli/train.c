/* train.c - filigree train: from options to a run.
 *
 * What decides the bits of a run is in recipe.c; what is shown while it runs, in progress.c,
 * and before and after, in report.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "device.h"
#include "interrupt.h"
#include "model.h"
#include "options.h"
#include "progress.h"
#include "recipe.h"
#include "report.h"

#define DEFAULT_CHECKPOINT "filigree.safetensors"

enum {
    KEY_MODEL =
        OPTION_FIRST_KEY + 100, /* behind those of recipe.c, whose table is beside this */
    KEY_DROPOUT,
    KEY_INITIALISER,
    KEY_DATA,
    KEY_TRAIN_IMAGES,
    KEY_TRAIN_LABELS,
    KEY_WEIGHTS,
    KEY_CHECKPOINT,
    KEY_LOG,
    KEY_RESUME,
    KEY_ACCEPT_TUNING,
    KEY_FORCE,
    KEY_MEMORY
};

static const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "What to train on what:", 1},
    {"model", KEY_MODEL, "MODEL", 0,
     MODEL_HELP("Network") "; classes, channels and image side that it does not give come from "
                           "the data",
     0},
    {"dropout", KEY_DROPOUT, "R", 0,
     "Rate of dropout, where the network has a place for it: the option dropout=R of the model "
     "(0, or what a file says)",
     0},
    {"initialiser", KEY_INITIALISER, "WORD", 0,
     "Initial weights of convolutions, the model's option initialiser=WORD: he-out-normal, "
     "he-in-normal or he-out-uniform (by the family); those of the classifier are the model's "
     "option linear_initialiser=WORD",
     0},
    {"data", KEY_DATA, "DIR", 0, "Folder with IDX, CIFAR-10 or CIFAR-100 files", 0},
    {"train-images", KEY_TRAIN_IMAGES, "FILE", 0, "IDX file of images, instead of --data", 0},
    {"train-labels", KEY_TRAIN_LABELS, "FILE", 0, "IDX file of their labels", 0},
    {"weights", KEY_WEIGHTS, "FILE", 0, "Start from the tensors of a safetensors file", 0},
    {"memory", KEY_MEMORY, "SETTING", 0, OPTION_MEMORY_HELP, 0},
    {NULL, 0, NULL, 0, "Files:", 4},
    {"checkpoint", KEY_CHECKPOINT, "FILE", 0,
     "Written after every epoch (" DEFAULT_CHECKPOINT ")", 0},
    {"log", KEY_LOG, "FILE", 0,
     "CSV file, one line an epoch (the checkpoint's name with .csv in place of .safetensors)",
     0},
    {"resume", KEY_RESUME, NULL, 0,
     "Continue the checkpoint's run bit for bit, with its model and options; only --epochs, "
     "the "
     "files, --memory and the device may change",
     0},
    {"accept-tuning", KEY_ACCEPT_TUNING, NULL, 0,
     "Resume even where other algorithms than before compute the convolutions, and so other "
     "bits",
     0},
    {"force", KEY_FORCE, NULL, 0, "Overwrite an existing checkpoint and log", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

struct train_options {
    struct model_options model;
    const char *data;
    const char *train_images;
    const char *train_labels;
    const char *weights;
    const char *checkpoint;
    const char *log;    /* NULL: made from checkpoint */
    const char *memory; /* NULL: as its default */
    size_t memory_target;
    struct device_options device;
    bool resume;
    bool accept_tuning;
    bool force;
    struct recipe_options recipe;
};

/* What is open during a run. */
struct run {
    char *model; /* with all options; that of a checkpoint that is resumed */
    char *log;
    fg_dataset *dataset;
    fg_device *device;
    fg_trainer *trainer;
    struct progress progress;
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct train_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->recipe;
        state->child_inputs[1] = &options->device;
        return 0;
    case KEY_MODEL:
        options->model.model = text;
        return 0;
    case KEY_DROPOUT:
        options->model.dropout = model_dropout(text);
        return 0;
    case KEY_INITIALISER:
        options->model.initialiser = model_initialiser(text);
        return 0;
    case KEY_DATA:
        options->data = option_path("data", text, "folder");
        return 0;
    case KEY_TRAIN_IMAGES:
        options->train_images = option_path("train-images", text, "file");
        return 0;
    case KEY_TRAIN_LABELS:
        options->train_labels = option_path("train-labels", text, "file");
        return 0;
    case KEY_WEIGHTS:
        options->weights = option_path("weights", text, "file");
        return 0;
    case KEY_CHECKPOINT:
        options->checkpoint = option_path("checkpoint", text, "file");
        return 0;
    case KEY_LOG:
        options->log = option_path("log", text, "file");
        return 0;
    case KEY_RESUME:
        options->resume = true;
        return 0;
    case KEY_ACCEPT_TUNING:
        options->accept_tuning = true;
        return 0;
    case KEY_FORCE:
        options->force = true;
        return 0;
    case KEY_MEMORY:
        options->memory = text;
        options->memory_target = option_memory("memory", text);
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option", text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check_options(const struct train_options *options)
{
    if (options->data != NULL) {
        if (options->train_images != NULL || options->train_labels != NULL)
            usage_fail("--data and --train-images or --train-labels exclude each other");
    } else if (options->train_images == NULL && options->train_labels == NULL) {
        option_require("data", options->data);
    } else {
        option_require("train-images", options->train_images);
        option_require("train-labels", options->train_labels);
    }
    if (!options->resume) {
        option_require("model", options->model.model);
        if (options->accept_tuning)
            usage_fail("--accept-tuning goes with --resume");
        return;
    }
    if (options->force)
        usage_fail("--resume and --force exclude each other");
    if (options->weights != NULL)
        usage_fail("--resume takes its weights from the checkpoint; leave out --weights");
}

/* The checkpoint's name with .csv in place of .safetensors. For free(). */
static char *log_path(const struct train_options *options)
{
    static const char ending[] = ".safetensors";
    if (options->log != NULL)
        return copy_text(options->log);
    size_t stem = strlen(options->checkpoint);
    if (stem > strlen(ending) &&
        strcmp(options->checkpoint + stem - strlen(ending), ending) == 0)
        stem -= strlen(ending);
    char *path = malloc(stem + sizeof ".csv");
    if (path == NULL) {
        console_error("host memory ran out");
        exit(EXIT_FAILURE);
    }
    memcpy(path, options->checkpoint, stem);
    strcpy(path + stem, ".csv");
    return path;
}

/* Fills config's model and recipe, which a resumed run has from its checkpoint. */
static int make_recipe(struct run *run, fg_train_config *config,
                       const struct train_options *options)
{
    const int epochs = recipe_epochs(&options->recipe);

    if (!options->resume) {
        if (model_of(&run->model, &options->model) != FG_OK)
            return console_failure();
        config->model = run->model;
        recipe_apply(&options->recipe, &config->recipe,
                     epochs > 0 ? epochs : config->recipe.epochs);
        return EXIT_SUCCESS;
    }
    fg_recipe stored = FG_RECIPE_INIT;
    if (fg_checkpoint_recipe(options->checkpoint, &run->model, &stored) != FG_OK)
        return console_failure();
    config->model = run->model;
    config->recipe = stored;
    recipe_apply(&options->recipe, &config->recipe, stored.epochs);
    if (fg_recipe_agrees(&config->recipe, &stored) != FG_OK) {
        const char *option = recipe_differs(&options->recipe, &stored);
        console_error("%s: --%s: %s", options->checkpoint, option, fg_error_message());
        return EXIT_FAILURE;
    }
    return model_agrees(&options->model, run->model, options->checkpoint) ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}

static fg_status open_run(struct run *run, const fg_train_config *config,
                          const struct train_options *options)
{
    fg_status status =
        options->data != NULL
            ? fg_dataset_open(&run->dataset, options->data, FG_SPLIT_TRAIN)
            : fg_dataset_open_idx(&run->dataset, options->train_images, options->train_labels);
    if (status == FG_OK)
        status = device_open(&run->device, &options->device);
    if (status == FG_OK)
        status = (options->resume ? fg_trainer_resume : fg_trainer_create)(
            &run->trainer, run->device, config, run->dataset);
    return status;
}

/* Returns the exit status that a shell reports for the signal. */
static int stopped(const struct run *run, const struct train_options *options)
{
    const struct report_option words[] = {
        {"data", options->data},
        {"train-images", options->train_images},
        {"train-labels", options->train_labels},
        {"checkpoint", options->checkpoint},
        {"log", options->log},
        {"device", options->device.match},
        {"memory", options->memory},
        {"tuning", options->device.tuning},
    };
    report_stopped(interrupt_signal(), &run->progress.last, words,
                   (int)(sizeof words / sizeof words[0]));
    return 128 + interrupt_signal();
}

static int train(struct run *run, const struct train_options *options)
{
    fg_train_config config = FG_TRAIN_CONFIG_INIT;
    const int refused = make_recipe(run, &config, options);
    if (refused != EXIT_SUCCESS)
        return refused;

    run->log = log_path(options);
    config.checkpoint = options->checkpoint;
    config.log = run->log;
    config.weights = options->weights;
    config.overwrite = options->force;
    config.memory_target = options->memory_target;
    config.accept_tuning = options->accept_tuning;
    config.progress = progress_show;
    config.cancel = interrupt_wanted;
    config.user = &run->progress;
    if (open_run(run, &config, options) != FG_OK)
        return console_failure();

    run->progress.batch = fg_trainer_recipe(run->trainer)->batch;
    interrupt_start(); /* before anybody can see that the run has begun */
    report_start(run->trainer, run->device, fg_dataset_information(run->dataset).images);
    const fg_status status = fg_trainer_run(run->trainer);
    if (status == FG_ERR_CANCELLED)
        return stopped(run, options);
    if (status != FG_OK)
        return console_failure();
    console_status_clear();
    report_results(run->trainer, &run->progress.last, &config);
    return EXIT_SUCCESS;
}

int command_train(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&recipe_argp, 0, NULL, 0}, DEVICE_ARGP_CHILD, {NULL, 0, NULL, 0}};
    static const struct argp argp = {
        options_table,
        parse_option,
        NULL,
        "Trains a network.\v"
        "Results go to standard output, progress to standard error. Ctrl-C finishes the step, "
        "writes the checkpoint and exits with status 130; a second one stops at once.",
        children,
        NULL,
        NULL};
    struct train_options options = {.checkpoint = DEFAULT_CHECKPOINT,
                                    .device = DEVICE_OPTIONS_INIT};
    struct run run = {0};

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    check_options(&options);
    const int exit_status = train(&run, &options);

    fg_trainer_free(run.trainer);
    fg_device_free(run.device);
    fg_dataset_free(run.dataset);
    free(run.log);
    fg_text_free(run.model);
    recipe_options_clear(&options.recipe);
    return exit_status;
}
