/* row.c - one operation of a plan as reports show it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/row.h"

static int64_t elements(const fg_plan *plan, int tensor)
{
    return tensor < 0 ? 0 : (int64_t)plan->tensors[tensor].elements;
}

static int64_t norm_elements(const fg_plan *plan, int norm)
{
    return norm < 0 ? 0
                    : elements(plan, plan->norms[norm].scale) +
                          elements(plan, plan->norms[norm].shift);
}

static void set_reads(fg_row *row, const fg_plan *plan, const fg_reads *reads)
{
    row->in_map = &plan->maps[reads->map];
    row->sources = plan->sources + reads->first;
    row->source_count = reads->count;
    row->in_channels = reads->channels;
}

/* Returns the map it writes. */
static const fg_map *set_conv(fg_row *row, const fg_plan *plan, int index)
{
    const fg_conv *conv = &plan->convs[index];
    const fg_map *out = &plan->maps[conv->out_map];
    const int64_t weights = elements(plan, conv->weights);

    row->name = conv->name;
    row->kind = conv->bias >= 0 ? "linear" : conv->side == 3 ? "conv3x3" : "conv1x1";
    set_reads(row, plan, &conv->reads);
    row->out_channels = conv->out_channels;
    row->side = conv->side;
    row->parameters = weights + elements(plan, conv->bias) + norm_elements(plan, conv->norm);
    row->multiply_adds = weights * out->height * out->width;
    return out;
}

static const fg_map *set_pool(fg_row *row, const fg_plan *plan, int index)
{
    const fg_pool *pool = &plan->pools[index];

    row->name = pool->name;
    row->kind = "pool";
    row->in_map = &plan->maps[pool->in_map];
    row->in_channels = row->out_channels = row->in_map->channels;
    row->side = 2;
    return &plan->maps[pool->out_map];
}

static const fg_map *set_head_pool(fg_row *row, const fg_plan *plan)
{
    const fg_head_pool *pool = &plan->head_pool;
    const fg_map *out = &plan->maps[pool->out_map];

    row->name = "head.pool";
    row->kind = "head_pool";
    set_reads(row, plan, &pool->reads);
    row->out_channels = out->channels;
    row->side = row->in_map->height / pool->grid;
    row->parameters = norm_elements(plan, pool->norm);
    return out;
}

fg_row fg_row_of(const fg_plan *plan, int step)
{
    const int index = plan->steps[step].index;
    fg_row row = {0};
    const fg_map *out =
        plan->steps[step].kind == FG_STEP_CONV_FORWARD   ? set_conv(&row, plan, index)
        : plan->steps[step].kind == FG_STEP_POOL_FORWARD ? set_pool(&row, plan, index)
                                                         : set_head_pool(&row, plan);

    row.height = out->height;
    row.width = out->width;
    row.bytes = (size_t)row.out_channels * (size_t)out->pitch * sizeof(float) *
                (out->gradients >= 0 ? 2 : 1);
    return row;
}

bool fg_row_elements(int *first, int *last, const fg_plan *plan, const fg_map *map,
                     const struct fg_source *source)
{
    const fg_model *model = &plan->model;
    const int end = source->first_channel + source->channels - 1;

    if (map->kind != FG_MAP_FEATURES)
        return false;
    const int growth = model->growth[map->stage];
    const int width = map->channels - model->layers[map->stage] * growth; /* of x_0 */
    *first = source->first_channel < width ? 0 : (source->first_channel - width) / growth + 1;
    *last = end < width ? 0 : (end - width) / growth + 1;
    return true;
}
