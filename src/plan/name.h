/* name.h - a model's name taken apart: "sparsenet-bc-100-12:base=3,classes=100".
 *
 * What the families make of it is families.c. docs/models.md lists names and options.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_NAME_H
#define FG_PLAN_NAME_H

#include "plan/network.h"

/* In the order of a canonical name. */
enum fg_option {
    FG_OPTION_N, /* layers per stage */
    FG_OPTION_M, /* DelugeNet: width factor */
    FG_OPTION_R, /* ImageNet SeqConv: width factor */
    FG_OPTION_STRIDE,
    FG_OPTION_BASE,
    FG_OPTION_WINDOW,
    FG_OPTION_COMPRESSION,
    FG_OPTION_INIT,
    FG_OPTION_DROPOUT,
    FG_OPTION_INITIALISER,
    FG_OPTION_LINEAR_INITIALISER,
    FG_OPTION_POOL_GRID,
    FG_OPTION_CLASSES,
    FG_OPTION_CHANNELS,
    FG_OPTION_IMAGE,
    FG_OPTIONS
};

#define FG_FAMILY_NUMBERS 3

typedef struct fg_name fg_name;

/* How a family's names look. A family with a form for ImageNet has two entries of one prefix. */
typedef struct fg_family {
    const char *prefix; /* "sparsenet-bc" */
    struct fg_family_number {
        const char *field;  /* NULL: no further number */
        const char *before; /* what stands in front of it */
        int low, high;
        bool list; /* one for all stages, or joined by +, one for each */
    } number[FG_FAMILY_NUMBERS];
    const char *tail; /* behind the last number */

    /* Layers of a stage: (depth - minus) / divisor, rounded down; or those of the depths listed,
     * which {0} ends. Neither: the list's. */
    int minus, divisor;
    const struct fg_depth {
        int depth;
        int layers[FG_MAX_STAGES];
    } * depths;
    bool halved; /* two layers of depth are one of the stage, rounded down */
    int stages;
    bool rising;   /* stage s has s times the layers of stage 1 */
    bool imagenet; /* 1000 classes, images of 224 pixels */
    fg_initialiser initialiser;
    fg_linear_initialiser linear_initialiser;

    unsigned options;                    /* 1 << enum fg_option */
    void (*set_defaults)(fg_name *name); /* of its own options; NULL: all are 0 */
    fg_status (*fill)(fg_network *network, const fg_name *name); /* stem and stages */
} fg_family;

struct fg_name {
    const fg_family *family;
    int number[FG_FAMILY_NUMBERS]; /* the first is the depth where the family has one */
    int list[FG_MAX_STAGES];       /* of the number that is a list */
    int layers[FG_MAX_STAGES];     /* option n, or what the depth says */
    int stride;                    /* which convolution of a layer strides, from 0 */
    int r, base, window, init, initialiser, linear_initialiser;
    int pool_grid, classes, channels, image;
    double m, compression, dropout;
    unsigned given; /* options, 1 << enum fg_option */
};

/* FG_ERR_ARGUMENT with the field, its value and what is allowed. families ends with a prefix of
 * NULL. Numbers are range-checked here, so that no sum or product of them overflows. */
fg_status fg_name_parse(fg_name *out, const char *text, const fg_family *families);

/* The name with those options that differ from their defaults: equal networks of a family have
 * equal names. For fg_text_free. */
fg_status fg_name_print(char **out, const fg_name *name);

/* Whether the depth keeps the family's rule. */
bool fg_name_depth_fits(const fg_name *name);

/* The layers that depth or list say. */
void fg_name_set_layers(fg_name *name);

#endif
