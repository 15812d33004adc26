/* memory.c - a network's device memory: segments, the views of them that the plan calls
 * regions, and the parts beside the arena.
 *
 * Nothing is allocated after this: every kernel works in what is made here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "net/net.h"

static fg_status place_arena(fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    FG_ALLOC(net->segments, plan->arena.segments);
    for (int i = 0; i < plan->arena.segments; ++i)
        FG_TRY(fg_buffer_create(&net->segments[i], net->device, plan->arena.segment_bytes[i]));
    FG_ALLOC(net->regions, plan->region_count);
    for (int i = 0; i < plan->region_count; ++i) {
        const fg_region *region = &plan->regions[i];
        FG_TRY(fg_buffer_view(&net->regions[i], net->segments[region->segment], region->offset,
                              region->bytes));
    }
    FG_ALLOC(net->maps, plan->map_count);
    FG_ALLOC(net->backward_maps, plan->map_count);
    for (int i = 0; i < plan->map_count; ++i) {
        const fg_map *map = &plan->maps[i];
        net->maps[i] = (fg_features){
            .values = map->values >= 0 ? net->regions[map->values] : NULL,
            .gradients = map->gradients >= 0 ? net->regions[map->gradients] : NULL,
            .height = map->height,
            .width = map->width,
            .pitch = map->pitch,
            .first_slot = map->first_slot,
        };
        net->backward_maps[i] = net->maps[i];
        if (map->recomputed >= 0)
            net->backward_maps[i].values = net->regions[map->recomputed];
    }

cleanup:
    return status;
}

fg_status fg_net_place(fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    FG_TRY(place_arena(net));
    for (int i = 0; i < FG_PARTS; ++i)
        if (plan->part_bytes[i] > 0)
            FG_TRY(fg_buffer_create(&net->parts[i], net->device, plan->part_bytes[i]));
    FG_TRY(fg_device_flush(net->device));

cleanup:
    return status;
}

fg_status fg_net_write_tables(fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    FG_TRY(fg_buffer_write(net->parts[FG_PART_SOURCES], 0, plan->sources,
                           (size_t)plan->range_count * sizeof *plan->sources, NULL));
    if (plan->training)
        FG_TRY(fg_buffer_write(net->parts[FG_PART_RUNNING_TABLE], 0, plan->running,
                               (size_t)plan->running_channels * sizeof *plan->running, NULL));

cleanup:
    return status;
}

void fg_net_unplace(fg_net *net)
{
    for (int i = 0; i < FG_PARTS; ++i)
        fg_buffer_free(net->parts[i]);
    for (int i = 0; net->regions != NULL && i < net->plan->region_count; ++i)
        fg_buffer_free(net->regions[i]);
    for (int i = 0; net->segments != NULL && i < net->plan->arena.segments; ++i)
        fg_buffer_free(net->segments[i]);
    free(net->maps);
    free(net->backward_maps);
    free(net->regions);
    free(net->segments);
}

fg_status fg_net_poison(fg_net *net, int step)
{
    fg_status status = FG_OK;
    const int logits =
        net->plan->maps[net->plan->logits_map].values; /* read behind the last step */

    for (int i = 0; net->device->poison && i < net->plan->region_count; ++i)
        if (net->plan->regions[i].last_step == step && !net->plan->regions[i].kept &&
            i != logits)
            FG_TRY(fg_buffer_fill(net->regions[i], 0, net->regions[i]->bytes / sizeof(float),
                                  NAN));

cleanup:
    return status;
}

static const fg_features *maps_of(const fg_net *net, const fg_step *step)
{
    return step->kind == FG_STEP_FORWARD ? net->maps : net->backward_maps;
}

fg_input fg_net_input(const fg_net *net, const fg_step *step, const fg_reads *reads)
{
    if (reads->map < 0)
        return (fg_input){0};
    return (fg_input){
        .map = &maps_of(net, step)[reads->map],
        .sources = net->parts[FG_PART_SOURCES],
        .first_source = reads->first,
        .sources_count = reads->count,
        .channels = reads->channels,
    };
}

fg_output fg_net_output(const fg_net *net, const fg_step *step, const fg_op *op)
{
    return (fg_output){&maps_of(net, step)[op->out_map], op->out_first_channel,
                       op->out_channels};
}

const fg_buffer *fg_net_scratch(const fg_net *net, const fg_step *step, enum fg_scratch which)
{
    return step->scratch[which] >= 0 ? net->regions[step->scratch[which]] : NULL;
}
