/* model.h - a network's name, taken apart: "sparsenet-bc-100-12:base=3,classes=100".
 *
 * What is made of it is plan.c. docs/models.md lists names and options.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_MODEL_H
#define FG_PLAN_MODEL_H

#include <stdbool.h>

#include "base/status.h"

#define FG_MAX_STAGES 8 /* the forms for ImageNet have 4 or 5 */

typedef enum fg_family { FG_FAMILY_DENSENET, FG_FAMILY_SPARSENET } fg_family;

typedef struct fg_model {
    fg_family family;
    bool bottleneck; /* "-bc": a 1x1 convolution in front of each 3x3, and compression 0.5 */
    int depth;       /* convolutions on the main path, and the classifier */
    int stages;
    int layers[FG_MAX_STAGES];
    int growth[FG_MAX_STAGES]; /* channels that each layer adds */
    int base;                  /* SparseNet: layer l reads l - base^j */
    int stem;                  /* channels of the first convolution; option init */
    double compression;        /* width of a transition's output to that of its input */
    int pool_grid; /* side of the grid of pooled features that the classifier reads */
    int classes;
    int channels; /* of an image */
    int image;    /* side in pixels */
    bool classes_given, channels_given, image_given;
} fg_model;

/* FG_ERR_ARGUMENT with the field, its value and what is allowed. Numbers are range-checked
 * here, so that no later size overflows an int unnoticed. */
fg_status fg_model_parse(fg_model *out, const char *name);

/* The name with those options that differ from their defaults, in a fixed order: equal networks
 * have equal names. For fg_text_free. */
fg_status fg_model_name(char **out, const fg_model *model);

#endif
