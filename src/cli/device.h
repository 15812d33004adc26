/* device.h - options of every command that opens a device to compute on: which one, and what is
 * known of how it computes fastest.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_DEVICE_H
#define FG_CLI_DEVICE_H

#include <argp.h>

#include "filigree.h"

struct device_options {
    const char *match;
    const char *tuning;    /* a file */
    double tuning_seconds; /* below 0: not given */
};

#define DEVICE_OPTIONS_INIT \
    {                       \
        NULL, NULL, -1      \
    }

/* A child parser; its input is a struct device_options. */
extern const struct argp device_argp;

/* How it is listed among a parser's children. */
#define DEVICE_ARGP_CHILD             \
    {                                 \
        &device_argp, 0, "Device:", 8 \
    }

/* The device logs to the console. */
fg_status device_open(fg_device **out, const struct device_options *options);

#endif
