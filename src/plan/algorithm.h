/* algorithm.h - what computes the forward pass of a convolution, and the memory that it needs.
 *
 * Our direct kernels compute every convolution, and all backward passes. What stands beside
 * them is a candidate (src/ops/candidate.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_ALGORITHM_H
#define FG_PLAN_ALGORITHM_H

#include "base/status.h"
#include "plan/conv_shape.h"

typedef enum fg_algorithm {
    FG_ALGORITHM_DIRECT,
    FG_ALGORITHM_GEMM,
    FG_ALGORITHM_FFT,
    FG_ALGORITHM_WINOGRAD,
    FG_ALGORITHMS
} fg_algorithm;

extern const char *const fg_algorithm_names[FG_ALGORITHMS];

/* FG_ERR_ARGUMENT unless name is one of the names; what: where it stands. */
fg_status fg_algorithm_of(fg_algorithm *out, const char *name, const char *what);

/* Why it cannot compute a convolution of this shape, in words; NULL: it can. */
const char *fg_algorithm_obstacle(fg_algorithm algorithm, const fg_conv_shape *shape);
bool fg_algorithm_can(fg_algorithm algorithm, const fg_conv_shape *shape);

/* Bytes of scratch: for a tile of the input and what the algorithm makes of it, and for what a
 * library wants beside it; 0: none. Together at most FG_TILE_BYTES_MOST. */
#define FG_TILE_BYTES_MOST ((size_t)15 << 20) /* a multiple of every alignment */
size_t fg_algorithm_tile_bytes(fg_algorithm algorithm, const fg_conv_shape *shape);
size_t fg_algorithm_library_bytes(fg_algorithm algorithm, const fg_conv_shape *shape);

/* Whether its tile holds what is made of the weights, and nothing else. */
bool fg_algorithm_packs(fg_algorithm algorithm);

/* What gemm multiplies at once: a tile of so many pixels of a group, with so many of its outputs.
 * pixels 0: the rows are too long. */
typedef struct fg_gemm_tile {
    int pixels;
    int outs;
    size_t bytes, library_bytes;
} fg_gemm_tile;

fg_gemm_tile fg_algorithm_gemm_tile(const fg_conv_shape *shape);

/* Says which algorithm computes a convolution. */
typedef struct fg_chooser {
    fg_status (*choose)(fg_algorithm *out, void *user, const fg_conv_shape *shape);
    void *user;
} fg_chooser;

/* Asks for every convolution of a plan whose operations are there. chooser NULL: all direct. */
fg_status fg_algorithm_choose(fg_plan *plan, const fg_chooser *chooser);

/* Of the convolutions of a plan, those that it computes. */
int fg_algorithm_count(const fg_plan *plan, fg_algorithm algorithm);

#endif
