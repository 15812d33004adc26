/* device.c - options of every command that opens a device to compute on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device.h"

#include "console.h"
#include "options.h"

enum { KEY_DEVICE = OPTION_FIRST_KEY + 200, KEY_TUNING, KEY_TUNE };

static const struct argp_option options_table[] = {
    {"device", KEY_DEVICE, "MATCH", 0, OPTION_DEVICE_HELP, 0},
    {"tuning", KEY_TUNING, "FILE", 0,
     "What `filigree tune' has found out (the cache folder's tuning.txt)", 0},
    {"tune", KEY_TUNE, "SECONDS", 0,
     "How long, up to 3600, a network that is new to the device may be tuned before it starts, "
     "or "
     "off; it changes no result (FG_TUNE, else 2)",
     0},
    {NULL, 0, NULL, 0, NULL, 0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct device_options *options = state->input;
    switch (key) {
    case KEY_DEVICE:
        options->match = text;
        return 0;
    case KEY_TUNING:
        options->tuning = option_path("tuning", text, "file");
        return 0;
    case KEY_TUNE:
        if (fg_device_tuning_seconds(&options->tuning_seconds, text, "--tune") != FG_OK)
            usage_fail("%s", fg_error_message());
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp device_argp = {options_table, parse_option, NULL, NULL, NULL, NULL, NULL};

fg_status device_open(fg_device **out, const struct device_options *options)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    config.match = options->match;
    config.log = console_log;
    config.tuning = options->tuning;
    config.tuning_seconds = options->tuning_seconds;
    return fg_device_create(out, &config);
}
