/* trained.h - what eval and predict have in common: a trained network and images for it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_TRAINED_H
#define FG_CLI_TRAINED_H

#include <stdbool.h>

#include "device.h"

struct trained_options {
    const char *checkpoint; /* this, or the next two */
    const char *weights;
    const char *model;
    const char *data; /* this, or the next two */
    const char *images;
    const char *labels;
    fg_split split;
    fg_normalisation normalisation; /* channels 0: not given */
    int batch;
    bool json;
    struct device_options device;
};

#define TRAINED_OPTIONS_INIT                                                          \
    {                                                                                 \
        NULL, NULL, NULL, NULL, NULL, NULL, FG_SPLIT_TEST, {0, {0}, {0}}, 100, false, \
            DEVICE_OPTIONS_INIT                                                       \
    }

/* A child parser; its input is a struct trained_options. */
extern const struct argp trained_argp;

/* Ends the program where options are missing or exclude each other. */
void trained_check(const struct trained_options *options);

struct trained {
    fg_dataset *dataset;
    fg_device *device;
    fg_net *net;
    fg_normalisation normalisation;
};

/* out starts zeroed and goes to trained_close, also after a failure. */
fg_status trained_open(struct trained *out, const struct trained_options *options);
void trained_close(struct trained *trained);

#endif
