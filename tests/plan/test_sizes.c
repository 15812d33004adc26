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
    if (region >= 0) /* which steps have which scratch is test_lifetimes.c */
        ck_assert_msg(plan->regions[region].bytes >= bytes, "%s: %zu bytes, expected %zu",
                      plan->network.name, plan->regions[region].bytes, bytes);
}

static size_t partials(const fg_map *map, int images, int channels)
{
    const int chunks = fg_chunks_of(images, map->height, map->width).chunks;
    return (size_t)FG_PARTIALS_FLOATS(chunks, channels) * sizeof(float);
}

/* Scratch of every operation has room for any batch up to the plan's. */
static void check_step(const fg_plan *plan, const fg_step *step, int images)
{
    static const enum fg_scratch affine[] = {FG_SCRATCH_AFFINE, FG_SCRATCH_AFFINE_SECOND};
    static const enum fg_scratch sums[] = {FG_SCRATCH_PARTIALS, FG_SCRATCH_PARTIALS_SECOND};
    const fg_op *op = &plan->ops[step->op];
    const fg_map *out = fg_op_out(plan, op);
    const size_t chunks = (size_t)fg_chunks_of(images, out->height, out->width).chunks;
    const size_t written = (size_t)op->out_channels, read = (size_t)op->in[0].channels,
                 side = (size_t)op->side, groups = (size_t)op->groups;

    holds(plan, step->scratch[FG_SCRATCH_PACKED],
          fg_conv_packed_floats(written, read, side, groups) * sizeof(float));
    holds(plan, step->scratch[FG_SCRATCH_WEIGHTS],
          fg_conv_weight_partials_floats(chunks, written, read, side, groups) * sizeof(float));
    holds(plan, step->scratch[FG_SCRATCH_COEFFICIENTS],
          written * sizeof(struct fg_coefficients));
    if (step->kind == FG_STEP_FORWARD)
        holds(plan, step->scratch[FG_SCRATCH_PARTIALS],
              partials(out, images, op->out_channels));
    for (int j = 0; j < FG_OP_INPUTS && op->in[j].map >= 0; ++j) {
        const fg_reads *reads = &op->in[j];
        /* A sum, what pools and a strided convolution of side 1 or 3 go through the pixels of what
         * they wrote, all others through those they read. */
        const bool output = op->kind == FG_OP_SUM || reads->pooled ||
                            (op->kind == FG_OP_CONV && op->stride == 2 && op->side <= 3);
        const fg_map *walked = output ? out : &plan->maps[reads->map];
        holds(plan, step->scratch[affine[j]],
              (size_t)reads->channels * sizeof(struct fg_affine));
        if (step->kind == FG_STEP_BACKWARD)
            holds(plan, step->scratch[sums[j]], partials(walked, images, reads->channels));
    }
}

START_TEST(scratch_has_room_for_every_smaller_batch)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 40);
        for (int images = 1; images <= 40; ++images)
            for (int s = 0; s < plan->step_count; ++s)
                if (plan->steps[s].kind != FG_STEP_LOSS)
                    check_step(plan, &plan->steps[s], images);
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

START_TEST(training_needs_what_the_design_promises)
{
    static const struct {
        const char *model;
        int images;
        size_t bytes;
    } rows[] = {
        {"densenet-bc-100-12", 64, 400000000},
        {"sparsenet-bc-100-12", 64, 380000000},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *plan = plan_of(rows[i].model, rows[i].images);
        ck_assert_msg(plan->device_bytes_peak <= rows[i].bytes, "%s needs %zu bytes",
                      rows[i].model, plan->device_bytes_peak);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {pitches_are_odd_multiples_with_slack,
                                  scratch_has_room_for_every_smaller_batch,
                                  every_region_has_bytes_and_is_aligned,
                                  segments_and_parts_add_up_to_the_peak,
                                  parts_for_training_are_absent_without_it,
                                  training_needs_what_the_design_promises,
                                  NULL};
    return plan_run("plan/sizes", tests);
}
