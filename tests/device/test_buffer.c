/* test_buffer.c - device memory: what is in it at first, views, copies, fills.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "device/buffer.h"
#include "support/compare.h"

#define MOST 5000 /* floats: more than one part of a fill, and no multiple of 16 */

static float values[MOST];

static fg_buffer *new_buffer(size_t count, bool poison)
{
    fg_device *device = fg_device_fixture();
    const bool before = device->poison;
    fg_buffer *buffer = NULL;

    device->poison = poison;
    FG_EXPECT_OK(fg_buffer_create(&buffer, device, count * sizeof(float)));
    device->poison = before;
    return buffer;
}

static void read_all(const fg_buffer *buffer)
{
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, values, buffer->bytes));
}

START_TEST(new_memory_is_zero)
{
    fg_buffer *buffer = new_buffer(MOST, false);
    read_all(buffer);
    for (size_t i = 0; i < MOST; ++i)
        ck_assert(values[i] == 0.0f);
    fg_buffer_free(buffer);
}
END_TEST

START_TEST(new_memory_is_nan_under_poison)
{
    fg_buffer *buffer = new_buffer(MOST, true);
    read_all(buffer);
    fg_compare_poisoned("buffer", values, MOST);
    fg_buffer_free(buffer);
}
END_TEST

START_TEST(fill_sets_its_run_and_nothing_beside_it)
{
    const size_t runs[][2] = {{0, 1},    {1, 1},    {3, 16},       {15, 17},     {0, 4096},
                              {7, 4097}, {0, MOST}, {MOST - 1, 1}, {1, MOST - 2}};

    for (size_t run = 0; run < sizeof runs / sizeof *runs; ++run) {
        const size_t first = runs[run][0], count = runs[run][1];
        fg_buffer *buffer = new_buffer(MOST, false);
        FG_EXPECT_OK(fg_buffer_fill(buffer, first, count, 1.5f));
        read_all(buffer);
        for (size_t i = 0; i < MOST; ++i)
            ck_assert_msg(values[i] == (i >= first && i < first + count ? 1.5f : 0.0f),
                          "fill %zu + %zu: element %zu is %g", first, count, i,
                          (double)values[i]);
        fg_buffer_free(buffer);
    }
}
END_TEST

START_TEST(big_fill_reaches_every_element)
{
    const size_t count = 3 * 1000 * 1000 + 7;
    fg_buffer *buffer = new_buffer(count, true);
    float *all = malloc(count * sizeof *all);
    size_t right = 0;

    ck_assert_ptr_nonnull(all);
    FG_EXPECT_OK(fg_buffer_fill(buffer, 0, count, -2.0f));
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, all, count * sizeof *all));
    for (size_t i = 0; i < count; ++i)
        right += all[i] == -2.0f;
    ck_assert_uint_eq(right, count);
    free(all);
    fg_buffer_free(buffer);
}
END_TEST

START_TEST(written_is_read_at_its_offset)
{
    fg_buffer *buffer = new_buffer(8, false);
    const float in[3] = {1.0f, 2.0f, 3.0f};
    float out[8];

    FG_EXPECT_OK(fg_buffer_write(buffer, 4 * sizeof(float), in, sizeof in, NULL));
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, out, sizeof out));
    fg_compare_bits("buffer", out, (const float[]){0, 0, 0, 0, 1, 2, 3, 0}, 8);
    FG_EXPECT_OK(fg_buffer_read(buffer, 5 * sizeof(float), out, sizeof *out));
    ck_assert(out[0] == 2.0f);
    fg_buffer_free(buffer);
}
END_TEST

START_TEST(write_without_waiting_is_done_at_its_event)
{
    fg_buffer *buffer = new_buffer(MOST, false);
    cl_event done = NULL;

    for (size_t i = 0; i < MOST; ++i)
        values[i] = (float)i;
    FG_EXPECT_OK(fg_buffer_write(buffer, 0, values, sizeof values, &done));
    ck_assert_ptr_nonnull(done);
    FG_EXPECT_OK(fg_event_wait(done));
    fg_event_free(&done);
    ck_assert_ptr_null(done);
    memset(values, 0, sizeof values); /* is the caller's again */
    read_all(buffer);
    for (size_t i = 0; i < MOST; ++i)
        ck_assert(values[i] == (float)i);
    fg_buffer_free(buffer);
}
END_TEST

START_TEST(read_without_waiting_is_done_at_its_event)
{
    fg_buffer *buffer = new_buffer(MOST, false);
    cl_event done = NULL;

    FG_EXPECT_OK(fg_buffer_fill(buffer, 0, MOST, 3.0f));
    FG_EXPECT_OK(fg_buffer_read_later(buffer, sizeof(float), values, sizeof(float), &done));
    ck_assert_ptr_nonnull(done);
    FG_EXPECT_OK(fg_device_flush(fg_device_fixture()));
    FG_EXPECT_OK(fg_event_wait(done));
    ck_assert(values[0] == 3.0f);
    fg_event_free(&done);
    fg_buffer_free(buffer);
}
END_TEST

START_TEST(no_event_is_done)
{
    cl_event none = NULL;

    FG_EXPECT_OK(fg_event_wait(none));
    fg_event_free(&none);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(view_is_a_part_of_its_parent)
{
    const size_t alignment = fg_device_fixture()->info.alignment_bytes;
    fg_buffer *parent = new_buffer(MOST, false), *view = NULL;

    FG_EXPECT_OK(fg_buffer_view(&view, parent, alignment, 8 * sizeof(float)));
    ck_assert_uint_eq(view->bytes, 8 * sizeof(float));
    FG_EXPECT_OK(fg_buffer_fill(view, 0, 8, 4.0f));
    read_all(parent);
    for (size_t i = 0; i < MOST; ++i) {
        const size_t byte = i * sizeof(float);
        ck_assert(values[i] ==
                  (byte >= alignment && byte < alignment + view->bytes ? 4.0f : 0.0f));
    }
    fg_buffer_free(view);
    fg_buffer_free(parent);
}
END_TEST

START_TEST(view_of_a_view_is_a_part_of_the_whole)
{
    const size_t alignment = fg_device_fixture()->info.alignment_bytes;
    fg_buffer *parent = new_buffer(MOST, false), *view = NULL, *part = NULL;

    FG_EXPECT_OK(fg_buffer_view(&view, parent, alignment, 3 * alignment));
    FG_EXPECT_OK(fg_buffer_view(&part, view, alignment, alignment));
    ck_assert_ptr_eq(part->whole, parent->memory);
    ck_assert_uint_eq(part->offset, 2 * alignment);
    FG_EXPECT_OK(fg_buffer_fill(part, 0, 1, 5.0f));
    fg_buffer_free(part);
    fg_buffer_free(view);
    read_all(parent);
    for (size_t i = 0; i < MOST; ++i)
        ck_assert(values[i] == (i == 2 * alignment / sizeof(float) ? 5.0f : 0.0f));
    fg_buffer_free(parent);
}
END_TEST

START_TEST(unaligned_view_is_refused)
{
    fg_buffer *parent = new_buffer(MOST, false), *view = (fg_buffer *)1;

    FG_EXPECT_FAILS(fg_buffer_view(&view, parent, 4, 16), FG_ERR_DEVICE,
                    "CL_MISALIGNED_SUB_BUFFER_OFFSET");
    ck_assert_ptr_null(view);
    fg_buffer_free(parent);
}
END_TEST

/* Without what the system has free, which others change. */
static size_t counted_memory(void)
{
    fg_device *device = fg_device_fixture();
    const bool is_cpu = device->is_cpu;

    device->is_cpu = false;
    const size_t left = fg_device_memory(device);
    device->is_cpu = is_cpu;
    return left;
}

START_TEST(what_buffers_hold_is_not_left)
{
    fg_device *device = fg_device_fixture();
    const size_t all = device->info.memory_bytes, before = counted_memory();
    fg_buffer *buffer = new_buffer(MOST, false), *view = NULL, *other;

    ck_assert_uint_eq(before, all);
    ck_assert_uint_eq(counted_memory(), all - buffer->bytes);
    ck_assert_uint_le(fg_device_memory(device), all - buffer->bytes);
    FG_EXPECT_OK(fg_buffer_view(&view, buffer, 0, 16));
    ck_assert_uint_eq(counted_memory(), all - buffer->bytes);
    other = new_buffer(4, false);
    ck_assert_uint_eq(counted_memory(), all - buffer->bytes - other->bytes);
    fg_buffer_free(view);
    fg_buffer_free(buffer);
    ck_assert_uint_eq(counted_memory(), all - other->bytes);
    fg_buffer_free(other);
    ck_assert_uint_eq(counted_memory(), all);

    device->info.memory_bytes = 8; /* no less than nothing is left */
    other = new_buffer(4, false);
    ck_assert_uint_eq(counted_memory(), 1);
    fg_buffer_free(other);
    device->info.memory_bytes = all;
}
END_TEST

START_TEST(a_cpu_device_has_what_the_system_has_free)
{
    fg_device *device = fg_device_fixture();
    const size_t all = device->info.memory_bytes;
    const bool is_cpu = device->is_cpu;

    device->is_cpu = true;
    device->info.memory_bytes = SIZE_MAX;
    ck_assert_uint_gt(fg_device_memory(device), 0);
    ck_assert_uint_lt(fg_device_memory(device), SIZE_MAX);
    device->info.memory_bytes = all;
    device->is_cpu = is_cpu;
}
END_TEST

START_TEST(larger_than_one_allocation_may_be_is_refused)
{
    fg_device *device = fg_device_fixture();
    const size_t bytes = fg_size_round_up(device->info.allocation_bytes, 4) + 4;
    fg_buffer *buffer = (fg_buffer *)1;

    FG_EXPECT_FAILS(fg_buffer_create(&buffer, device, bytes), FG_ERR_DEVICE, "bytes");
    ck_assert_ptr_null(buffer);
    ck_assert_uint_eq(counted_memory(), device->info.memory_bytes);
    fg_buffer_free(NULL);
}
END_TEST

/* In large pages on CPU devices, which must not go before the kernels that use them. */
START_TEST(big_memory_stays_until_it_is_done_with)
{
    const size_t count = 16u << 20;
    fg_buffer *buffer = new_buffer(count, false), *view = NULL;
    float last[3] = {0.0f, 0.0f, 0.0f};

    FG_EXPECT_OK(fg_buffer_view(&view, buffer, buffer->bytes / 2, buffer->bytes / 2));
    FG_EXPECT_OK(fg_buffer_fill(view, 0, count / 2, 2.0f));
    FG_EXPECT_OK(fg_buffer_read(buffer, (count / 2 - 1) * sizeof(float), last, sizeof last));
    ck_assert(last[0] == 0.0f && last[1] == 2.0f && last[2] == 2.0f);
    for (int i = 0; i < 4; ++i)
        FG_EXPECT_OK(fg_buffer_fill(buffer, 0, count, (float)i));
    fg_buffer_free(view);
    fg_buffer_free(buffer);
    FG_EXPECT_OK(fg_device_finish(fg_device_fixture()));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/buffer");
    TCase *tests = tcase_create("buffer");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_test(tests, new_memory_is_zero);
    tcase_add_test(tests, new_memory_is_nan_under_poison);
    tcase_add_test(tests, fill_sets_its_run_and_nothing_beside_it);
    tcase_add_test(tests, big_fill_reaches_every_element);
    tcase_add_test(tests, written_is_read_at_its_offset);
    tcase_add_test(tests, write_without_waiting_is_done_at_its_event);
    tcase_add_test(tests, read_without_waiting_is_done_at_its_event);
    tcase_add_test(tests, no_event_is_done);
    tcase_add_test(tests, view_is_a_part_of_its_parent);
    tcase_add_test(tests, view_of_a_view_is_a_part_of_the_whole);
    tcase_add_test(tests, unaligned_view_is_refused);
    tcase_add_test(tests, what_buffers_hold_is_not_left);
    tcase_add_test(tests, a_cpu_device_has_what_the_system_has_free);
    tcase_add_test(tests, big_memory_stays_until_it_is_done_with);
    tcase_add_test(tests, larger_than_one_allocation_may_be_is_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
