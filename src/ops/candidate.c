/* candidate.c - the table of candidates, and what all of them share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/candidate.h"

#include "cl/statistics.h"
#include "ops/conv_winograd.h"
#include "ops/fft.h"
#include "ops/gemm.h"

static const fg_candidate *const candidates[FG_ALGORITHMS] = {
    [FG_ALGORITHM_DIRECT] = NULL,
#ifdef FG_HAVE_CLBLAST
    [FG_ALGORITHM_GEMM] = &fg_gemm_candidate,
#endif
#ifdef FG_HAVE_CLFFT
    [FG_ALGORITHM_FFT] = &fg_fft_candidate,
#endif
    [FG_ALGORITHM_WINOGRAD] = &fg_conv_winograd,
};

const fg_candidate *fg_candidate_of(fg_algorithm algorithm)
{
    return candidates[algorithm];
}

fg_status fg_candidate_prepare(fg_candidate_op *out, fg_kernels *kernels,
                               const fg_candidate *candidate, const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    fg_candidate_op op = {.candidate = candidate};

    *out = (fg_candidate_op){0};
    if (candidate == NULL)
        return FG_OK;
    if (!candidate->statistics)
        FG_TRY(fg_kernels_get(&op.statistics, kernels, FG_KERNEL_statistics_forward, ""));
    FG_TRY(candidate->create(&op.self, kernels, shape));
    *out = op;

cleanup:
    return status;
}

static fg_status add_statistics(const fg_candidate_op *op, const fg_conv_call *call)
{
    const fg_features *map = call->out.map;
    const struct fg_statistics_args args = {
        .chunks = fg_chunks_of(call->images, map->height, map->width),
        .pitch = map->pitch,
        .first_channel = call->out.first_channel,
        .channels = call->out.channels,
    };
    fg_launch launch = fg_launch_of(op->statistics);

    fg_launch_buffer(&launch, map->values);
    fg_launch_buffer(&launch, call->partials);
    fg_launch_value(&launch, &args, sizeof args);
    return fg_launch_run(&launch, (size_t)args.chunks.chunks, (size_t)args.channels);
}

fg_status fg_candidate_forward(const fg_candidate_op *op, const fg_conv_call *call,
                               const fg_buffer *tile)
{
    fg_status status = FG_OK;

    FG_TRY(op->candidate->forward(op->self, call, tile));
    if (call->partials != NULL && !op->candidate->statistics)
        FG_TRY(add_statistics(op, call));

cleanup:
    return status;
}

void fg_candidate_clear(fg_candidate_op *op)
{
    if (op->candidate != NULL)
        op->candidate->free(op->self);
    *op = (fg_candidate_op){0};
}
