/* trained.c - what eval and predict have in common: a trained network and images for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trained.h"

#include "console.h"
#include "model.h"
#include "options.h"

#define MOST_IMAGES 1000000

enum {
    KEY_CHECKPOINT = OPTION_FIRST_KEY,
    KEY_WEIGHTS,
    KEY_MODEL,
    KEY_DATA,
    KEY_SPLIT,
    KEY_IMAGES,
    KEY_LABELS,
    KEY_NORMALISE,
    KEY_BATCH,
    KEY_JSON
};

static const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "Network:", 1},
    {"checkpoint", KEY_CHECKPOINT, "FILE", 0, "What `filigree train' wrote", 0},
    {"weights", KEY_WEIGHTS, "FILE", 0,
     "Or: a safetensors file with weights alone, and --model", 0},
    {"model", KEY_MODEL, "MODEL", 0,
     MODEL_HELP(
         "Its network") "; classes that it does not give come from the weights, channels "
                        "and image side from the data",
     0},
    {NULL, 0, NULL, 0, "Images:", 2},
    {"data", KEY_DATA, "DIR", 0, "Folder with IDX, CIFAR-10 or CIFAR-100 files", 0},
    {"split", KEY_SPLIT, "NAME", 0, "Its train or test images (test)", 0},
    {"images", KEY_IMAGES, "FILE", 0, "Or: an IDX file of images", 0},
    {"labels", KEY_LABELS, "FILE", 0, "IDX file of their labels", 0},
    {"normalise", KEY_NORMALISE, "MEANS:DEVIATIONS", 0,
     "mean,..:deviation,.. of each channel, on the scale 0..255 (from the checkpoint; with "
     "--weights from the training images in --data)",
     0},
    {"batch", KEY_BATCH, "N", 0, "Images that are worked on together (100)", 0},
    {NULL, 0, NULL, 0, "Output:", 3},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    static const char *const splits[] = {"train", "test", NULL};
    struct trained_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->device;
        return 0;
    case KEY_CHECKPOINT:
        options->checkpoint = option_path("checkpoint", text, "file");
        return 0;
    case KEY_WEIGHTS:
        options->weights = option_path("weights", text, "file");
        return 0;
    case KEY_MODEL:
        options->model = text;
        return 0;
    case KEY_DATA:
        options->data = option_path("data", text, "folder");
        return 0;
    case KEY_SPLIT:
        options->split =
            option_choice("split", text, splits) == 0 ? FG_SPLIT_TRAIN : FG_SPLIT_TEST;
        return 0;
    case KEY_IMAGES:
        options->images = option_path("images", text, "file");
        return 0;
    case KEY_LABELS:
        options->labels = option_path("labels", text, "file");
        return 0;
    case KEY_NORMALISE:
        options->normalisation = option_normalisation("normalise", text);
        return 0;
    case KEY_BATCH:
        options->batch = option_int("batch", text, 1, MOST_IMAGES);
        return 0;
    case KEY_JSON:
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option", text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {DEVICE_ARGP_CHILD, {NULL, 0, NULL, 0}};
const struct argp trained_argp = {options_table, parse_option, NULL, NULL,
                                  children,      NULL,         NULL};

void trained_check(const struct trained_options *options)
{
    if (options->weights != NULL) {
        if (options->checkpoint != NULL)
            usage_fail("--checkpoint and --weights exclude each other");
        option_require("model", options->model);
        if (options->data == NULL && options->normalisation.channels == 0)
            usage_fail("--normalise is missing: with --weights and without --data nothing says "
                       "how to normalise");
    } else {
        option_require("checkpoint", options->checkpoint);
        if (options->model != NULL)
            usage_fail("--model goes with --weights; a checkpoint names its own model");
    }
    if (options->data != NULL) {
        if (options->images != NULL || options->labels != NULL)
            usage_fail("--data and --images or --labels exclude each other");
    } else if (options->images == NULL && options->labels == NULL) {
        option_require("data", options->data);
    } else {
        option_require("images", options->images);
    }
}

/* How images were normalised in training, as far as can be known. */
static fg_status find_normalisation(fg_normalisation *out,
                                    const struct trained_options *options)
{
    if (options->normalisation.channels > 0) {
        *out = options->normalisation;
        return FG_OK;
    }
    if (options->checkpoint != NULL) {
        fg_recipe recipe = FG_RECIPE_INIT;
        const fg_status status = fg_checkpoint_recipe(options->checkpoint, NULL, &recipe);
        *out = recipe.normalisation;
        return status;
    }
    fg_dataset *training = NULL;
    const fg_status status = fg_dataset_open(&training, options->data, FG_SPLIT_TRAIN);
    if (status == FG_OK)
        *out = fg_dataset_normalisation(training);
    fg_dataset_free(training);
    return status;
}

static fg_status open_net(struct trained *out, const struct trained_options *options)
{
    const fg_dataset_info data = fg_dataset_information(out->dataset);
    fg_net_config config = FG_NET_CONFIG_INIT;
    char *model = NULL;
    int classes = 0; /* the images may have no labels, or not those of every class */

    fg_status status = options->checkpoint != NULL
                           ? fg_checkpoint_recipe(options->checkpoint, &model, NULL)
                           : fg_weights_classes(&classes, options->weights);
    if (status == FG_OK && options->checkpoint == NULL)
        status = fg_model_complete(&model, options->model, classes, data.channels, data.side);
    config.model = model;
    config.images = options->batch < data.images ? options->batch : data.images;
    config.training = 0;
    if (status == FG_OK)
        status = fg_net_create(&out->net, out->device, &config);
    if (status == FG_OK)
        status = fg_net_load(out->net, options->checkpoint != NULL ? options->checkpoint
                                                                   : options->weights);
    fg_text_free(model);
    return status;
}

fg_status trained_open(struct trained *out, const struct trained_options *options)
{
    fg_status status = find_normalisation(&out->normalisation, options);
    if (status == FG_OK)
        status = options->data != NULL
                     ? fg_dataset_open(&out->dataset, options->data, options->split)
                     : fg_dataset_open_idx(&out->dataset, options->images, options->labels);
    if (status == FG_OK)
        status = device_open(&out->device, &options->device);
    if (status == FG_OK)
        status = open_net(out, options);
    return status;
}

void trained_close(struct trained *trained)
{
    fg_net_free(trained->net);
    fg_device_free(trained->device);
    fg_dataset_free(trained->dataset);
}
