/* test_arena.c - places: nothing alive overlaps, no segment is too large, little is wasted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "plans.h"

#define ALIGNMENT 512

static bool overlap(const fg_region *a, const fg_region *b)
{
    return a->segment == b->segment && a->first_step <= b->last_step &&
           b->first_step <= a->last_step && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

static void check(const fg_arena *arena, const fg_region *regions, int count, size_t limit)
{
    size_t sum = 0;

    for (int i = 0; i < count; ++i) {
        const fg_region *region = &regions[i];
        ck_assert(region->segment >= 0 && region->segment < arena->segments);
        ck_assert_uint_eq(region->offset % ALIGNMENT, 0);
        ck_assert(region->offset + region->bytes <= arena->segment_bytes[region->segment]);
        for (int j = 0; j < i; ++j)
            if (overlap(region, &regions[j]))
                ck_abort_msg("regions %d and %d overlap", i, j);
    }
    for (int s = 0; s < arena->segments; ++s) {
        size_t end = 0, largest = 0;
        for (int i = 0; i < count; ++i)
            if (regions[i].segment == s) {
                const size_t region_end = regions[i].offset + regions[i].bytes;
                end = region_end > end ? region_end : end;
                largest = regions[i].bytes > largest ? regions[i].bytes : largest;
            }
        ck_assert_uint_eq(arena->segment_bytes[s], end);
        ck_assert(limit == 0 || end <= limit || end == largest);
        sum += end;
    }
    ck_assert_uint_eq(arena->bytes, sum);
}

START_TEST(nothing_alive_overlaps_in_plans)
{
    static const size_t limits[] = {0, 64000000, 3000000, 100000};

    for (int i = 0; i < PLAN_MODELS; ++i)
        for (size_t j = 0; j < sizeof limits / sizeof *limits; ++j) {
            fg_plan_config config = plan_config(plan_models[i], 16);
            config.allocation_bytes = limits[j];
            fg_plan *plan = plan_create(&config);
            check(&plan->arena, plan->regions, plan->region_count, limits[j]);
            fg_plan_free(plan);
        }
}
END_TEST

START_TEST(nothing_alive_overlaps_without_training)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan_config config = plan_config(plan_models[i], 16);
        config.training = 0;
        fg_plan *plan = plan_create(&config);
        check(&plan->arena, plan->regions, plan->region_count, 0);
        fg_plan_free(plan);
    }
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

START_TEST(nothing_alive_overlaps_in_random_sets)
{
    enum { REGIONS = 200 };
    fg_region regions[REGIONS];
    uint32_t state = 1;

    for (int round = 0; round < 50; ++round) {
        const int steps = 1 + (int)(next_random(&state) % 60);
        const size_t limit = round % 3 == 0 ? 0 : ALIGNMENT * (100 + next_random(&state) % 900);
        const int count = 1 + (int)(next_random(&state) % REGIONS);
        fg_arena arena;
        for (int i = 0; i < count; ++i) {
            const int a = (int)next_random(&state) % steps;
            const int b = i % 2 == 0 ? a : (int)next_random(&state) % steps;
            regions[i] = (fg_region){.kind = "test",
                                     .bytes = ALIGNMENT * (1 + next_random(&state) % 200),
                                     .first_step = a < b ? a : b,
                                     .last_step = a < b ? b : a};
        }
        ck_assert_int_eq(fg_arena_place(&arena, regions, count, limit), FG_OK);
        check(&arena, regions, count, limit);
        fg_arena_free(&arena);
    }
}
END_TEST

START_TEST(a_region_above_the_limit_is_alone_in_its_segment)
{
    fg_region regions[] = {{.kind = "a", .bytes = 1024, .first_step = 0, .last_step = 3},
                           {.kind = "b", .bytes = 8192, .first_step = 0, .last_step = 3},
                           {.kind = "c", .bytes = 1024, .first_step = 1, .last_step = 1}};
    fg_arena arena;

    ck_assert_int_eq(fg_arena_place(&arena, regions, 3, 2048), FG_OK);
    check(&arena, regions, 3, 2048);
    ck_assert_int_eq(arena.segments, 2);
    ck_assert(regions[0].segment != regions[1].segment);
    fg_arena_free(&arena);
}
END_TEST

START_TEST(no_regions_need_no_segment)
{
    fg_arena arena;

    ck_assert_int_eq(fg_arena_place(&arena, NULL, 0, 0), FG_OK);
    ck_assert_int_eq(arena.segments, 0);
    ck_assert_uint_eq(arena.bytes, 0);
    fg_arena_free(&arena);
}
END_TEST

START_TEST(lives_that_do_not_meet_share_their_bytes)
{
    fg_region regions[] = {{.kind = "a", .bytes = 4096, .first_step = 0, .last_step = 3},
                           {.kind = "b", .bytes = 4096, .first_step = 4, .last_step = 9},
                           {.kind = "c", .bytes = 1024, .first_step = 9, .last_step = 9}};
    fg_arena arena;
    size_t live;
    int step;

    ck_assert_int_eq(fg_arena_live(&live, &step, regions, 3), FG_OK);
    ck_assert_uint_eq(live, 5120);
    ck_assert_int_eq(step, 9);
    ck_assert_int_eq(fg_arena_place(&arena, regions, 3, 0), FG_OK);
    ck_assert_uint_eq(arena.bytes, 5120);
    fg_arena_free(&arena);
}
END_TEST

START_TEST(little_is_lost_between_regions)
{
    static const char *const models[] = {
        "densenet-40-12",      "densenet-100-12",     "densenet-400-12",
        "densenet-bc-100-12",  "densenet-bc-190-40",  "densenet-bc-40-36:compression=0.7",
        "sparsenet-40-12",     "sparsenet-bc-100-12", "sparsenet-100-16+32+64",
        "sparsenet-bc-100-24", "sparsenet-22-8"};

    for (size_t i = 0; i < sizeof models / sizeof *models; ++i)
        for (int images = 1; images <= 64; images += 63) {
            fg_plan *plan = plan_of(models[i], images);
            size_t live;
            int step;
            ck_assert_int_eq(fg_arena_live(&live, &step, plan->regions, plan->region_count),
                             FG_OK);
            ck_assert_msg(plan->arena.bytes <= live + live / 25,
                          "%s at batch %d: %zu bytes for %zu", models[i], images,
                          plan->arena.bytes, live);
            fg_plan_free(plan);
        }
}
END_TEST

START_TEST(places_do_not_change_from_one_time_to_the_next)
{
    fg_plan *a = plan_of("sparsenet-bc-100-12", 7), *b = plan_of("sparsenet-bc-100-12", 7);

    ck_assert_int_eq(a->region_count, b->region_count);
    for (int i = 0; i < a->region_count; ++i) {
        ck_assert_int_eq(a->regions[i].segment, b->regions[i].segment);
        ck_assert_uint_eq(a->regions[i].offset, b->regions[i].offset);
    }
    fg_plan_free(a);
    fg_plan_free(b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {nothing_alive_overlaps_in_plans,
                                  nothing_alive_overlaps_without_training,
                                  nothing_alive_overlaps_in_random_sets,
                                  a_region_above_the_limit_is_alone_in_its_segment,
                                  no_regions_need_no_segment,
                                  lives_that_do_not_meet_share_their_bytes,
                                  little_is_lost_between_regions,
                                  places_do_not_change_from_one_time_to_the_next,
                                  NULL};
    return plan_run("plan/arena", tests);
}
