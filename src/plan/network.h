/* network.h - what a network is before any size is computed: stem, stages, head.
 *
 * A model's name makes it (families.c), or a file (description.c); build.c makes operations of
 * it. Every family is one way to fill this in, and none has code of its own behind it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_NETWORK_H
#define FG_PLAN_NETWORK_H

#include <stdbool.h>

#include "base/status.h"

#define FG_MAX_STAGES 8
#define FG_MAX_LAYER_CONVS 3
#define FG_MAX_LAYERS 10000 /* of a stage */
#define FG_MAX_WIDTH 65536  /* of one convolution */
#define FG_MAX_CLASSES 1000000
#define FG_MAX_IMAGE_CHANNELS 16
#define FG_MAX_IMAGE 4096

/* ---- what a layer reads ----
 *
 * The elements of a stage's list are x_1, x_2, ..., what its layers give, and x_0 where the entry
 * says that there is one. Layer 1 reads the stage's input, whatever the rule. */

typedef enum fg_rule {
    FG_RULE_DENSE, /* all elements before it, oldest first */
    FG_RULE_SPARSE, /* x_{l-1}, x_{l-base}, x_{l-base^2}, ... as far as there are: nearest first */
    FG_RULE_WINDOW, /* the last `window` elements there are, oldest first */
    FG_RULE_LIST    /* given, layer by layer */
} fg_rule;

typedef struct fg_sources {
    fg_rule rule;
    int base;   /* sparse: 2 or more, else 0 */
    int window; /* window: 1 or more, else 0 */
    /* list: what reader l = 1 .. layers + 1 reads is list[first[l - 1]] .. list[first[l] - 1];
     * reader layers + 1 is what follows the stage. Owned by the network. */
    int *list;
    int *first; /* [layers + 2] */
} fg_sources;

typedef enum fg_combine {
    FG_COMBINE_CONCAT,
    FG_COMBINE_SUM,      /* of the elements as they are */
    FG_COMBINE_DEPTHWISE /* of the elements, each with a norm of its own (DelugeNet) */
} fg_combine;

/* ---- layers ---- */

typedef enum fg_form {
    FG_FORM_PRE,  /* batch norm, ReLU, convolution; once per convolution */
    FG_FORM_POST, /* convolution, batch norm, ReLU; a shortcut is added before the last ReLU */
    FG_FORM_SEQ   /* residual block of two SeqConv layers */
} fg_form;

typedef struct fg_layer_conv {
    int width;  /* output channels */
    int kernel; /* side, odd */
    int groups;
} fg_layer_conv;

/* What element 0 of a stage's list is; the first layer may change width and size. */
typedef enum fg_entry {
    FG_ENTRY_INPUT,   /* the stage's input as it is; post: identity shortcuts throughout */
    FG_ENTRY_PROJECT, /* a 1x1 convolution of it: pre: of what layer 1's first norm and ReLU give;
                       * post: of the input, with a norm behind it; later shortcuts identity */
    FG_ENTRY_PAD, /* every stride-th pixel, zero channels behind; pre: behind layer 1's first
                       * norm and ReLU; later shortcuts identity */
    FG_ENTRY_NONE /* pre: there is no element 0, the list starts with x_1;
                       * post: no shortcut in any layer */
} fg_entry;

/* A SeqConv layer: groups of `channels` computed in order; see spec of SeqConv, sections 1, 2. */
typedef struct fg_seq {
    int channels;  /* of a group, k; 0: no SeqConv layer here */
    int subgroups; /* of the 3x3 in a group */
    bool bottleneck;
    bool windowed;
} fg_seq;

/* ---- stages ---- */

typedef enum fg_transition_kind {
    FG_TRANSITION_NONE,  /* the next stage's first layer strides */
    FG_TRANSITION_POOL,  /* BN ReLU Conv(1), 2x2 mean */
    FG_TRANSITION_CONV,  /* BN, no ReLU, strided convolution */
    FG_TRANSITION_EXTEND /* SeqConv extension, concatenation, strided grouped convolution */
} fg_transition_kind;

typedef struct fg_transition {
    fg_transition_kind kind;
    double compression; /* pool: output width = floor(compression * input width) */
    int width;          /* conv, extend: output channels */
    int kernel;         /* conv, extend */
    int stride;         /* conv, extend */
    int groups;         /* conv, extend: of the convolution */
    fg_seq seq;         /* extend: of the extension */
} fg_transition;

typedef struct fg_stage {
    int layers;
    fg_form form;
    int convs; /* of a layer; seq: 1, the 3x3 */
    fg_layer_conv conv[FG_MAX_LAYER_CONVS];
    int stride;      /* of the first layer, 1 or 2 */
    int stride_conv; /* ... on this convolution, from 0 */
    fg_sources sources;
    fg_combine combine; /* post and seq read one element: concat */
    fg_entry entry;
    fg_seq seq;               /* form seq; width is conv[0].width */
    fg_transition transition; /* to the next stage; none in the last */
} fg_stage;

/* ---- stem and head ---- */

typedef struct fg_stem_conv {
    int width, kernel, stride;
    bool norm;     /* batch norm and ReLU behind it */
    bool max_pool; /* 3x3 at stride 2 behind that */
} fg_stem_conv;

typedef struct fg_stem {
    int convs; /* 1 or 2 */
    fg_stem_conv conv[2];
    fg_seq seq;      /* then a SeqConv layer, never windowed nor dropped out ... */
    int seq_width;   /* ... of so many channels ... */
    int down_groups; /* ... and a 3x3 convolution at stride 2; 0: none */
} fg_stem;

typedef enum fg_head {
    FG_HEAD_NORM, /* aggregate, BN, ReLU, pool, linear */
    FG_HEAD_BARE, /* pool and linear: of what the last post layer gives */
    FG_HEAD_CONV  /* Conv(1) of as many channels, BN, ReLU, pool, linear */
} fg_head;

/* ---- dropout and initial values ---- */

typedef enum fg_dropout_kind {
    FG_DROPOUT_NONE,
    FG_DROPOUT_ELEMENTS,
    FG_DROPOUT_CHANNELS /* of each image */
} fg_dropout_kind;

typedef enum fg_dropout_place {
    FG_DROPOUT_OUTPUTS,     /* behind every convolution of layers */
    FG_DROPOUT_ALL_OUTPUTS, /* ... and of transitions */
    FG_DROPOUT_LAST_INPUT,  /* in front of the last of several convolutions of a layer */
    FG_DROPOUT_VIEWS /* seq: of what each group reads, and in front of the head's convolution */
} fg_dropout_place;

typedef struct fg_network_dropout {
    fg_dropout_kind kind;
    fg_dropout_place place;
    double rate; /* 0 <= rate < 1; 0: none */
} fg_network_dropout;

typedef enum fg_initialiser {
    FG_INIT_HE_OUT_NORMAL, /* N(0, 2 / n_out), n_out = side * side * output channels */
    FG_INIT_HE_IN_NORMAL,  /* N(0, 2 / n_in), n_in = side * side * input channels of a group */
    FG_INIT_HE_OUT_UNIFORM /* U(-b, b), b = sqrt(6 / n_out) */
} fg_initialiser;

typedef enum fg_linear_initialiser {
    FG_INIT_LINEAR_INPUTS, /* U(-b, b), b = 1 / sqrt(inputs): Torch */
    FG_INIT_LINEAR_OUTPUTS /* U(-b, b), b = sqrt(3 / outputs): SeqConv */
} fg_linear_initialiser;

/* ---- words of all these in options and files, in the same order; NULL ends them ---- */

extern const char *const fg_form_words[];
extern const char *const fg_rule_words[]; /* none for a list, which is written as one */
extern const char *const fg_combine_words[];
extern const char *const fg_entry_words[];
extern const char *const fg_transition_words[];
extern const char *const fg_head_words[];
extern const char *const fg_dropout_kind_words[]; /* from FG_DROPOUT_ELEMENTS on */
extern const char *const fg_dropout_place_words[];
extern const char *const fg_initialiser_words[];
extern const char *const fg_linear_initialiser_words[];

/* ---- all of it ---- */

typedef struct fg_network {
    char *name; /* owned; canonical model name, or the file's `name` */
    char *text; /* owned; the file it was read from, NULL: a built-in name */
    int classes;
    int channels; /* of an image */
    int image;    /* side in pixels */
    bool classes_given, channels_given, image_given;
    fg_stem stem;
    int stages;
    fg_stage stage[FG_MAX_STAGES];
    fg_head head;
    int pool_grid; /* side of the grid of pooled features that the classifier reads */
    fg_network_dropout dropout;
    fg_initialiser initialiser;
    fg_linear_initialiser linear_initialiser;
} fg_network;

/* model: a name, "sparsenet-40-12:classes=100" (docs/models.md), or a file, which has a / in it
 * or ends in .yaml or .yml (docs/networks.md). Or what fg_network_source gave. */
fg_status fg_network_of(fg_network *out, const char *model);

/* A model that stands alone: the name, and where the network was read from a file, a line break
 * and the file's text. For fg_text_free. */
fg_status fg_network_source(char **out, const fg_network *network);

/* From the text of a file. path: for messages, with the same options behind it; the network's
 * name where the text gives none. So a network is made again from its text and its name. */
fg_status fg_network_of_text(fg_network *out, const char *text, const char *path);

/* Frees what it owns; a zeroed one, too. */
void fg_network_clear(fg_network *network);

/* ---- checks ---- */

/* Where in a network something is wrong: description.c finds line and column by it. */
typedef struct fg_place {
    int stage;        /* from 0; -1: not in a stage */
    const char *part; /* "stem", "transition", "seq", ... NULL: the stage or network itself */
    const char *key;  /* NULL: all of it */
    int index;        /* of a value of a list; -1: all of it */
} fg_place;

/* Every rule that a network keeps, so that nothing behind it checks again: what may stand
 * together, that widths and sides fit, and limits that keep later sizes from overflowing: a map
 * has at most 2^20 channels, all norms 2^26, all layers 2^24 sources and 2^20 convolutions, and
 * an image needs less than 2^63 multiply-adds. One line with field, value and what is allowed;
 * *place says where. */
fg_status fg_network_check(const fg_network *network, fg_place *place);

#endif
