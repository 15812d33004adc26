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
#include "cl/sources.h"
#include "plan/arena.h"
#include "plan/model.h"

/* ---- what has a name: parameters and running statistics, in order of execution ---- */

typedef enum fg_tensor_kind {
    FG_TENSOR_WEIGHTS, /* of a convolution: [out][in][side][side]; He-out-normal */
    FG_TENSOR_LINEAR,  /* of the classifier: [classes][inputs]; U(-b, b), b = 1/sqrt(inputs) */
    FG_TENSOR_LINEAR_BIAS,  /* [classes]; 0 */
    FG_TENSOR_NORM_SCALE,   /* [channels]; 1 */
    FG_TENSOR_NORM_SHIFT,   /* [channels]; 0 */
    FG_TENSOR_RUNNING_MEAN, /* [channels]; 0 */
    FG_TENSOR_RUNNING_VAR   /* [channels]; 1 */
} fg_tensor_kind;

typedef struct fg_tensor {
    fg_tensor_kind kind;
    char *name; /* owned; "stage1.layer3.conv1.weight" */
    int dimensions;
    int shape[4];
    size_t elements;
    size_t first; /* its place in the parameters or running statistics; a multiple of 16 */
} fg_tensor;

/* ---- maps: channel-major features, [channels][pitch] ---- */

typedef enum fg_map_kind {
    FG_MAP_INPUT,
    FG_MAP_FEATURES,   /* a stage's list of elements, one behind the other */
    FG_MAP_INNER,      /* between the two convolutions of a bottleneck layer */
    FG_MAP_TRANSITION, /* between the convolution and the pool of a transition */
    FG_MAP_POOLED,     /* what the classifier reads */
    FG_MAP_LOGITS
} fg_map_kind;

/* Pixel (image * height + row) * width + column of a channel is that element of its pitch. */
typedef struct fg_map {
    fg_map_kind kind;
    char *name; /* owned; "stage1", "stage1.layer3.inner" */
    int stage;  /* from 0; -1: input, pooled features, logits */
    int channels;
    int height;
    int width;
    int pitch; /* floats from channel to channel: images * height * width + 16 or more, an odd
                * multiple of the alignment, so that channels do not share cache sets */
    int first_slot; /* of its channels in the table of statistics; -1: no one normalises it */
    int values;     /* region */
    int gradients;  /* region, or -1: not wanted, or a plan without training */
} fg_map;

/* A list of channel ranges of one map: a run of the plan's table of sources. */
typedef struct fg_reads {
    int map;
    int first; /* in the table */
    int count;
    int channels; /* sum over the run */
} fg_reads;

/* Batch norm and ReLU that a reader applies while it loads. It has the reads of its reader. */
typedef struct fg_norm {
    int channels;
    int scale, shift, mean, variance; /* tensors */
    int first_running;                /* of its channels in the table of running statistics */
} fg_norm;

/* ---- operations ---- */

/* Convolution, stride 1, zero padding (side-1)/2. The classifier is one of side 1. */
typedef struct fg_conv {
    char *name;  /* owned; "stage1.layer3.conv1" */
    int weights; /* tensor */
    int bias;    /* tensor, or -1 */
    int side;    /* 1 or 3 */
    int norm;    /* or -1: reads the map as it is, without ReLU */
    fg_reads reads;
    int out_map;
    int out_first_channel;
    int out_channels;
    int layer; /* in its stage, from 1; 0 for stem, transition and head: for reports */
} fg_conv;

/* Mean of 2x2 pixels, an odd last row or column dropped: a map into channels of another. */
typedef struct fg_pool {
    char *name;
    int in_map;
    int out_map;
    int out_first_channel;
} fg_pool;

/* Batch norm, ReLU and the mean over each cell of a grid x grid partition of the map, cells of
 * floor(side/grid) pixels, what is left over dropped. Channel c, cell (i, j) becomes channel
 * (c*grid + i)*grid + j of a map of one pixel per image. */
typedef struct fg_head_pool {
    int norm;
    fg_reads reads;
    int grid;
    int out_map;
} fg_head_pool;

/* ---- steps: what is done in which order ---- */

typedef enum fg_step_kind {
    FG_STEP_CONV_FORWARD,
    FG_STEP_POOL_FORWARD,
    FG_STEP_HEAD_POOL_FORWARD,
    FG_STEP_LOSS, /* softmax, cross-entropy and its gradient */
    FG_STEP_HEAD_POOL_BACKWARD,
    FG_STEP_POOL_BACKWARD,
    FG_STEP_CONV_BACKWARD
} fg_step_kind;

/* Regions that live for one step alone. Sizes are those of cl/conv.h and cl/batchnorm.h. */
enum fg_scratch {
    FG_SCRATCH_PACKED,       /* weights in the order in which kernels read them */
    FG_SCRATCH_AFFINE,       /* scale, shift, mean, 1/sigma of each channel read */
    FG_SCRATCH_PARTIALS,     /* sums per chunk: statistics, or d_gamma and d_beta */
    FG_SCRATCH_WEIGHTS,      /* backward: weight gradients per chunk */
    FG_SCRATCH_COEFFICIENTS, /* backward: of each channel written, dx = G + q (x - mean) + c */
    FG_SCRATCHES
};

typedef struct fg_step {
    fg_step_kind kind;
    int index;                 /* of the conv, pool or head pool */
    int scratch[FG_SCRATCHES]; /* regions, -1 where not needed */
} fg_step;

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
    fg_model model;
    char *name; /* canonical */
    int images;
    bool training;
    size_t memory_bytes, allocation_bytes, alignment_bytes; /* limits as given; 0: none */

    fg_tensor *tensors; /* parameters first, then running statistics */
    int tensor_count;
    int parameter_tensors;
    int64_t parameters;        /* trained values */
    size_t parameter_elements; /* with the gaps of `first` */
    size_t running_elements;

    fg_map *maps;
    int map_count;
    int input_map, pooled_map, logits_map;
    fg_norm *norms; /* in order of execution */
    int norm_count;
    int slots;                  /* statistics: one per channel that is normalised */
    struct fg_running *running; /* norm by norm, in the order of their input channels */
    int running_channels;

    struct fg_source *sources;
    int source_count;

    fg_conv *convs; /* the last one is the classifier */
    int conv_count;
    fg_pool *pools;
    int pool_count;
    fg_head_pool head_pool;
    int64_t multiply_adds;

    fg_step *steps; /* forward, loss, backward */
    int step_count;
    int forward_steps; /* so many of them are forward; the loss is not */

    fg_region *regions;
    int region_count;
    fg_arena arena;
    size_t part_bytes[FG_PARTS]; /* 0: not there */
    size_t device_bytes_peak;
    size_t largest_allocation;
    int largest_batch;
};

/* Fewest images of a training batch: 2 where a normalised map has one pixel, since a single
 * value has no variance; else 1. */
int fg_plan_smallest_training_batch(const fg_plan *plan);

#endif
