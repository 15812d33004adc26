/* test_conv_winograd.c - Winograd's convolution against the reference.
 *
 * That nothing is read or written beside what should be is checked too: support/conv_run.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_winograd.h"

#include <math.h>

#include "support/arrays.h"
#include "support/compare.h"
#include "support/conv_reference.h"
#include "support/device_fixture.h"

static fg_kernels kernels;
static fg_conv_run run;
static fg_candidate_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

static void clear(void)
{
    fg_candidate_clear(&op);
    fg_arrays_clear();
}

static void prepare(void)
{
    fg_candidate_clear(&op);
    FG_EXPECT_OK(fg_candidate_prepare(&op, &kernels, &fg_conv_winograd, &run.op.shape));
    run.candidate = &op;
}

static void create(const fg_conv_case *shape, fg_conv_place place)
{
    fg_conv_run_create(&run, &kernels, shape, place);
    prepare();
}

/* Of a direct sum, see test_conv.c, twice as much: a transform adds four inputs, and sixteen
 * products of which the output is what does not cancel. */
static void check_forward(void)
{
    fg_conv_reference_check(&run, 8.0 + 4.0 * sqrt(9.0 * run.op.shape.in_channels));
}

static bool is_mine(const fg_conv_case *shape)
{
    return shape->side == 3 && shape->stride == 1 && shape->groups == 1;
}

START_TEST(forward_is_the_reference)
{
    /* Kernels of their own are made for the first place. */
    for (int place = _i % 3 == 0 ? 0 : 1; place < FG_CONV_PLACES; ++place)
        if (is_mine(&fg_shapes_convs[_i]) &&
            fg_conv_run_possible(&fg_shapes_convs[_i], place)) {
            create(&fg_shapes_convs[_i], place);
            check_forward();
        }
}
END_TEST

/* Squares of one row and of several in a vector; tiles of some rows of such images; several images
 * in a tile, the last tile with fewer; a channel more than register tiles have. */
static const fg_conv_case narrow[] = {
    {3, {1, 2, 2}, {3}, 5, 1, 1},     {3, {37, 4, 4}, {6, 3}, 12, 1, 1},
    {3, {5, 3, 1}, {2}, 7, 1, 1},     {3, {7, 8, 8}, {9, 70}, 17, 1, 1},
    {3, {3, 16, 16}, {5}, 13, 1, 1},  {3, {1, 300, 3}, {2}, 4, 1, 1},
    {3, {1, 101, 7}, {3}, 9, 1, 1},   {3, {1, 95, 16}, {3, 2}, 6, 1, 1},
    {3, {2, 14, 15}, {4}, 100, 1, 1}, {3, {1, 37, 65}, {2}, 3, 1, 1},
};

START_TEST(narrow_images_share_vectors)
{
    create(&narrow[_i], _i % 2 ? FG_CONV_IN_STAGE : FG_CONV_LINEAR);
    check_forward();
}
END_TEST

START_TEST(statistics_are_those_of_what_was_written)
{
    if (is_mine(&fg_shapes_convs[_i])) {
        create(&fg_shapes_convs[_i], FG_CONV_BETWEEN);
        fg_conv_reference_check_statistics(&run, &kernels);
    }
    if (_i < (int)FG_SHAPES_COUNT(narrow)) {
        create(&narrow[_i], FG_CONV_BETWEEN);
        fg_conv_reference_check_statistics(&run, &kernels);
    }
}
END_TEST

START_TEST(dropout_masks_what_is_read_and_written)
{
    static const fg_conv_case dropping[] = {{3, {33, 13, 13}, {5}, 6, 1, 1},
                                            {3, {9, 4, 4}, {3, 2}, 5, 1, 1}};
    static const fg_dropout_kind kinds[] = {FG_DROPOUT_ELEMENTS, FG_DROPOUT_CHANNELS};

    for (int i = 0; i < 2; ++i) {
        fg_conv_run_create_dropping(&run, &kernels, &dropping[_i], FG_CONV_BETWEEN, kinds[i],
                                    kinds[1 - i]);
        prepare();
        check_forward();
        fg_conv_reference_check_statistics(&run, &kernels);
    }
}
END_TEST

/* With less local memory, tiles are smaller, and blocks have fewer channels. */
START_TEST(tiles_do_not_decide_bits)
{
    static const fg_conv_case cases[] = {{3, {5, 32, 32}, {12, 24, 12}, 12, 1, 1},
                                         {3, {33, 13, 13}, {17, 80}, 40, 1, 1}};
    const size_t local_bytes = kernels.device->info.local_bytes;

    create(&cases[_i], FG_CONV_BETWEEN);
    fg_conv_run_forward(&run);
    const float *expected = fg_arrays_read(run.out.device.values);
    const float *expected_partials = fg_arrays_read(run.call.partials);
    kernels.device->info.local_bytes = 64 * 1024;
    prepare();
    kernels.device->info.local_bytes = local_bytes;
    fg_conv_run_forward(&run);
    fg_compare_bits("the output", fg_arrays_read(run.out.device.values), expected,
                    run.out.device.values->bytes / sizeof(float));
    fg_compare_bits("partial statistics", fg_arrays_read(run.call.partials), expected_partials,
                    run.call.partials->bytes / sizeof(float));
}
END_TEST

static void prepare_for(int units)
{
    const int there = kernels.device->info.compute_units;

    kernels.device->info.compute_units = units;
    prepare();
    kernels.device->info.compute_units = there;
}

/* Where nothing is summed, rows of images are cut, and outputs. */
START_TEST(cuts_without_statistics_do_not_change_bits)
{
    static const fg_conv_case cases[] = {{3, {1, 32, 32}, {12, 24, 12}, 12, 1, 1},
                                         {3, {3, 13, 13}, {17, 80}, 100, 1, 1},
                                         {3, {1, 96, 40}, {3}, 7, 1, 1}};
    create(&cases[_i], FG_CONV_LINEAR);
    prepare_for(1);
    fg_conv_run_forward(&run);
    const float *expected = fg_arrays_read(run.out.device.values);

    for (int units = 2; units < 200; units *= 5) {
        prepare_for(units);
        fg_conv_run_forward(&run);
        fg_compare_bits("the output", fg_arrays_read(run.out.device.values), expected,
                        run.out.device.values->bytes / sizeof(float));
    }
}
END_TEST

START_TEST(local_memory_that_is_too_small_is_refused)
{
    static const fg_conv_case shape = {3, {1, 1, 1}, {1}, 1, 1, 1};
    const size_t local_bytes = kernels.device->info.local_bytes;
    fg_candidate_op refused;

    create(&shape, FG_CONV_BETWEEN);
    kernels.device->info.local_bytes = 400;
    FG_EXPECT_FAILS(fg_candidate_prepare(&refused, &kernels, &fg_conv_winograd, &run.op.shape),
                    FG_ERR_FIT, "Winograd's convolution of 1 to 1 channels needs");
    kernels.device->info.local_bytes = local_bytes;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/conv_winograd");
    TCase *tests = tcase_create("conv_winograd");
    SRunner *runner = srunner_create(suite);
    const int cases = FG_SHAPES_COUNT(fg_shapes_convs);
    int failed;

    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, clear);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, cases);
    tcase_add_loop_test(tests, narrow_images_share_vectors, 0, FG_SHAPES_COUNT(narrow));
    tcase_add_loop_test(tests, statistics_are_those_of_what_was_written, 0, cases);
    tcase_add_loop_test(tests, dropout_masks_what_is_read_and_written, 0, 2);
    tcase_add_loop_test(tests, tiles_do_not_decide_bits, 0, 2);
    tcase_add_loop_test(tests, cuts_without_statistics_do_not_change_bits, 0, 3);
    tcase_add_test(tests, local_memory_that_is_too_small_is_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
