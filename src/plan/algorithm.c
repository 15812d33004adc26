/* algorithm.c - what computes the forward pass of a convolution, and the memory that it needs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/algorithm.h"

#include <string.h>

#include "cl/conv_winograd.h"
#include "plan/fft_pieces.h"
#include "plan/plan.h"

#define GEMM_UNIT 128 /* most rows or columns of a tile that the library rounds up to */

const char *const fg_algorithm_names[FG_ALGORITHMS] = {
    [FG_ALGORITHM_DIRECT] = "direct",
    [FG_ALGORITHM_GEMM] = "gemm",
    [FG_ALGORITHM_FFT] = "fft",
    [FG_ALGORITHM_WINOGRAD] = "winograd",
};

fg_status fg_algorithm_of(fg_algorithm *out, const char *name, const char *what)
{
    for (int i = 0; i < FG_ALGORITHMS; ++i)
        if (strcmp(name, fg_algorithm_names[i]) == 0) {
            *out = (fg_algorithm)i;
            return FG_OK;
        }
    return fg_fail(FG_ERR_ARGUMENT, "%s is \"%s\", expected direct, gemm, fft or winograd",
                   what, name);
}

/* ---- gemm: a matrix [rows][pixels] of what a group reads, times its weights ---- */

static size_t rounded(size_t value)
{
    return (value + GEMM_UNIT - 1) / GEMM_UNIT * GEMM_UNIT;
}

static size_t gemm_rows(const fg_conv_shape *shape)
{
    return (size_t)(shape->in_channels / shape->groups * shape->side * shape->side);
}

/* What the library may copy: the weights of these outputs, and of each pixel the tile's rows and the
 * product. */
static size_t gemm_weight_floats(const fg_conv_shape *shape, size_t outs)
{
    return rounded(gemm_rows(shape)) * rounded(outs);
}

static size_t gemm_pixel_floats(const fg_conv_shape *shape, size_t outs)
{
    return rounded(gemm_rows(shape)) + rounded(outs);
}

fg_gemm_tile fg_algorithm_gemm_tile(const fg_conv_shape *shape)
{
    const size_t most = FG_TILE_BYTES_MOST / sizeof(float);
    const size_t all = (size_t)shape->images * (size_t)(shape->height * shape->width);
    size_t outs = (size_t)(shape->out_channels / shape->groups), pixels;

    while (outs > GEMM_UNIT && gemm_weight_floats(shape, outs) > most / 2)
        outs = rounded(outs) - GEMM_UNIT;
    if (gemm_weight_floats(shape, outs) >= most)
        return (fg_gemm_tile){0};
    pixels = (most - gemm_weight_floats(shape, outs)) /
             (gemm_rows(shape) + gemm_pixel_floats(shape, outs)) / GEMM_UNIT * GEMM_UNIT;
    pixels = pixels < all ? pixels : all;
    return (fg_gemm_tile){
        .pixels = (int)pixels,
        .outs = (int)outs,
        .bytes = gemm_rows(shape) * pixels * sizeof(float),
        .library_bytes = (rounded(pixels) * gemm_pixel_floats(shape, outs) +
                          gemm_weight_floats(shape, outs)) *
                         sizeof(float),
    };
}

/* ---- winograd: the transformed weights ---- */

static size_t winograd_bytes(const fg_conv_shape *shape)
{
    return fg_winograd_packed_floats((size_t)shape->out_channels, (size_t)shape->in_channels) *
           sizeof(float);
}

/* ---- all of them ---- */

static bool drops(const fg_conv_shape *shape)
{
    return shape->in_dropout != FG_DROPOUT_NONE || shape->out_dropout != FG_DROPOUT_NONE;
}

static const char *gemm_obstacle(const fg_conv_shape *shape)
{
    if (drops(shape))
        return "it does no dropout";
    if (shape->pooled)
        return "it does not pool what it reads";
    return fg_algorithm_gemm_tile(shape).pixels > 0 ? NULL : "its tile would be too large";
}

static const char *winograd_obstacle(const fg_conv_shape *shape)
{
    if (shape->side != 3 || shape->stride != 1 || shape->groups != 1)
        return "it is for 3x3 at stride 1, without groups";
    return winograd_bytes(shape) <= FG_TILE_BYTES_MOST ? NULL : "its tile would be too large";
}

static const char *fft_obstacle(const fg_conv_shape *shape)
{
    fg_fft_pieces pieces;

    if (drops(shape))
        return "it does no dropout";
    if (shape->side < 3 || shape->stride != 1 || shape->groups != 1)
        return "it is for 3x3 and more at stride 1, without groups";
    return fg_fft_pieces_of(&pieces, shape) ? NULL : "its tile would be too large";
}

const char *fg_algorithm_obstacle(fg_algorithm algorithm, const fg_conv_shape *shape)
{
    switch (algorithm) {
    case FG_ALGORITHM_GEMM:
        return gemm_obstacle(shape);
    case FG_ALGORITHM_WINOGRAD:
        return winograd_obstacle(shape);
    case FG_ALGORITHM_FFT:
        return fft_obstacle(shape);
    case FG_ALGORITHM_DIRECT:
    case FG_ALGORITHMS:
        break;
    }
    return NULL;
}

bool fg_algorithm_can(fg_algorithm algorithm, const fg_conv_shape *shape)
{
    return fg_algorithm_obstacle(algorithm, shape) == NULL;
}

size_t fg_algorithm_tile_bytes(fg_algorithm algorithm, const fg_conv_shape *shape)
{
    fg_fft_pieces pieces;

    switch (algorithm) {
    case FG_ALGORITHM_GEMM:
        return fg_algorithm_gemm_tile(shape).bytes;
    case FG_ALGORITHM_WINOGRAD:
        return winograd_bytes(shape);
    case FG_ALGORITHM_FFT:
        return fg_fft_pieces_of(&pieces, shape) ? pieces.bytes : 0;
    case FG_ALGORITHM_DIRECT:
    case FG_ALGORITHMS:
        break;
    }
    return 0;
}

size_t fg_algorithm_library_bytes(fg_algorithm algorithm, const fg_conv_shape *shape)
{
    switch (algorithm) {
    case FG_ALGORITHM_GEMM:
        return fg_algorithm_gemm_tile(shape).library_bytes;
    case FG_ALGORITHM_DIRECT:
    case FG_ALGORITHM_FFT:
    case FG_ALGORITHM_WINOGRAD:
    case FG_ALGORITHMS:
        break;
    }
    return 0;
}

bool fg_algorithm_packs(fg_algorithm algorithm)
{
    return algorithm == FG_ALGORITHM_WINOGRAD;
}

fg_status fg_algorithm_choose(fg_plan *plan, const fg_chooser *chooser)
{
    fg_status status = FG_OK;

    for (int i = 0; chooser != NULL && i < plan->op_count; ++i) {
        fg_op *op = &plan->ops[i];
        if (op->kind != FG_OP_CONV)
            continue;
        const fg_conv_shape shape = fg_conv_shape_of(plan, op);
        FG_TRY(chooser->choose(&op->algorithm, chooser->user, &shape));
    }

cleanup:
    return status;
}

int fg_algorithm_count(const fg_plan *plan, fg_algorithm algorithm)
{
    int count = 0;

    for (int i = 0; i < plan->op_count; ++i)
        count += plan->ops[i].kind == FG_OP_CONV && plan->ops[i].algorithm == algorithm;
    return count;
}
