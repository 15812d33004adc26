/* test_sizes.c - bytes: pitches, scratch, parts, and that they add up to what is reported.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/sizes.h"

#include "cl/batchnorm.h"
#include "cl/chunks.h"
#include "cl/conv.h"
#include "plans.h"

static const size_t alignments[] = {0, 128, 512, 4096};

START_TEST(pitches_are_odd_multiples_with_slack)
{
    for (int images = 1; images < 70; ++images)
        for (size_t a = 0; a < sizeof alignments / sizeof *alignments; ++a) {
            fg_plan_config config = plan_config("sparsenet-7-3:image=9,pool_grid=2", images);
            config.alignment_bytes = alignments[a];
            fg_plan *plan = plan_create(&config);
            const int unit = (int)(alignments[a] > 512 ? alignments[a] : 512) / 4;
            for (int m = 0; m < plan->map_count; ++m) {
                const fg_map *map = &plan->maps[m];
                const int needed = images * map->height * map->width + 16;
                ck_assert_int_ge(map->pitch, needed);
                ck_assert_int_lt(map->pitch, needed + 2 * unit);
                ck_assert_int_eq(map->pitch % (2 * unit), unit);
                ck_assert_uint_eq(plan->regions[map->values].bytes,
                                  (size_t)map->channels * (size_t)map->pitch * 4);
            }
            fg_plan_free(plan);
        }
}
END_TEST

static void holds(const fg_plan *plan, int region, size_t bytes)
{
    ck_assert_int_ge(region, 0);
    ck_assert_msg(plan->regions[region].bytes >= bytes, "%s: %zu bytes of %zu", plan->name,
                  plan->regions[region].bytes, bytes);
}

/* Scratch of every convolution has room for any batch up to the plan's. */
static void check_conv(const fg_plan *plan, const fg_step *step, int images)
{
    const fg_conv *conv = &plan->convs[step->index];
    const fg_map *map = &plan->maps[conv->out_map];
    const int in = conv->reads.channels, out = conv->out_channels;
    const int chunks = fg_chunks_of(images, map->height, map->width).chunks;
    const bool back = step->kind == FG_STEP_CONV_BACKWARD;

    holds(plan, step->scratch[FG_SCRATCH_PACKED],
          FG_CONV_PACKED_FLOATS(out, in, conv->side) * 4);
    holds(plan, step->scratch[FG_SCRATCH_AFFINE], (size_t)in * sizeof(struct fg_affine));
    if (step->scratch[FG_SCRATCH_PARTIALS] >= 0)
        holds(plan, step->scratch[FG_SCRATCH_PARTIALS],
              (size_t)FG_PARTIALS_FLOATS(chunks, back ? in : out) * 4);
    if (step->scratch[FG_SCRATCH_COEFFICIENTS] >= 0)
        holds(plan, step->scratch[FG_SCRATCH_COEFFICIENTS],
              (size_t)out * sizeof(struct fg_coefficients));
    if (back)
        holds(plan, step->scratch[FG_SCRATCH_WEIGHTS],
              FG_CONV_WEIGHT_PARTIALS_FLOATS(chunks, out, in, conv->side) * 4);
}

static void check_pools(const fg_plan *plan, const fg_step *step, int images)
{
    const bool head =
        step->kind == FG_STEP_HEAD_POOL_FORWARD || step->kind == FG_STEP_HEAD_POOL_BACKWARD;
    const fg_reads *reads = &plan->head_pool.reads;
    const fg_map *map = &plan->maps[head ? reads->map : plan->pools[step->index].out_map];
    const int channels =
        head ? reads->channels : plan->maps[plan->pools[step->index].in_map].channels;
    const int chunks = fg_chunks_of(images, map->height, map->width).chunks;

    if (head)
        holds(plan, step->scratch[FG_SCRATCH_AFFINE],
              (size_t)channels * sizeof(struct fg_affine));
    if (step->scratch[FG_SCRATCH_PARTIALS] >= 0)
        holds(plan, step->scratch[FG_SCRATCH_PARTIALS],
              (size_t)FG_PARTIALS_FLOATS(chunks, channels) * 4);
    if (step->kind == FG_STEP_POOL_BACKWARD)
        holds(plan, step->scratch[FG_SCRATCH_COEFFICIENTS],
              (size_t)channels * sizeof(struct fg_coefficients));
}

START_TEST(scratch_has_room_for_every_smaller_batch)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 40);
        for (int images = 1; images <= 40; ++images)
            for (int s = 0; s < plan->step_count; ++s) {
                const fg_step *step = &plan->steps[s];
                if (step->kind == FG_STEP_CONV_FORWARD || step->kind == FG_STEP_CONV_BACKWARD)
                    check_conv(plan, step, images);
                else if (step->kind != FG_STEP_LOSS)
                    check_pools(plan, step, images);
            }
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(every_region_has_bytes_and_is_aligned)
{
    for (size_t a = 0; a < sizeof alignments / sizeof *alignments; ++a) {
        fg_plan_config config = plan_config("sparsenet-bc-40-4:base=3", 3);
        config.alignment_bytes = alignments[a];
        fg_plan *plan = plan_create(&config);
        const size_t unit = alignments[a] > 512 ? alignments[a] : 512;
        for (int i = 0; i < plan->region_count; ++i) {
            ck_assert_uint_gt(plan->regions[i].bytes, 0);
            ck_assert_uint_eq(plan->regions[i].bytes % unit, 0);
            ck_assert_uint_eq(plan->regions[i].offset % unit, 0);
        }
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(segments_and_parts_add_up_to_the_peak)
{
    for (int i = 0; i < PLAN_MODELS; ++i)
        for (int training = 0; training < 2; ++training) {
            fg_plan_config config = plan_config(plan_models[i], 8);
            config.training = training;
            config.allocation_bytes = 2000000;
            fg_plan *plan = plan_create(&config);
            size_t sum = 0, largest = 0;
            for (int s = 0; s < plan->arena.segments; ++s) {
                sum += plan->arena.segment_bytes[s];
                if (plan->arena.segment_bytes[s] > largest)
                    largest = plan->arena.segment_bytes[s];
            }
            for (int p = 0; p < FG_PARTS; ++p) {
                sum += plan->part_bytes[p];
                if (plan->part_bytes[p] > largest)
                    largest = plan->part_bytes[p];
            }
            ck_assert_uint_eq(sum, plan->device_bytes_peak);
            ck_assert_uint_eq(largest, plan->largest_allocation);
            fg_plan_free(plan);
        }
}
END_TEST

START_TEST(parts_for_training_are_absent_without_it)
{
    fg_plan_config config = plan_config("sparsenet-22-8", 8);
    fg_plan *training = plan_create(&config);
    config.training = 0;
    fg_plan *evaluation = plan_create(&config);

    for (int p = 0; p < FG_PARTS; ++p) {
        const bool absent = p == FG_PART_GRADIENTS || p == FG_PART_MOMENTUM ||
                            p == FG_PART_SUMS || p == FG_PART_RUNNING_TABLE;
        ck_assert_uint_gt(training->part_bytes[p], 0);
        ck_assert_uint_eq(evaluation->part_bytes[p], absent ? 0 : training->part_bytes[p]);
    }
    fg_plan_free(training);
    fg_plan_free(evaluation);
}
END_TEST

START_TEST(training_at_batch_64_needs_what_the_design_promises)
{
    fg_plan *dense = plan_of("densenet-bc-100-12", 64);
    fg_plan *sparse = plan_of("sparsenet-bc-100-12", 64);

    ck_assert_uint_le(dense->device_bytes_peak, 400000000);
    ck_assert_uint_le(sparse->device_bytes_peak, 380000000);
    fg_plan_free(dense);
    fg_plan_free(sparse);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {pitches_are_odd_multiples_with_slack,
                                  scratch_has_room_for_every_smaller_batch,
                                  every_region_has_bytes_and_is_aligned,
                                  segments_and_parts_add_up_to_the_peak,
                                  parts_for_training_are_absent_without_it,
                                  training_at_batch_64_needs_what_the_design_promises,
                                  NULL};
    return plan_run("plan/sizes", tests);
}
