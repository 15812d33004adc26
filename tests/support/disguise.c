/* disguise.c - a candidate for tests: the direct kernels, which make a mistake when told to.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/disguise.h"

#include <math.h>
#include <stdlib.h>

#include "support/device_fixture.h"

enum fg_flaw fg_disguise_flaw;
int fg_disguise_alive;

struct disguise {
    fg_conv_op op;
    fg_buffer *packed;
};

static void disguise_free(void *self)
{
    struct disguise *disguise = self;

    if (disguise == NULL)
        return;
    --fg_disguise_alive;
    fg_buffer_free(disguise->packed);
    free(disguise);
}

static fg_status disguise_create(void **out, fg_kernels *kernels, const fg_conv_shape *shape)
{
    const size_t floats =
        fg_conv_packed_floats((size_t)shape->out_channels, (size_t)shape->in_channels,
                              (size_t)shape->side, (size_t)shape->groups);
    struct disguise *disguise;

    if (fg_disguise_flaw == FG_FLAW_CREATE)
        return fg_fail(FG_ERR_DEVICE, "the library has a cold");
    disguise = calloc(1, sizeof *disguise);
    ck_assert_ptr_nonnull(disguise);
    ++fg_disguise_alive;
    FG_EXPECT_OK(fg_conv_prepare(&disguise->op, kernels, shape, NULL));
    FG_EXPECT_OK(fg_buffer_create(&disguise->packed, kernels->device, floats * sizeof(float)));
    *out = disguise;
    return FG_OK;
}

static fg_status disguise_forward(void *self, const fg_conv_call *call, const fg_buffer *tile)
{
    const struct disguise *disguise = self;
    const fg_features *map = call->out.map;
    const int channel = call->out.first_channel + call->out.channels - 1;
    const int pixels = call->images * map->height * map->width;
    const size_t last = (size_t)channel * (size_t)map->pitch + (size_t)pixels - 1;
    fg_conv_call direct = *call;
    float value;

    ck_assert_ptr_nonnull(tile);
    direct.packed = disguise->packed;
    direct.partials = NULL;
    FG_EXPECT_OK(fg_conv_forward(&disguise->op, &direct));
    if (fg_disguise_flaw == FG_FLAW_NONE)
        return FG_OK;
    FG_EXPECT_OK(fg_buffer_read(map->values, last * sizeof value, &value, sizeof value));
    value = fg_disguise_flaw == FG_FLAW_NAN ? NAN : value + 0.01f;
    return fg_buffer_write(map->values,
                           (last + (fg_disguise_flaw == FG_FLAW_BESIDE)) * sizeof value, &value,
                           sizeof value, NULL);
}

const fg_candidate fg_disguise = {.algorithm = FG_ALGORITHM_GEMM,
                                  .create = disguise_create,
                                  .forward = disguise_forward,
                                  .free = disguise_free};
