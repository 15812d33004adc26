/* sizes.c - how many bytes a plan's memory has at its batch.
 *
 * Which regions there are is lifetimes.c; where they lie is arena.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/sizes.h"

#include "cl/batchnorm.h"
#include "cl/conv.h"
#include "cl/softmax_loss.h"
#include "plan/chunks.h"

/* Vectors that begin in the last pixels of a channel may read so many floats past them. */
#define PITCH_SLACK 16

static size_t alignment(const fg_plan *plan)
{
    return plan->alignment_bytes > FG_MIN_ALIGNMENT ? plan->alignment_bytes : FG_MIN_ALIGNMENT;
}

/* An odd multiple of the alignment: with an even one, in the worst case a power of two, the
 * channels of one pixel share few cache sets. */
static int pitch(const fg_plan *plan, const fg_map *map)
{
    const size_t unit = alignment(plan) / sizeof(float);
    const size_t pixels = (size_t)plan->images * (size_t)map->height * (size_t)map->width;
    size_t units = (pixels + PITCH_SLACK + unit - 1) / unit;

    if (units % 2 == 0)
        ++units;
    return (int)(units * unit);
}

static void set_bytes(fg_plan *plan, int region, size_t bytes)
{
    if (region >= 0)
        plan->regions[region].bytes = fg_size_round_up(bytes, alignment(plan));
}

static size_t chunks_most(const fg_plan *plan, const fg_map *map)
{
    return (size_t)fg_chunks_most(plan->images, map->height, map->width);
}

static size_t partials_bytes(const fg_plan *plan, const fg_map *map, int channels)
{
    return FG_PARTIALS_FLOATS(chunks_most(plan, map), (size_t)channels) * sizeof(float);
}

static void set_conv_scratch(fg_plan *plan, const fg_step *step, const fg_op *op)
{
    const int in = op->in[0].channels, out = op->out_channels;
    const size_t chunks = chunks_most(plan, fg_op_out(plan, op));

    if (step->scratch[FG_SCRATCH_TILE] >= 0) {
        const fg_conv_shape shape = fg_conv_shape_of(plan, op);
        set_bytes(plan, step->scratch[FG_SCRATCH_TILE],
                  fg_algorithm_tile_bytes(op->algorithm, &shape));
        set_bytes(plan, step->scratch[FG_SCRATCH_LIBRARY],
                  fg_algorithm_library_bytes(op->algorithm, &shape));
    }
    set_bytes(
        plan, step->scratch[FG_SCRATCH_PACKED],
        fg_conv_packed_floats((size_t)out, (size_t)in, (size_t)op->side, (size_t)op->groups) *
            sizeof(float));
    set_bytes(plan, step->scratch[FG_SCRATCH_WEIGHTS],
              fg_conv_weight_partials_floats(chunks, (size_t)out, (size_t)in, (size_t)op->side,
                                             (size_t)op->groups) *
                  sizeof(float));
}

static const fg_map *walked_map(const fg_plan *plan, const fg_op *op, const fg_reads *reads)
{
    return fg_op_walks_output(op) ? fg_op_out(plan, op) : &plan->maps[reads->map];
}

static void set_step_scratch(fg_plan *plan, const fg_step *step)
{
    const fg_op *op = &plan->ops[step->op];
    const int out = op->out_channels;

    set_conv_scratch(plan, step, op);
    set_bytes(plan, step->scratch[FG_SCRATCH_AFFINE],
              (size_t)op->in[0].channels * sizeof(struct fg_affine));
    set_bytes(plan, step->scratch[FG_SCRATCH_AFFINE_SECOND],
              (size_t)op->in[1].channels * sizeof(struct fg_affine));
    set_bytes(plan, step->scratch[FG_SCRATCH_COEFFICIENTS],
              (size_t)out * sizeof(struct fg_coefficients));
    if (step->kind != FG_STEP_BACKWARD) {
        set_bytes(plan, step->scratch[FG_SCRATCH_PARTIALS],
                  partials_bytes(plan, fg_op_out(plan, op), out));
        return;
    }
    set_bytes(plan, step->scratch[FG_SCRATCH_PARTIALS],
              partials_bytes(plan, walked_map(plan, op, &op->in[0]), op->in[0].channels));
    if (op->in[1].map >= 0)
        set_bytes(plan, step->scratch[FG_SCRATCH_PARTIALS_SECOND],
                  partials_bytes(plan, walked_map(plan, op, &op->in[1]), op->in[1].channels));
}

static void set_parts(fg_plan *plan)
{
    const size_t parameters = plan->parameter_elements * sizeof(float);
    const size_t slots = (size_t)plan->slots;
    size_t *bytes = plan->part_bytes;

    bytes[FG_PART_PARAMETERS] = parameters;
    bytes[FG_PART_GRADIENTS] = plan->gradient_elements * sizeof(float);
    bytes[FG_PART_MOMENTUM] = plan->training ? parameters : 0;
    bytes[FG_PART_RUNNING] = plan->running_elements * sizeof(float);
    bytes[FG_PART_SOURCES] = (size_t)plan->range_count * sizeof(struct fg_source);
    bytes[FG_PART_RUNNING_TABLE] =
        plan->training ? (size_t)plan->running_channels * sizeof(struct fg_running) : 0;
    bytes[FG_PART_STATISTICS] = slots * sizeof(struct fg_statistics);
    bytes[FG_PART_SUMS] = plan->training ? slots * sizeof(struct fg_sums) : 0;
    bytes[FG_PART_LABELS] = (size_t)plan->images * sizeof(int);
    bytes[FG_PART_RESULTS] =
        (FG_STEP_RESULTS + (size_t)plan->images) * sizeof(struct fg_result);
}

void fg_sizes_set(fg_plan *plan)
{
    for (int i = 0; i < plan->map_count; ++i) {
        fg_map *map = &plan->maps[i];
        map->pitch = pitch(plan, map);
        const size_t bytes = (size_t)map->channels * (size_t)map->pitch * sizeof(float);
        set_bytes(plan, map->values, bytes);
        set_bytes(plan, map->recomputed, bytes);
        set_bytes(plan, map->gradients, bytes);
    }
    for (int i = 0; i < plan->step_count; ++i)
        if (plan->steps[i].kind != FG_STEP_LOSS)
            set_step_scratch(plan, &plan->steps[i]);
    set_parts(plan);
}

size_t fg_sizes_parts(const fg_plan *plan)
{
    size_t bytes = 0;

    for (int i = 0; i < FG_PARTS; ++i)
        bytes += plan->part_bytes[i];
    return bytes;
}

fg_status fg_sizes_place(fg_plan *plan)
{
    fg_status status = FG_OK;

    fg_arena_free(&plan->arena);
    FG_TRY(fg_arena_place(&plan->arena, plan->regions, plan->region_count,
                          plan->allocation_bytes));
    plan->device_bytes_peak = plan->arena.bytes + fg_sizes_parts(plan);
    plan->largest_allocation = 0;
    for (int i = 0; i < plan->arena.segments; ++i)
        if (plan->arena.segment_bytes[i] > plan->largest_allocation)
            plan->largest_allocation = plan->arena.segment_bytes[i];
    for (int i = 0; i < FG_PARTS; ++i)
        if (plan->part_bytes[i] > plan->largest_allocation)
            plan->largest_allocation = plan->part_bytes[i];

cleanup:
    return status;
}
