/* test_memory.c - from outside the library: its device memory is what the plan says, stages are
 * sub-buffers that every reader gets itself, and a step allocates and copies nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "outside.h"

/* ---- sizes ---- */

START_TEST(test_allocations_add_up_to_the_peak)
{
    outside_create(_i);
    const fg_plan_info info = fg_plan_information(outside_plan);
    ck_assert_uint_eq(spy.bytes - outside_before.bytes, info.device_bytes_peak);
    ck_assert_uint_eq(spy.largest, info.largest_allocation);
    ck_assert_int_eq(spy.calls[SPY_clCreateSubBuffer] -
                         outside_before.calls[SPY_clCreateSubBuffer],
                     outside_plan->region_count);
}
END_TEST

START_TEST(test_every_stage_is_a_sub_buffer)
{
    unsigned stages = 0; /* a bit each */

    outside_create(_i);
    for (int i = 0; i < outside_plan->map_count; ++i) {
        const fg_map *map = &outside_plan->maps[i];
        if (map->values < 0 || (map->kind != FG_MAP_FEATURES && map->kind != FG_MAP_RING &&
                                map->kind != FG_MAP_SUM))
            continue;
        stages |= 1u << map->stage;
        const spy_memory *values = outside_memory_of(map->values),
                         *gradients = outside_memory_of(map->gradients);
        ck_assert_uint_ge(values->bytes,
                          (size_t)map->channels * (size_t)map->pitch * sizeof(float));
        ck_assert_uint_eq(gradients->bytes, values->bytes);
        /* What is only added up is dead on the way back. */
        ck_assert(!outside_overlap(values, gradients) ||
                  outside_plan->regions[map->values].last_step <
                      outside_plan->regions[map->gradients].first_step);
        ck_assert_int_ge(map->pitch, OUTSIDE_IMAGES * map->height * map->width);
    }
    ck_assert_uint_eq(stages, 7);
}
END_TEST

START_TEST(test_steps_allocate_nothing_and_copy_nothing)
{
    outside_create(_i);
    outside_step();
    const spy_counts start = spy;
    for (int i = 0; i < 3; ++i)
        outside_step();
    static const enum spy_call none[] = {SPY_clCreateBuffer, SPY_clCreateSubBuffer,
                                         SPY_clCreateProgramWithSource, SPY_clBuildProgram,
                                         SPY_clCreateKernel};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; ++i)
        ck_assert_int_eq(spy.calls[none[i]], start.calls[none[i]]);
    ck_assert_int_eq(spy.copies, 0);
    /* Pixels and labels in, the result out. */
    ck_assert_int_eq(
        spy.calls[SPY_clEnqueueWriteBuffer] - start.calls[SPY_clEnqueueWriteBuffer], 6);
    ck_assert_int_eq(spy.calls[SPY_clEnqueueReadBuffer] - start.calls[SPY_clEnqueueReadBuffer],
                     3);
    /* Events wait for the next use of what they guard, and are not gathered. */
    ck_assert_int_le(spy.live - start.live, FG_STEP_RESULTS);
}
END_TEST

/* ---- what a launch is given ---- */

static int operations; /* launched so far */

/* What a launch writes is no one else's. Two inputs may have one table of sources. */
static void expect_apart(const spy_launch *launch)
{
    const size_t table = outside_plan->part_bytes[FG_PART_SOURCES];

    for (int i = 0; i < launch->memories_count; ++i)
        for (int j = 0; j < i; ++j) {
            const spy_memory *a = spy_memory_of(launch->memories[i]),
                             *b = spy_memory_of(launch->memories[j]);
            const bool tables = a == b && a->parent == NULL && a->bytes == table;
            if (outside_overlap(a, b) && !tables)
                ck_abort_msg("%s has overlapping memory", launch->name);
        }
}

/* Each operation is one launch forward, on the maps that it reads and writes, unless a convolution
 * stores it. */
static void expect_in_place(const spy_launch *launch)
{
    const char *pass = strstr(launch->name, "_forward");

    expect_apart(launch);
    if (pass == NULL || strncmp(launch->name, "softmax_loss", 12) == 0)
        return;
    while (operations < outside_plan->op_count && outside_plan->ops[operations].folded)
        ++operations;
    ck_assert_int_lt(operations, outside_plan->op_count);
    const fg_op *op = &outside_plan->ops[operations++];
    bool right = spy_launch_uses(launch, outside_maps[fg_op_stored(outside_plan, op)->out_map]);
    for (int i = 0; i < FG_OP_INPUTS && op->in[i].map >= 0; ++i)
        right = right && spy_launch_uses(launch, outside_maps[op->in[i].map]);
    ck_assert_msg(right, "%s does not work on the sub-buffers of its maps", op->name);
}

START_TEST(test_readers_get_their_stage_itself)
{
    outside_create(_i);
    operations = 0;
    spy_hook = expect_in_place;
    outside_step();
    spy_hook = NULL;
    ck_assert_int_eq(operations, outside_plan->op_count);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("memory");

    tcase_add_loop_test(tests, test_allocations_add_up_to_the_peak, 0, OUTSIDE_MODELS);
    tcase_add_loop_test(tests, test_every_stage_is_a_sub_buffer, 0, OUTSIDE_MODELS);
    tcase_add_loop_test(tests, test_steps_allocate_nothing_and_copy_nothing, 0, OUTSIDE_MODELS);
    tcase_add_loop_test(tests, test_readers_get_their_stage_itself, 0, OUTSIDE_MODELS);
    return outside_run("net/memory", tests);
}
