/* batchnorm.h - what batch norm keeps on the device. C11 and OpenCL C.
 *
 * Statistics belong to a feature and are made once, when it is written; scale and shift belong
 * to the norm that a source is read through. docs/sources.md has the algebra of the
 * backward pass.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BATCHNORM_H
#define FG_BATCHNORM_H

#include "chunks.h"

/* Of one channel over a batch. */
struct fg_statistics {
    float mean;
    float variance; /* biased: divided by the number of pixels */
};

/* Of one channel, over its readers r done so far in the backward pass. */
struct fg_sums {
    float gamma_d_beta;  /* sum over r of gamma_r d_beta_r */
    float gamma_d_gamma; /* sum over r of gamma_r d_gamma_r */
};

/* What a reader does to channel c of its input: max(scale*x + shift, floor). 1, 0, 0, 1 without
 * a norm. */
struct fg_affine {
    float scale; /* gamma / sigma */
    float shift; /* beta - gamma mu / sigma */
    float mean;
    float inverse; /* 1 / sigma */
};

/* Turns what readers have added up into the gradient of a channel: dx = G + q (x - mean) + c.
 */
struct fg_coefficients {
    float q;
    float mean;
    float c;
    float unused; /* a size that kernels can load at once */
};

/* Where one channel of a norm's running statistics is, and what it follows. */
struct fg_running {
    fg_i32 slot;     /* of the batch's statistics */
    fg_i32 mean;     /* element of the running statistics */
    fg_i32 variance; /* ditto */
    fg_i32 pixels;   /* of one image of the map */
};

FG_SHARED_ASSERT(sizeof(struct fg_running) == 16, running_size);
FG_SHARED_ASSERT(sizeof(struct fg_affine) == 16, affine_size);
FG_SHARED_ASSERT(sizeof(struct fg_coefficients) == 16, coefficients_size);

/* Floats of per-chunk sums of `channels` channels: two sums, FG_LANES lanes each,
 * [chunks][channels][2][FG_LANES]. */
#define FG_PARTIALS_FLOATS(chunks, channels) ((chunks) * (channels)*2 * FG_LANES)

/* What a reader's norms take for mean and variance. */
enum fg_affine_mode {
    FG_AFFINE_BATCH,  /* training: statistics of the batch */
    FG_AFFINE_RUNNING /* evaluation: running statistics */
};

struct fg_batchnorm_args {
    struct fg_chunks chunks; /* of the map that is normalised */
    fg_i32 image_runs; /* statistics: 1 where lanes start anew in every image, 0 where in every
                          chunk */
    fg_i32 mode;       /* affine: enum fg_affine_mode */
    fg_i32 channels;   /* of the reader, or of the feature */
    fg_i32 first_slot; /* statistics, coefficients: of the feature's first channel */
    fg_i32 first_source; /* affine, backward: in the table */
};

#endif
