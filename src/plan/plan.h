/* plan.h - all integers of a network: tensors, maps, operations, steps, places.
 *
 * A plan is made on the host before any device exists, and knows no OpenCL. src/net walks it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_PLAN_H
#define FG_PLAN_PLAN_H

#include "base/status.h"
#include "cl/batchnorm.h"
#include "cl/conv.h"
#include "cl/sources.h"
#include "plan/algorithm.h"
#include "plan/arena.h"
#include "plan/network.h"

/* ---- what has a name: parameters and running statistics, in order of execution ---- */

typedef enum fg_tensor_kind {
    FG_TENSOR_WEIGHTS,      /* of a convolution: [out][in / groups][side][side] */
    FG_TENSOR_LINEAR,       /* of the classifier: [classes][inputs] */
    FG_TENSOR_LINEAR_BIAS,  /* [classes] */
    FG_TENSOR_NORM_SCALE,   /* [channels] */
    FG_TENSOR_NORM_SHIFT,   /* [channels] */
    FG_TENSOR_RUNNING_MEAN, /* [channels] */
    FG_TENSOR_RUNNING_VAR   /* [channels] */
} fg_tensor_kind;

/* What a tensor holds before training. */
typedef enum fg_initial_kind {
    FG_INITIAL_CONSTANT, /* size */
    FG_INITIAL_NORMAL,   /* N(0, size^2) */
    FG_INITIAL_UNIFORM   /* U(-size, size) */
} fg_initial_kind;

typedef struct fg_tensor {
    fg_tensor_kind kind;
    char *name; /* owned; "stage1.layer3.conv1.weight" */
    int dimensions;
    int shape[4];
    size_t elements;
    size_t first;    /* its place in the parameters or running statistics; a multiple of 16 */
    size_t gradient; /* parameters: the place of its gradient; ditto */
    fg_initial_kind initial;
    float size;
} fg_tensor;

/* Batch norm: belongs to one reader (pre-activation) or to a feature that many read. */
typedef struct fg_norm {
    int channels;
    int scale, shift, mean, variance; /* tensors */
    int first_running;                /* of its channels in the table of running statistics */
} fg_norm;

/* ---- maps: channel-major features, [channels][pitch] ---- */

typedef enum fg_map_kind {
    FG_MAP_INPUT,
    FG_MAP_FEATURES,   /* list elements of a stage, one behind the other, or one alone */
    FG_MAP_RING,       /* list elements that only sums read: a place is used again and again */
    FG_MAP_SUM,        /* what an aggregation by sum gives */
    FG_MAP_INNER,      /* between two convolutions of a layer */
    FG_MAP_TRANSITION, /* between the convolution and the pool of a transition that drops between
                        * them */
    FG_MAP_POOLED,     /* what the classifier reads */
    FG_MAP_LOGITS
} fg_map_kind;

/* Pixel (image * height + row) * width + column of a channel is that element of its pitch. */
typedef struct fg_map {
    fg_map_kind kind;
    char *name; /* owned; "stage1", "stage1.layer3.inner" */
    int stage;  /* from 0; -1: input, stem, head */
    int channels;
    int height;
    int width;
    int pitch; /* floats from channel to channel: images * height * width + 16 or more, an odd
                * multiple of the alignment, so that channels do not share cache sets */
    bool normalised;    /* somebody reads it through a norm */
    int first_slot;     /* of its channels in the table of statistics; -1: not normalised */
    int values;         /* region; of what is recomputed, in forward */
    int recomputed;     /* region of its values in backward, or -1: they are kept */
    int gradients;      /* region, or -1: not wanted, or a plan without training */
    int last_forward;   /* the step that uses its values last in forward */
    int first_backward; /* ... and first behind that, or -1: none */
} fg_map;

/* ---- what operations read ---- */

/* Channels of a map, read through channels of a norm. plan->sources is made of these. */
typedef struct fg_range {
    int first_channel;
    int channels;
    int norm; /* -1: read as it is */
    int norm_channel;
    int element; /* of the stage's list that it begins in, -1: of no list; for reports */
    int adds;    /* enum fg_adds */
} fg_range;

/* A list of ranges of one map: a run of plan->ranges, and of plan->sources. */
typedef struct fg_reads {
    int map; /* -1: nothing is read */
    int first;
    int count;
    int channels; /* sum over the run */
    bool relu;
    int stride;  /* of a sum's terms: every stride-th pixel */
    bool pooled; /* by a convolution of side 1: the mean of 2x2 pixels, behind norm and ReLU; an
                  * odd last row or column is dropped */
} fg_reads;

/* ---- operations ---- */

typedef enum fg_op_kind {
    FG_OP_CONV,      /* zero padding side / 2; the classifier is one of side 1 with a bias */
    FG_OP_SUM,       /* of its sources, term by term: output channel c of channel c of each */
    FG_OP_MEAN_POOL, /* of 2x2 pixels, an odd last row or column dropped */
    FG_OP_MAX_POOL,  /* 3x3 at stride 2, padding 1 */
    FG_OP_HEAD_POOL  /* mean over each cell of a grid x grid partition of the map, cells of
                      * floor(side / grid) pixels, what is left over dropped. Channel c, cell
                      * (i, j) becomes channel (c*grid + i)*grid + j of a map of one pixel */
} fg_op_kind;

#define FG_OP_INPUTS 2

struct fg_op {
    fg_op_kind kind;
    char *name;                /* owned; "stage1.layer3.conv1" */
    fg_reads in[FG_OP_INPUTS]; /* a sum may read two maps, all others read one */
    int out_map;
    int out_first_channel;
    int out_channels;
    int weights; /* tensor, -1: not a convolution */
    int bias;    /* tensor, or -1 */
    int side;
    int stride;
    int groups;
    bool zero;      /* its weights begin at 0, so that a block begins as its shortcut */
    int grid;       /* head pool */
    bool depthwise; /* a sum whose terms' norms are weights of its own: they count as work */
    fg_dropout_kind in_dropout;  /* behind norm and ReLU */
    fg_dropout_kind out_dropout; /* before statistics are made */
    int stage;                   /* from 0; -1: stem, head; for reports, like the next one */
    int layer;                   /* in its stage, from 1; 0: none */
    int sum;     /* of a convolution: the sum of its output and another term, which it stores in
                  * its output's stead, see fold.h; -1: none */
    bool folded; /* of a sum: a convolution stores it */
    fg_algorithm algorithm; /* convolution: of its forward pass */
};

/* ---- steps: what is done in which order ---- */

typedef enum fg_step_kind {
    FG_STEP_FORWARD,
    FG_STEP_LOSS,      /* softmax, cross-entropy and its gradient */
    FG_STEP_RECOMPUTE, /* forward again, but for statistics: what it writes was not kept */
    FG_STEP_BACKWARD
} fg_step_kind;

/* Regions that live for one step alone. Sizes are those of cl/conv.h and cl/batchnorm.h. */
enum fg_scratch {
    FG_SCRATCH_PACKED,          /* weights in the order in which kernels read them */
    FG_SCRATCH_AFFINE,          /* scale, shift, mean, 1/sigma of each channel read */
    FG_SCRATCH_AFFINE_SECOND,   /* ... of a sum's second input */
    FG_SCRATCH_PARTIALS,        /* sums per chunk: statistics, or d_gamma and d_beta */
    FG_SCRATCH_PARTIALS_SECOND, /* ... d_gamma and d_beta of a sum's second input */
    FG_SCRATCH_WEIGHTS,         /* backward: weight gradients per chunk */
    FG_SCRATCH_TILE,            /* forward, of a candidate: plan/algorithm.h says how large */
    FG_SCRATCH_LIBRARY,         /* ... and what its library wants beside it */
    FG_SCRATCH_COEFFICIENTS, /* backward: of each channel written, dx = G + q (x - mean) + c */
    FG_SCRATCHES
};

typedef struct fg_step {
    fg_step_kind kind;
    int op;                    /* -1: the loss */
    int scratch[FG_SCRATCHES]; /* regions, -1 where not needed */
    int first_update;          /* in the table of updates: what is complete behind this step */
    int updates;
} fg_step;

/* A slice of the parameters whose gradient is complete and whose old value no one needs. */
typedef struct fg_update {
    size_t first;    /* element of the parameters */
    size_t gradient; /* element of the gradients */
    size_t elements;
} fg_update;

/* ---- what is allocated beside the arena: one allocation each ---- */

enum fg_part {
    FG_PART_PARAMETERS,
    FG_PART_GRADIENTS, /* of parameters; training only, like the next one */
    FG_PART_MOMENTUM,
    FG_PART_RUNNING,       /* running statistics */
    FG_PART_SOURCES,       /* struct fg_source [] */
    FG_PART_RUNNING_TABLE, /* struct fg_running [running_channels]; training only */
    FG_PART_STATISTICS,    /* struct fg_statistics [slots] */
    FG_PART_SUMS,          /* struct fg_sums [slots]; training only */
    FG_PART_LABELS,        /* int [images] */
    FG_PART_RESULTS,       /* struct fg_result [FG_STEP_RESULTS + images] */
    FG_PARTS
};

struct fg_plan {
    fg_network network;
    char *source; /* owned; the model, standing alone */
    int images;
    bool training;
    bool keep_gradients; /* of all parameters, until the step ends */
    size_t memory_bytes, allocation_bytes, alignment_bytes; /* limits as given; 0: none */
    size_t memory_target; /* FG_MEMORY_FAST, FG_MEMORY_LEAN or bytes */

    fg_tensor *tensors; /* parameters first, then running statistics */
    int tensor_count;
    int parameter_tensors;
    fg_tensor *building; /* running statistics, until they are appended to tensors */
    int building_count;
    int64_t parameters;        /* trained values */
    size_t parameter_elements; /* with the gaps of `first` */
    size_t gradient_elements;
    size_t running_elements;

    fg_norm *norms; /* in order of execution */
    int norm_count;
    fg_map *maps;
    int map_count;
    int input_map, pooled_map, logits_map;
    int slots;                  /* statistics: one per channel that is normalised */
    struct fg_running *running; /* norm by norm */
    int running_channels;

    fg_range *ranges; /* as sources, for the host */
    struct fg_source *sources;
    int range_count;

    fg_op *ops; /* in order of execution */
    int op_count;
    int64_t multiply_adds;                /* of one image forward, like the next two */
    int64_t norm_elements, relu_elements; /* values that pass a norm, a ReLU */

    fg_step *steps; /* forward, one per op; loss; backward, with recomputations */
    int step_count;
    int recomputed_maps;
    int64_t recomputed_multiply_adds; /* of one image */
    fg_update *updates;
    int update_count;

    fg_region *regions;
    int region_count;
    fg_arena arena;
    size_t part_bytes[FG_PARTS]; /* 0: not there */
    size_t device_bytes_peak;
    size_t largest_allocation;
    int largest_batch;
};

/* fg_plan_create, where chooser says what computes each convolution; NULL: direct kernels. */
fg_status fg_plan_create_chosen(fg_plan **out, const fg_plan_config *config,
                                const fg_chooser *chooser);

/* The map that an operation writes. */
static inline const fg_map *fg_op_out(const fg_plan *plan, const fg_op *op)
{
    return &plan->maps[op->out_map];
}

/* The operation whose output an operation stores. */
static inline const fg_op *fg_op_stored(const fg_plan *plan, const fg_op *op)
{
    return op->kind == FG_OP_CONV && op->sum >= 0 ? &plan->ops[op->sum] : op;
}

/* Pixels of an image that an operation counts multiply-adds for: those that it writes, or, as papers
 * count, those of a convolution whose output is pooled. */
static inline int64_t fg_op_counted_pixels(const fg_plan *plan, const fg_op *op)
{
    const fg_map *map = op->in[0].pooled ? &plan->maps[op->in[0].map] : fg_op_out(plan, op);
    return (int64_t)map->height * map->width;
}

/* Whether it sums d_gamma and d_beta of what it reads by the chunks of the map that it writes,
 * not by those of the one that it reads. */
static inline bool fg_op_walks_output(const fg_op *op)
{
    return op->kind == FG_OP_SUM || op->in[0].pooled ||
           (op->kind == FG_OP_CONV && op->stride > 1 && !fg_conv_gathers(op->side));
}

/* The region of a map's values in a step of that kind. */
static inline int fg_map_values(const fg_map *map, fg_step_kind kind)
{
    return kind != FG_STEP_FORWARD && map->recomputed >= 0 ? map->recomputed : map->values;
}

/* Whether some range is read through a norm. */
bool fg_reads_normed(const fg_plan *plan, const fg_reads *reads);

/* Fewest images of a training batch: 2 where a normalised map has one pixel, since a single
 * value has no variance; else 1. */
int fg_plan_smallest_training_batch(const fg_plan *plan);

#endif
