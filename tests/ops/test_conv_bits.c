/* test_conv_bits.c - neither tiles nor the order of work may change the bits of a convolution.
 *
 * Tiles may be chosen anew for each device and each machine's caches; what a network learns
 * must not depend on that. See cl/chunks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/conv_fit.h"
#include "ops/conv_variant.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/conv_run.h"
#include "support/device_fixture.h"

/* Chunks of many tiles, of parts of a tile, of several images, of rows. */
#define TURNED 9 /* a row of taps is 3 vectors: some register tiles end with it, some do not */
#define FIRST_STRIDED 10
#define STRIDED_1X1 13
#define STRIDED_LANES 14 /* whose taps of a phase are not lone vectors */
#define FIRST_GATHERING 15
#define FIRST_POOLED 18
static const fg_conv_case cases[] = {
    {3, {5, 32, 32}, {5, 8}, 13, 1, 1},      {3, {33, 13, 13}, {12, 5}, 12, 1, 1},
    {3, {1, 96, 40}, {6, 3}, 13, 1, 1},      {3, {41, 28, 28}, {3}, 5, 1, 1},
    {1, {5, 32, 32}, {5, 24, 11}, 48, 1, 1}, {1, {33, 13, 13}, {17}, 13, 1, 1},
    {1, {2, 64, 33}, {5, 13}, 100, 1, 1},    {3, {5, 32, 32}, {5, 59}, 128, 16, 1},
    {1, {2, 64, 33}, {5, 13}, 54, 9, 1},     {3, {1, 96, 40}, {5, 2}, 16, 1, 1},
    {3, {5, 32, 32}, {5, 8}, 13, 1, 2},      {3, {33, 13, 13}, {12, 5}, 100, 1, 2},
    {3, {2, 63, 33}, {40, 24}, 64, 32, 2},   {1, {5, 32, 32}, {5, 24, 11}, 48, 1, 2},
    {3, {33, 13, 13}, {5}, 48, 1, 2},        {5, {1, 96, 40}, {6, 3}, 13, 1, 1},
    {7, {5, 33, 32}, {3}, 13, 1, 2},         {11, {2, 64, 33}, {2}, 3, 1, 1},
    {1, {5, 32, 32}, {5, 24, 11}, 48, 1, 1}, {1, {33, 13, 13}, {17}, 13, 1, 1},
    {1, {2, 97, 83}, {5, 13}, 54, 9, 1},
};

static fg_kernels kernels;

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

/* All that a run made. */
typedef struct results {
    const float *values, *partials, *in_gradients, *gradients;
    size_t values_count, partials_count, in_gradients_count, gradients_count;
} results;

static const float *read(size_t *count, const fg_buffer *buffer)
{
    *count = buffer->bytes / sizeof(float);
    return fg_arrays_read(buffer);
}

static void create(fg_conv_run *run, int index, fg_conv_place place)
{
    const fg_conv_case *shape = &cases[index];
    if (!fg_conv_run_possible(shape, place))
        place = FG_CONV_BETWEEN;
    fg_conv_run_create(run, &kernels, shape, index < FIRST_POOLED ? place : FG_CONV_POOLED);
}

static results forward(fg_conv_run *run)
{
    results r = {0};
    fg_conv_run_forward(run);
    r.values = read(&r.values_count, run->out.device.values);
    if (run->call.partials != NULL)
        r.partials = read(&r.partials_count, run->call.partials);
    return r;
}

static results backward(fg_conv_run *run)
{
    results r = {0};
    fg_conv_run_backward(run);
    r.partials = read(&r.partials_count, run->call.partials);
    r.in_gradients = read(&r.in_gradients_count, run->in.device.gradients);
    r.gradients = read(&r.gradients_count, run->call.gradients);
    return r;
}

static void expect_same(results got, results expected)
{
    fg_compare_bits("the output", got.values, expected.values, expected.values_count);
    fg_compare_bits("partial sums", got.partials, expected.partials, expected.partials_count);
    fg_compare_bits("the input's gradient", got.in_gradients, expected.in_gradients,
                    expected.in_gradients_count);
    fg_compare_bits("the weights' gradient", got.gradients, expected.gradients,
                    expected.gradients_count);
}

START_TEST(tiles_of_forward_do_not_change_bits)
{
    fg_conv_run run;
    create(&run, _i, FG_CONV_IN_STAGE);
    const results expected = forward(&run);

    expect_same(forward(&run), expected);
    run.op.forward_tiling.pixels = FG_LANES * run.op.forward_tiling.vectors;
    expect_same(forward(&run), expected);
    run.op.forward_tiling.pixels *= 3;
    expect_same(forward(&run), expected);
}
END_TEST

/* Where nothing is summed there are so many work-groups as keep a device busy. */
START_TEST(cuts_without_statistics_do_not_change_bits)
{
    static const int wanted[] = {2, 5, 64, 1000};
    fg_conv_run run;
    create(&run, _i, FG_CONV_LINEAR);
    run.op.wanted = 1;
    const results expected = forward(&run);

    for (int i = 0; i < 4; ++i) {
        run.op.wanted = wanted[i];
        expect_same(forward(&run), expected);
    }
}
END_TEST

START_TEST(little_local_memory_does_not_change_bits_of_forward)
{
    fg_conv_run run;
    create(&run, _i, FG_CONV_BETWEEN);
    run.op.forward_tiling.pixels = FG_LANES * run.op.forward_tiling.vectors;
    const results expected = forward(&run);

    /* Fewer channels packed at once, then fewer output channels in a work-item too. */
    while (run.op.local_floats > 1024 && fg_conv_forward(&run.op, &run.call) == FG_OK)
        run.op.local_floats /= 2;
    run.op.local_floats *= 2;
    expect_same(forward(&run), expected);
    run.op.local_floats *= 2;
    expect_same(forward(&run), expected);
}
END_TEST

START_TEST(tiles_of_backward_do_not_change_bits)
{
    fg_conv_run run;
    create(&run, _i, FG_CONV_IN_STAGE);
    const results expected = backward(&run);

    expect_same(backward(&run), expected);
    run.op.backward_tiling.pixels = FG_LANES * run.op.backward_tiling.vectors;
    run.op.phases_tiling.pixels = run.op.backward_tiling.pixels;
    expect_same(backward(&run), expected);
    run.op.backward_tiling.pixels *= 3;
    run.op.phases_tiling.pixels *= 3;
    expect_same(backward(&run), expected);
}
END_TEST

/* Fewer rows packed at once, then fewer channels in a work-item. In conv.cl fewer outputs in a
 * launch do change bits: each launch adds to the input's gradient. */
START_TEST(little_local_memory_does_not_change_bits_of_gathering)
{
    fg_conv_run run;
    create(&run, _i, FG_CONV_BETWEEN);
    ck_assert(run.op.gathers);
    const results expected = backward(&run);

    while (run.op.local_floats > 1024 && fg_conv_backward(&run.op, &run.call) == FG_OK)
        run.op.local_floats /= 2;
    run.op.local_floats *= 2;
    expect_same(backward(&run), expected);
    run.op.local_floats *= 2;
    expect_same(backward(&run), expected);
}
END_TEST

/* Runs the pass with all values of a dial that are possible on this device. */
static int try_variants(fg_conv_run *run, fg_conv_part part, fg_conv_dial dial,
                        results (*pass)(fg_conv_run *))
{
    const fg_conv_shape shape = run->op.shape;
    const results expected = pass(run);
    fg_conv_variant variant = fg_conv_variant_of(&run->op);
    int tried = 0;

    for (int i = 0; fg_conv_variant_turn(&variant, part, dial, i); ++i) {
        fg_conv_op op = run->op;
        if (!fg_conv_variant_take(&op, &variant))
            continue;
        FG_EXPECT_OK(fg_conv_prepare(&run->op, &kernels, &shape, &variant));
        expect_same(pass(run), expected);
        ++tried;
    }
    FG_EXPECT_OK(fg_conv_prepare(&run->op, &kernels, &shape, NULL));
    return tried;
}

/* Tiles need kernels of their own, and are tried on one shape of each kind. */
START_TEST(what_a_tuner_may_choose_does_not_change_bits)
{
    const bool all = _i == 1 || _i == 5 || _i == TURNED || _i == FIRST_STRIDED + 1 ||
                     _i == STRIDED_1X1 || _i == FIRST_GATHERING + 1 || _i == FIRST_POOLED + 1;
    fg_conv_run run;
    create(&run, _i, FG_CONV_IN_STAGE);

    for (int part = 0; part < FG_CONV_PARTS; ++part) {
        for (int dial = 0; dial < FG_CONV_DIALS; ++dial) {
            if (!fg_conv_part_exists(&run.op.shape, (fg_conv_part)part) ||
                (dial == FG_CONV_DIAL_LANES && part != FG_CONV_PART_BACKWARD) ||
                (dial != FG_CONV_DIAL_PIXELS && !all))
                continue;
            ck_assert_int_gt(try_variants(&run, (fg_conv_part)part, (fg_conv_dial)dial,
                                          part == FG_CONV_PART_FORWARD ? forward : backward),
                             0);
        }
    }
}
END_TEST

/* Or nothing above would compare the one way with the other. */
START_TEST(lanes_decide_whether_the_turned_gradient_is_read)
{
    fg_conv_run run;
    create(&run, TURNED, FG_CONV_IN_STAGE);
    fg_conv_variant variant = fg_conv_variant_of(&run.op);
    int turned = 0, tried = 0;

    for (int i = 0;
         fg_conv_variant_turn(&variant, FG_CONV_PART_BACKWARD, FG_CONV_DIAL_LANES, i); ++i) {
        fg_conv_op op = run.op;
        fg_conv_fit fit;
        if (!fg_conv_variant_take(&op, &variant))
            continue;
        FG_EXPECT_OK(fg_conv_fit_backward(&fit, &op, op.shape.images));
        turned += fit.args.turned;
        ++tried;
    }
    ck_assert_int_gt(turned, 0);
    ck_assert_int_lt(turned, tried);
    create(&run, STRIDED_LANES, FG_CONV_BETWEEN);
    ck_assert_int_gt(run.op.lane_vectors, 1);
}
END_TEST

/* Each value is checked before a kernel gets it. */
START_TEST(impossible_variants_are_not_taken)
{
    const fg_conv_tiling good = {4, 1, 64};
    const fg_conv_tiling bad[] = {{13, 1, 64}, {-1, 1, 64},    {4, 0, 64}, {4, 9, 64},
                                  {12, 8, 64}, {4, 1, 100000}, {4, 1, 0},  {4, -2, 64}};
    fg_conv_run run;
    create(&run, _i, FG_CONV_BETWEEN);
    const fg_conv_variant chosen = fg_conv_variant_of(&run.op);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        fg_conv_op op = run.op;
        ck_assert(!fg_conv_variant_take(&op, &(fg_conv_variant){.forward = bad[i]}));
        ck_assert(!fg_conv_variant_take(&op, &(fg_conv_variant){.backward = bad[i]}));
        if (run.op.phases != NULL)
            ck_assert(!fg_conv_variant_take(&op, &(fg_conv_variant){.phases = bad[i]}));
        ck_assert(!fg_conv_variant_take(&op, &(fg_conv_variant){.lane_vectors = 9}));
        ck_assert(!fg_conv_variant_take(&op, &(fg_conv_variant){.lane_vectors = -1}));
        const fg_conv_variant now = fg_conv_variant_of(&op);
        ck_assert_mem_eq(&now, &chosen, sizeof now);
        ck_assert(!fg_conv_variant_take(
            &op, &(fg_conv_variant){.forward = good, .backward = bad[i]}));
        ck_assert_int_eq(op.forward_tiling.channels, good.channels);
        ck_assert_int_eq(op.backward_tiling.channels, chosen.backward.channels);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/conv_bits");
    TCase *tests = tcase_create("conv_bits");
    SRunner *runner = srunner_create(suite);
    const int count = FG_SHAPES_COUNT(cases);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, tiles_of_forward_do_not_change_bits, 0, count);
    tcase_add_loop_test(tests, cuts_without_statistics_do_not_change_bits, 0, count);
    tcase_add_loop_test(tests, little_local_memory_does_not_change_bits_of_forward, 0, count);
    tcase_add_loop_test(tests, tiles_of_backward_do_not_change_bits, 0, count);
    tcase_add_loop_test(tests, little_local_memory_does_not_change_bits_of_gathering,
                        FIRST_GATHERING, FIRST_POOLED);
    tcase_add_loop_test(tests, what_a_tuner_may_choose_does_not_change_bits, 0, count);
    tcase_add_test(tests, lanes_decide_whether_the_turned_gradient_is_read);
    tcase_add_loop_test(tests, impossible_variants_are_not_taken, 0, count);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
