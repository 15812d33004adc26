/* plan.c - filigree plan: a network's layers, sources, shapes and memory, without a device.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "console.h"
#include "model.h"
#include "options.h"

#define MOST_IMAGES 1000000000

enum {
    KEY_MODEL = OPTION_FIRST_KEY,
    KEY_BATCH,
    KEY_INFER,
    KEY_MEMORY,
    KEY_JSON,
    KEY_DOT,
    KEY_FLOPS,
    KEY_DEVICE,
    KEY_LIMIT
};

static const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "Network:", 1},
    {"model", KEY_MODEL, "MODEL", 0, MODEL_HELP("Network"), 0},
    {"batch", KEY_BATCH, "N", 0, "Images of one step (64)", 0},
    {"infer", KEY_INFER, NULL, 0, "Plan for evaluation and prediction alone, not for training",
     0},
    {"memory", KEY_MEMORY, "SETTING", 0, OPTION_MEMORY_HELP, 0},
    {NULL, 0, NULL, 0, "Limits (without them: none, and an alignment of 512 bytes):", 2},
    {"device", KEY_DEVICE, "MATCH", OPTION_ARG_OPTIONAL,
     "Those of a device: its number in `filigree devices', or a part of its platform's or its "
     "own name (without MATCH: FG_DEVICE, else the first)",
     0},
    {"limit", KEY_LIMIT, "BYTES[,BYTES]", 0,
     "So much memory in all and, behind the comma, in one allocation; k, M, G, Ki, Mi or Gi "
     "may "
     "follow a number",
     0},
    {NULL, 0, NULL, 0, "Output:", 3},
    {"json", KEY_JSON, NULL, 0, "One JSON object", 0},
    {"dot", KEY_DOT, NULL, 0, "Graphviz text: layers and who reads whom", 0},
    {"flops", KEY_FLOPS, "CONVENTION", 0,
     "How operations are counted: mac, multiply-adds (this is the default); sparsenet, two for "
     "each of them and one for each value that passes a norm or a ReLU; seqconv, one, four and "
     "one, in units of 2^30",
     0},
    {NULL, 0, NULL, 0, NULL, 0}};

struct plan_options {
    fg_plan_config config;
    fg_plan_format format;
    fg_flops flops;
    bool on_device;
    const char *device;
    bool limited;
};

static void set_format(struct plan_options *options, fg_plan_format format)
{
    if (options->format != FG_PLAN_TABLE && options->format != format)
        usage_fail("--json and --dot exclude each other");
    options->format = format;
}

/* In the order of fg_flops. */
static const char *const conventions[] = {"mac", "sparsenet", "seqconv", NULL};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct plan_options *options = state->input;
    size_t limits[2];
    switch (key) {
    case KEY_MODEL:
        options->config.model = text;
        return 0;
    case KEY_BATCH:
        options->config.images = option_int("batch", text, 1, MOST_IMAGES);
        return 0;
    case KEY_INFER:
        options->config.training = 0;
        return 0;
    case KEY_MEMORY:
        options->config.memory_target = option_memory("memory", text);
        return 0;
    case KEY_DEVICE:
        options->on_device = true;
        options->device = text;
        return 0;
    case KEY_LIMIT:
        option_limits("limit", text, limits);
        options->config.memory_bytes = limits[0];
        options->config.allocation_bytes = limits[1];
        options->limited = true;
        return 0;
    case KEY_JSON:
        set_format(options, FG_PLAN_JSON);
        return 0;
    case KEY_DOT:
        set_format(options, FG_PLAN_DOT);
        return 0;
    case KEY_FLOPS:
        options->flops = (fg_flops)option_choice("flops", text, conventions);
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option%s", text,
                   options->on_device && options->device == NULL ? "; write --device=MATCH"
                                                                 : "");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static fg_status take_device_limits(struct plan_options *options)
{
    fg_device *device = NULL;
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    config.match = options->device;
    config.log = console_log;

    const fg_status status = fg_device_create(&device, &config);
    if (status == FG_OK) {
        const fg_device_info *info = fg_device_information(device);
        options->config.memory_bytes = info->memory_bytes;
        options->config.allocation_bytes = info->allocation_bytes;
        options->config.alignment_bytes = info->alignment_bytes;
    }
    fg_device_free(device);
    return status;
}

/* A plan that does not fit is printed all the same; the reason follows on standard error. */
static int print_plan(const fg_plan *plan, const struct plan_options *options)
{
    char *text = NULL;
    if (fg_plan_text(&text, plan, options->format, options->flops) != FG_OK)
        return console_failure();
    fputs(text, stdout);
    fg_text_free(text);
    fflush(stdout);
    return fg_plan_fits(plan) == FG_OK ? EXIT_SUCCESS : console_failure();
}

int command_plan(int argc, char **argv)
{
    static const struct argp argp = {
        options_table,
        parse_option,
        NULL,
        "Prints a network's layers, what each reads, shapes, parameters, multiply-adds and "
        "device "
        "memory, without a device.\v"
        "Convolutions are those of the direct kernels, whatever FG_ALGORITHM or tuning says: "
        "with another algorithm a network needs other memory. "
        "Exits with status 1, and says why, if the network does not fit a limit.",
        NULL,
        NULL,
        NULL};
    struct plan_options options = {.config = FG_PLAN_CONFIG_INIT};
    fg_plan *plan = NULL;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    option_require("model", options.config.model);
    if (options.on_device && options.limited)
        usage_fail("--device and --limit exclude each other");
    option_memory_check("memory", options.config.memory_target, options.config.training != 0);

    fg_status status = options.on_device ? take_device_limits(&options) : FG_OK;
    if (status == FG_OK)
        status = fg_plan_create(&plan, &options.config);
    const int exit_status = status == FG_OK ? print_plan(plan, &options) : console_failure();
    fg_plan_free(plan);
    return exit_status;
}
