/* algorithm.c - what computes the forward pass of a convolution, and the memory that it needs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/algorithm.h"

#include <string.h>

#include "plan/plan.h"

#define GEMM_SLACK 128 /* both sides of a matrix are rounded up to the library's tiles */

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

bool fg_algorithm_can(fg_algorithm algorithm, const fg_conv_shape *shape)
{
    const bool drops =
        shape->in_dropout != FG_DROPOUT_NONE || shape->out_dropout != FG_DROPOUT_NONE;

    switch (algorithm) {
    case FG_ALGORITHM_DIRECT:
        return true;
    case FG_ALGORITHM_GEMM:
        return !drops;
    case FG_ALGORITHM_FFT:
    case FG_ALGORITHM_WINOGRAD:
    case FG_ALGORITHMS:
        break;
    }
    return false;
}

/* The tile of all pixels [in_channels][taps][pixels], what the library makes of it, of as much
 * again, and of the weights. */
static size_t gemm_bytes(const fg_conv_shape *shape)
{
    const size_t rows = (size_t)shape->in_channels * (size_t)(shape->side * shape->side);
    const size_t pixels = (size_t)shape->images * (size_t)(shape->height * shape->width);
    const size_t all = rows + (size_t)shape->out_channels + GEMM_SLACK;

    return (2 * all * (pixels + GEMM_SLACK) + all * (rows + GEMM_SLACK)) * sizeof(float);
}

size_t fg_algorithm_tile_bytes(fg_algorithm algorithm, const fg_conv_shape *shape)
{
    size_t bytes = 0;

    switch (algorithm) {
    case FG_ALGORITHM_GEMM:
        bytes = gemm_bytes(shape);
        break;
    case FG_ALGORITHM_DIRECT:
    case FG_ALGORITHM_FFT:
    case FG_ALGORITHM_WINOGRAD:
    case FG_ALGORITHMS:
        break;
    }
    return bytes < FG_TILE_BYTES_MOST ? bytes : FG_TILE_BYTES_MOST;
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
