/* gemm.c - convolution as a multiplication of matrices by CLBlast.
 *
 * For each group, and some pixels at a time: tile [channels * taps][pixels] by cl/tile.cl, times
 * weights [outputs][channels * taps], straight into the output's map. CLBlast works in column-major
 * order here, in which both the tile and the map are what its kernels want, so that it transposes
 * the weights alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/gemm.h"

#include <stdlib.h>

#include <clblast_c.h>

#include "device/trace.h"
#include "ops/tile.h"

struct gemm {
    fg_conv_shape shape;
    fg_gemm_tile most;
    fg_tile_op tile;
};

/* One product: m pixels, n outputs of a group, k rows of the tile. */
struct product {
    size_t m, n, k;
    size_t first_weight;
    size_t first_out; /* element of the output's map */
    size_t out_pitch;
    float beta;
};

static fg_status fail(const char *call, CLBlastStatusCode code)
{
    return fg_fail(FG_ERR_DEVICE, "%s: status %d of CLBlast", call, (int)code);
}

static void gemm_free(void *self)
{
    free(self);
}

static size_t rows_of(const fg_conv_shape *shape)
{
    return (size_t)(shape->in_channels / shape->groups * shape->side * shape->side);
}

/* Whether what CLBlast wants beside a full tile fits into what the plan gives it. */
static fg_status check_library_bytes(const struct gemm *gemm, fg_device *device)
{
    const size_t m = (size_t)gemm->most.pixels, n = (size_t)gemm->most.outs;
    const size_t k = rows_of(&gemm->shape);
    size_t wanted = 0;
    fg_status status = FG_OK;
    const CLBlastStatusCode code = CLBlastSGemmTempBufferSize(
        CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeNo, m, n, k, 0, m, 0, k, 1,
        m, &device->queue, &wanted);

    if (code != CLBlastSuccess)
        return fail("CLBlastSGemmTempBufferSize", code);
    FG_CHECK(wanted <= gemm->most.library_bytes, FG_ERR_DEVICE,
             "CLBlast wants %zu bytes beside the tile, expected at most %zu", wanted,
             gemm->most.library_bytes);

cleanup:
    return status;
}

static fg_status gemm_create(void **out, fg_kernels *kernels, const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    struct gemm *gemm = NULL;

    *out = NULL;
    FG_ALLOC(gemm, 1);
    gemm->shape = *shape;
    gemm->most = fg_algorithm_gemm_tile(shape);
    if (kernels->device->is_cpu)
        FG_TRY(fg_gemm_override(kernels->device));
    FG_TRY(check_library_bytes(gemm, kernels->device));
    FG_TRY(fg_tile_prepare(&gemm->tile, kernels));
    *out = gemm;
    gemm = NULL;

cleanup:
    gemm_free(gemm);
    return status;
}

static fg_status multiply(const fg_conv_call *call, const fg_buffer *tile,
                          const struct product *p)
{
    fg_device *device = tile->device;
    cl_event event = NULL;
    const CLBlastStatusCode code = CLBlastSgemmWithTempBuffer(
        CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeNo, p->m, p->n, p->k, 1.0f,
        tile->memory, 0, p->m, call->parameters->memory, p->first_weight, p->k, p->beta,
        call->out.map->values->memory, p->first_out, p->out_pitch, &device->queue,
        device->trace != NULL ? &event : NULL, call->library->memory);

    if (code != CLBlastSuccess)
        return fail("CLBlastSgemmWithTempBuffer", code);
    if (device->trace != NULL)
        fg_trace_add(device->trace, "clblast_sgemm", event);
    return FG_OK;
}

/* The part's pixels of all outputs of its group. */
static fg_status multiply_part(const struct gemm *gemm, const fg_conv_call *call,
                               const fg_buffer *tile, const fg_tile_part *part)
{
    const fg_conv_shape *shape = &gemm->shape;
    const int outs = shape->out_channels / shape->groups;
    const size_t pitch = (size_t)call->out.map->pitch, rows = rows_of(shape);
    fg_status status = FG_OK;

    for (int k = 0; k < outs; k += gemm->most.outs) {
        const int out = part->group * outs + k, left = outs - k;
        const struct product p = {
            .m = (size_t)part->pixels,
            .n = (size_t)(left < gemm->most.outs ? left : gemm->most.outs),
            .k = rows,
            .first_weight = call->first_weight + (size_t)out * rows,
            .first_out = (size_t)(call->out.first_channel + out) * pitch + (size_t)part->first,
            .out_pitch = pitch,
            .beta = call->first_bias >= 0 ? 1.0f : 0.0f,
        };
        FG_TRY(multiply(call, tile, &p));
    }

cleanup:
    return status;
}

static fg_status gemm_forward(void *self, const fg_conv_call *call, const fg_buffer *tile)
{
    const struct gemm *gemm = self;
    const fg_conv_shape *shape = &gemm->shape;
    const int all = call->images * shape->height * shape->width;
    fg_status status = FG_OK;

    if (call->first_bias >= 0)
        FG_TRY(fg_tile_bias(&gemm->tile, call));
    for (int group = 0; group < shape->groups; ++group)
        for (int first = 0; first < all; first += gemm->most.pixels) {
            const int left = all - first;
            const fg_tile_part part = {group, first,
                                       left < gemm->most.pixels ? left : gemm->most.pixels};
            FG_TRY(fg_tile_forward(&gemm->tile, shape, call, tile, &part));
            FG_TRY(multiply_part(gemm, call, tile, &part));
        }

cleanup:
    return status;
}

const fg_candidate fg_gemm_candidate = {.algorithm = FG_ALGORITHM_GEMM,
                                        .create = gemm_create,
                                        .forward = gemm_forward,
                                        .free = gemm_free};
