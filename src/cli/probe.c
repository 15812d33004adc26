/* probe.c - filigree probe: computes what another implementation of a network can be compared
 * with.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "console.h"
#include "device.h"
#include "model.h"
#include "options.h"

#define MOST_STEPS 1000000

enum {
    KEY_MODEL = OPTION_FIRST_KEY,
    KEY_WEIGHTS,
    KEY_BATCH,
    KEY_OUT,
    KEY_STEPS,
    KEY_RATE,
    KEY_MOMENTUM,
    KEY_NO_NESTEROV,
    KEY_WEIGHT_DECAY,
    KEY_MEMORY
};

static const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "Case:", 1},
    {"model", KEY_MODEL, "MODEL", 0, MODEL_HELP("Network"), 0},
    {"weights", KEY_WEIGHTS, "FILE", 0, "safetensors file with every tensor of the network", 0},
    {"batch", KEY_BATCH, "FILE", 0, "safetensors file with images [N][C][H][W] and labels [N]",
     0},
    {"out", KEY_OUT, "FILE", 0,
     "safetensors file to write: logits, loss, grad.*, eval_logits, after1.* and, with "
     "--steps, "
     "losses and after.*",
     0},
    {"memory", KEY_MEMORY, "SETTING", 0, OPTION_MEMORY_HELP, 0},
    {NULL, 0, NULL, 0, "Gradient descent:", 2},
    {"steps", KEY_STEPS, "N", 0, "Steps from the stored weights on the same batch (0)", 0},
    {"lr", KEY_RATE, "R", 0, "Learning rate (0.1)", 0},
    {"momentum", KEY_MOMENTUM, "M", 0, "Momentum (0.9)", 0},
    {"no-nesterov", KEY_NO_NESTEROV, NULL, 0, "Plain momentum instead of Nesterov's", 0},
    {"weight-decay", KEY_WEIGHT_DECAY, "W", 0, "Weight decay, on all parameters (0.0001)", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

struct probe_options {
    fg_probe_config config;
    struct device_options device;
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct probe_options *options = state->input;
    fg_probe_config *config = &options->config;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->device;
        return 0;
    case KEY_MODEL:
        config->model = text;
        return 0;
    case KEY_WEIGHTS:
        config->weights = option_path("weights", text, "file");
        return 0;
    case KEY_BATCH:
        config->batch = option_path("batch", text, "file");
        return 0;
    case KEY_OUT:
        config->out = option_path("out", text, "file");
        return 0;
    case KEY_STEPS:
        config->steps = option_int("steps", text, 0, MOST_STEPS);
        return 0;
    case KEY_RATE:
        config->sgd.rate = option_number("lr", text, 0, 1e6);
        return 0;
    case KEY_MOMENTUM:
        config->sgd.momentum = option_number_but("momentum", text, 0, 1, 1);
        return 0;
    case KEY_NO_NESTEROV:
        config->sgd.nesterov = 0;
        return 0;
    case KEY_WEIGHT_DECAY:
        config->sgd.weight_decay = option_number("weight-decay", text, 0, 1e6);
        return 0;
    case KEY_MEMORY:
        config->memory_target = option_memory("memory", text);
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option", text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_probe(int argc, char **argv)
{
    static const struct argp_child children[] = {DEVICE_ARGP_CHILD, {NULL, 0, NULL, 0}};
    static const struct argp argp = {
        options_table,
        parse_option,
        NULL,
        "Runs one training pass, one evaluation pass and, if asked, some steps of gradient "
        "descent on given weights and images, with what training runs, and writes the results.",
        children,
        NULL,
        NULL};
    struct probe_options options = {FG_PROBE_CONFIG_INIT, DEVICE_OPTIONS_INIT};
    fg_device *device = NULL;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    option_require("model", options.config.model);
    option_require("weights", options.config.weights);
    option_require("batch", options.config.batch);
    option_require("out", options.config.out);

    fg_status status = device_open(&device, &options.device);
    if (status == FG_OK)
        status = fg_probe_run(device, &options.config);
    const int exit_status = status == FG_OK ? EXIT_SUCCESS : console_failure();
    fg_device_free(device);
    return exit_status;
}
