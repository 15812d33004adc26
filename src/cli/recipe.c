/* recipe.c - the options of `filigree train' that decide the bits of a run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "options.h"

/* Limits of what can be meant; whether it fits the data or the device is the library's to say.
 */
#define MOST_EPOCHS 1000000
#define MOST_IMAGES 1000000000
#define MOST_SHIFT 1024
#define CIFAR_SHIFT 4

enum {
    KEY_EPOCHS = OPTION_FIRST_KEY,
    KEY_BATCH,
    KEY_RATE,
    KEY_RATE_STEPS,
    KEY_RATE_FACTOR,
    KEY_MOMENTUM,
    KEY_NO_NESTEROV,
    KEY_WEIGHT_DECAY,
    KEY_SEED,
    KEY_AUGMENT,
    KEY_MIRROR,
    KEY_SHIFT,
    KEY_PADDING,
    KEY_NORMALISE,
    KEY_VALIDATION,
    KEY_DROP_LAST
};

static const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "Training:", 2},
    {"epochs", KEY_EPOCHS, "N", 0, "Passes over the training images (300)", 0},
    {"batch", KEY_BATCH, "N", 0, "Images of one step (64)", 0},
    {"rate", KEY_RATE, "R", 0, "Learning rate (0.1)", 0},
    {"rate-steps", KEY_RATE_STEPS, "LIST", 0,
     "After how many epochs the rate changes: whole numbers, or fractions such as 0.5,0.75 of "
     "--epochs, which are rounded to the nearest epoch, halves up, but never to 0 (none)",
     0},
    {"rate-factor", KEY_RATE_FACTOR, "F", 0, "What the rate is then multiplied by (0.1)", 0},
    {"momentum", KEY_MOMENTUM, "M", 0, "Momentum (0.9)", 0},
    {"no-nesterov", KEY_NO_NESTEROV, NULL, 0, "Plain momentum instead of Nesterov's", 0},
    {"weight-decay", KEY_WEIGHT_DECAY, "W", 0, "Weight decay, on all parameters (0.0001)", 0},
    {"seed", KEY_SEED, "N", 0, "Decides every random number (1)", 0},
    {"drop-last", KEY_DROP_LAST, NULL, 0, "Leave out a last, smaller batch", 0},
    {"validation", KEY_VALIDATION, "N", 0, "Hold out the last N training images (0)", 0},
    {NULL, 0, NULL, 0, "Images:", 3},
    {"augment", KEY_AUGMENT, NULL, 0, "The same as --mirror --shift=4", 0},
    {"mirror", KEY_MIRROR, NULL, 0, "Flip every other image left to right, at random", 0},
    {"shift", KEY_SHIFT, "N", 0, "Move images by up to N pixels, at random (0)", 0},
    {"padding", KEY_PADDING, "HOW", 0,
     "What moves in: mean (the mean colour), black or reflect (mean)", 0},
    {"normalise", KEY_NORMALISE, "MEANS:DEVIATIONS", 0,
     "mean,..:deviation,.. of each channel, on the scale 0..255 (from the training images)", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

/* A list is of one kind, so that its order does not hang on the number of epochs. */
static void set_rate_steps(fg_recipe *recipe, const char *text, int epochs)
{
    const bool fractions = strchr(text, '.') != NULL;
    char *copy = copy_text(text);
    char *parts[FG_MAX_RATE_STEPS];
    const int count = split_text(copy, ',', parts, FG_MAX_RATE_STEPS);
    double last = 0;

    bool good = count <= FG_MAX_RATE_STEPS;
    for (int i = 0; good && i < count; ++i) {
        double value;
        good = parse_number(&value, parts[i]) && value > last &&
               (fractions ? value < 1 : value <= MOST_EPOCHS && value == floor(value));
        if (!good)
            break;
        last = value;
        const int epoch = (int)(fractions ? floor(value * epochs + 0.5) : value);
        recipe->rate_epochs[i] = epoch < 1 ? 1 : epoch;
    }
    free(copy);
    if (!good)
        usage_fail(
            "--rate-steps is '%s', expected an ascending list of at most %d whole numbers "
            "1..%d, or of fractions between 0 and 1",
            text, FG_MAX_RATE_STEPS, MOST_EPOCHS);
    recipe->rate_steps = count;
}

/* Ends the program on a bad value. False: no option of this table. */
static bool set_option(fg_recipe *recipe, int key, const char *text, int epochs)
{
    static const char *const paddings[] = {"mean", "black", "reflect", NULL};
    switch (key) {
    case KEY_EPOCHS:
        recipe->epochs = option_int("epochs", text, 1, MOST_EPOCHS);
        return true;
    case KEY_BATCH:
        recipe->batch = option_int("batch", text, 1, MOST_IMAGES);
        return true;
    case KEY_RATE:
        recipe->rate = option_number_but("rate", text, 0, 1e6, 0);
        return true;
    case KEY_RATE_STEPS:
        set_rate_steps(recipe, text, epochs);
        return true;
    case KEY_RATE_FACTOR:
        recipe->rate_factor = option_number_but("rate-factor", text, 0, 1e6, 0);
        return true;
    case KEY_MOMENTUM:
        recipe->momentum = option_number_but("momentum", text, 0, 1, 1);
        return true;
    case KEY_NO_NESTEROV:
        recipe->nesterov = 0;
        return true;
    case KEY_WEIGHT_DECAY:
        recipe->weight_decay = option_number("weight-decay", text, 0, 1e6);
        return true;
    case KEY_SEED:
        recipe->seed = option_seed("seed", text);
        return true;
    case KEY_AUGMENT:
        recipe->mirror = 1;
        recipe->shift = CIFAR_SHIFT;
        return true;
    case KEY_MIRROR:
        recipe->mirror = 1;
        return true;
    case KEY_SHIFT:
        recipe->shift = option_int("shift", text, 0, MOST_SHIFT);
        return true;
    case KEY_PADDING:
        recipe->padding = (fg_padding)option_choice("padding", text, paddings);
        return true;
    case KEY_NORMALISE:
        recipe->normalisation = option_normalisation("normalise", text);
        return true;
    case KEY_VALIDATION:
        recipe->validation = option_int("validation", text, 0, MOST_IMAGES);
        return true;
    case KEY_DROP_LAST:
        recipe->drop_last = 1;
        return true;
    default:
        return false;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct recipe_options *options = state->input;
    fg_recipe scratch = FG_RECIPE_INIT;

    /* A bad value ends the program here, before any file is opened. */
    if (!set_option(&scratch, key, text, scratch.epochs))
        return ARGP_ERR_UNKNOWN;
    struct recipe_choice *grown =
        realloc(options->choices, (size_t)(options->count + 1) * sizeof *grown);
    if (grown == NULL)
        return ENOMEM;
    grown[options->count] = (struct recipe_choice){key, text};
    options->choices = grown;
    ++options->count;
    return 0;
}

const struct argp recipe_argp = {options_table, parse_option, NULL, NULL, NULL, NULL, NULL};

void recipe_apply(const struct recipe_options *options, fg_recipe *recipe, int epochs)
{
    for (int i = 0; i < options->count; ++i)
        set_option(recipe, options->choices[i].key, options->choices[i].text, epochs);
}

static const char *option_name(int key)
{
    for (const struct argp_option *option = options_table;; ++option)
        if (option->key == key)
            return option->name;
}

/* The last option that sets the field in question disagrees alone too, so one is found. */
const char *recipe_differs(const struct recipe_options *options, const fg_recipe *stored)
{
    int i = options->count;
    fg_recipe recipe;

    do {
        --i;
        recipe = *stored;
        set_option(&recipe, options->choices[i].key, options->choices[i].text, stored->epochs);
    } while (fg_recipe_agrees(&recipe, stored) == FG_OK && i > 0);
    return option_name(options->choices[i].key);
}

int recipe_epochs(const struct recipe_options *options)
{
    fg_recipe recipe = FG_RECIPE_INIT;
    recipe.epochs = 0;
    recipe_apply(options, &recipe, 1);
    return recipe.epochs;
}

void recipe_options_clear(struct recipe_options *options)
{
    free(options->choices);
    *options = (struct recipe_options){NULL, 0};
}
