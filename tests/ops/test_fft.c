/* test_fft.c - convolution by Fourier transforms against the reference.
 *
 * That nothing is written beside what should be is checked too: support/conv_run.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/fft.h"

#include <math.h>
#include <string.h>

#include "ops/trial.h"
#include "plan/fft_pieces.h"
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

/* Some compilers refuse some of the kernels that clFFT writes, as Intel's does; the check in front
 * of every use then sends the convolution to the direct kernels. PoCL takes them all. */
static bool refused(void)
{
    return strcmp(fg_device_fixture()->info.platform, "Portable Computing Language") != 0 &&
           fg_trial_check(&kernels, &fg_fft_candidate, &run.op.shape) != FG_OK;
}

/* false: there is nothing to test on this device. */
static bool create(const fg_conv_case *shape, fg_conv_place place)
{
    fg_candidate_clear(&op);
    fg_conv_run_create(&run, &kernels, shape, place);
    ck_assert(fg_algorithm_can(FG_ALGORITHM_FFT, &run.op.shape));
    if (refused())
        return false;
    FG_EXPECT_OK(fg_candidate_prepare(&op, &kernels, &fg_fft_candidate, &run.op.shape));
    run.candidate = &op;
    return true;
}

/* A value of a spectrum is a sum over all pixels, in whose transform back all but one output
 * cancel: each step of both, of which there are log2 of the pixels, rounds what is as large as the
 * sum of all products of an output. */
static void check_forward(void)
{
    fg_fft_pieces pieces;
    ck_assert(fg_fft_pieces_of(&pieces, &run.op.shape));
    const double steps = 2.0 * log2((double)pieces.height * pieces.width);
    const double terms = (double)run.op.shape.in_channels * pieces.height * pieces.width;

    fg_conv_reference_check(&run, steps + 2.0 * sqrt(terms));
}

/* Few sizes of transforms: clFFT takes seconds for the kernels of each. */
static const fg_conv_case cases[] = {
    {3, {1, 1, 1}, {1}, 1, 1, 1},           {3, {3, 5, 6}, {3, 1, 7, 2}, 5, 1, 1},
    {7, {5, 5, 5}, {12, 5}, 12, 1, 1},      {11, {2, 9, 13}, {3, 4}, 5, 1, 1},
    {5, {6, 17, 18}, {41, 5, 17}, 9, 1, 1},
};

START_TEST(forward_is_the_reference)
{
    for (int place = 0; place < FG_CONV_PLACES; ++place) {
        if (!fg_conv_run_possible(&cases[_i], place))
            continue;
        if (!create(&cases[_i], place))
            return;
        check_forward();
    }
}
END_TEST

START_TEST(statistics_are_those_of_what_was_written)
{
    if (!create(&cases[_i], FG_CONV_BETWEEN))
        return;
    fg_conv_reference_check_statistics(&run, &kernels);
}
END_TEST

/* Outputs, inputs and images, of which the last piece is smaller. */
START_TEST(pieces_are_put_together)
{
    static const fg_conv_case shapes[] = {{5, {70, 17, 18}, {9, 2}, 101, 1, 1},
                                          {5, {70, 17, 18}, {41, 5, 17}, 16, 1, 1}};
    fg_fft_pieces pieces;

    if (!create(&shapes[_i], FG_CONV_IN_STAGE))
        return;
    ck_assert(fg_fft_pieces_of(&pieces, &run.op.shape));
    ck_assert(_i == 1 || 101 % pieces.outs > 0);
    ck_assert(_i == 0 || 63 % pieces.channels > 0);
    ck_assert(70 % pieces.images > 0);
    check_forward();
}
END_TEST

/* As the last batch of an epoch is; and its tile may lie elsewhere. */
START_TEST(fewer_images_than_it_was_made_for)
{
    static const fg_conv_case most = {5, {6, 17, 18}, {9}, 3, 1, 1},
                              fewer = {5, {1, 17, 18}, {9}, 3, 1, 1};

    if (!create(&most, FG_CONV_BETWEEN))
        return;
    check_forward();
    fg_conv_run_create(&run, &kernels, &fewer, FG_CONV_BETWEEN);
    run.op.shape.images = 6;
    run.candidate = &op;
    check_forward();
}
END_TEST

START_TEST(the_same_bits_come_again)
{
    if (!create(&cases[1], FG_CONV_BETWEEN))
        return;
    fg_conv_run_forward(&run);
    const float *first = fg_arrays_read(run.out.device.values);
    fg_conv_run_forward(&run);
    fg_compare_bits("the output", fg_arrays_read(run.out.device.values), first,
                    run.out.device.values->bytes / sizeof(float));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/fft");
    TCase *tests = tcase_create("fft");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, clear);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, FG_SHAPES_COUNT(cases));
    tcase_add_loop_test(tests, statistics_are_those_of_what_was_written, 0,
                        FG_SHAPES_COUNT(cases));
    tcase_add_loop_test(tests, pieces_are_put_together, 0, 2);
    tcase_add_test(tests, fewer_images_than_it_was_made_for);
    tcase_add_test(tests, the_same_bits_come_again);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
