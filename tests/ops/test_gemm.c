/* test_gemm.c - convolution by CLBlast against the reference, and the statistics behind it.
 *
 * That nothing is written beside what should be is checked too: support/conv_run.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/gemm.h"

#include <math.h>

#include "ops/batchnorm.h"
#include "ref/batchnorm.h"
#include "ref/conv.h"
#include "ref/reader.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/conv_run.h"
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

static void create(const fg_conv_case *shape, fg_conv_place place)
{
    fg_conv_run_create(&run, &kernels, shape, place);
    ck_assert(fg_algorithm_can(FG_ALGORITHM_GEMM, &run.op.shape));
    FG_EXPECT_OK(fg_candidate_prepare(&op, &kernels, &fg_gemm_candidate, &run.op.shape));
    run.candidate = &op;
}

/* What the convolution reads, in double precision: [in_channels][pixels]. */
static double *read_input(void)
{
    const int in = run.call.in.channels;
    fg_ref_affine *affine = (fg_ref_affine *)fg_arrays_doubles((size_t)in * 4);
    const fg_ref_reader reader = {run.sources, affine, in, run.in.pixels, run.call.relu};
    double *a = fg_arrays_doubles((size_t)in * (size_t)run.in.pixels);

    for (int c = 0; c < in; ++c)
        affine[c] = (fg_ref_affine){(double)run.affine[c].scale, (double)run.affine[c].shift,
                                    (double)run.affine[c].mean, (double)run.affine[c].inverse};
    fg_ref_reader_forward(a, &reader,
                          fg_arrays_packed(run.in.values, (size_t)run.in.channels,
                                           (size_t)run.in.pixels, (size_t)run.in.device.pitch));
    return a;
}

/* The output's channels as the device made them: [channels][pixels]. */
static double *read_output(void)
{
    const float *values = fg_arrays_read(run.out.device.values);
    const size_t pitch = (size_t)run.out.device.pitch;

    return fg_arrays_packed(values + (size_t)run.call.out.first_channel * pitch,
                            (size_t)run.call.out.channels, (size_t)run.out.pixels, pitch);
}

/* Errors of a sum's roundings are independent, and grow with the square root of the number of
 * terms; see test_conv.c. */
static void check_output(void)
{
    const fg_conv_shape *s = &run.op.shape;
    const fg_ref_conv conv = {s->images,       s->in_height, s->in_width, s->in_channels,
                              s->out_channels, s->side,      s->stride,   s->groups};
    const int outs = s->out_channels, pixels = run.out.pixels;
    const double terms = s->in_channels / s->groups * s->side * s->side;
    double *expected = fg_arrays_doubles((size_t)(outs * pixels));
    const double *weights =
        fg_arrays_widened(run.parameters + FG_CONV_RUN_MARGIN, (size_t)run.weights);
    const double *bias =
        run.place != FG_CONV_LINEAR
            ? NULL
            : fg_arrays_widened(run.parameters + run.call.first_bias, (size_t)outs);

    fg_conv_run_forward(&run);
    fg_ref_conv_forward(expected, &conv, read_input(), weights, bias);
    const float *got = fg_arrays_read(run.out.device.values);
    for (int k = 0; k < outs; ++k)
        fg_compare_rounded("the output",
                           got + (size_t)(run.call.out.first_channel + k) *
                                     (size_t)run.out.device.pitch,
                           expected + k * pixels, (size_t)pixels, 4.0 + 2.0 * sqrt(terms),
                           fg_arrays_largest(expected, (size_t)(outs * pixels)));
}

START_TEST(forward_is_the_reference)
{
    for (int place = 0; place < FG_CONV_PLACES; ++place) {
        if (!fg_conv_run_possible(&fg_shapes_convs[_i], place) || place == FG_CONV_POOLED)
            continue;
        create(&fg_shapes_convs[_i], place);
        check_output();
        fg_candidate_clear(&op);
    }
}
END_TEST

/* Several tiles, or several parts of the outputs; sizes of which the library's are a whole number, and which it need not copy; as many
 * inputs as a classifier has. */
START_TEST(many_tiles_are_the_reference)
{
    static const fg_conv_case cases[] = {
        {3, {8, 32, 32}, {60, 36}, 48, 1, 1}, {1, {16, 32, 32}, {100, 56}, 24, 1, 1},
        {3, {2, 32, 32}, {12}, 12, 1, 1},     {1, {64, 1, 1}, {2000, 48}, 100, 1, 1},
        {3, {1, 7, 7}, {512}, 512, 1, 1},     {1, {3, 1, 1}, {4096}, 600, 1, 1},
    };
    const fg_conv_case *shape = &cases[_i];

    create(shape, shape->map.height == 1 ? FG_CONV_LINEAR : FG_CONV_BETWEEN);
    check_output();
    fg_candidate_clear(&op);
}
END_TEST

/* As of the direct kernels: see test_conv.c. */
START_TEST(statistics_are_those_of_what_was_written)
{
    const int outs = fg_shapes_convs[_i].out_channels;
    const size_t slots = (size_t)(2 + outs);
    const fg_buffer *table = fg_arrays_scratch(2 * slots);
    double *mean = fg_arrays_doubles((size_t)outs), *variance = fg_arrays_doubles((size_t)outs);
    fg_batchnorm_op norm;

    create(&fg_shapes_convs[_i], FG_CONV_BETWEEN);
    fg_conv_run_forward(&run);
    FG_EXPECT_OK(fg_batchnorm_prepare(&norm, &kernels, true));
    FG_EXPECT_OK(fg_batchnorm_statistics(&norm, table, run.call.partials, &run.call.out,
                                         run.call.images, false));
    const struct fg_statistics *got = fg_arrays_read(table);
    got += run.call.out.first_channel;
    fg_ref_batchnorm_statistics(mean, variance, read_output(), outs, run.out.pixels);
    for (int k = 0; k < outs; ++k) {
        fg_compare_rounded("mean", &got[k].mean, &mean[k], 1, 16.0, sqrt(variance[k]));
        fg_compare_rounded("variance", &got[k].variance, &variance[k], 1, 32.0, 1e-20);
    }
    fg_candidate_clear(&op);
}
END_TEST

START_TEST(the_same_bits_come_again)
{
    create(&fg_shapes_convs[7], FG_CONV_BETWEEN);
    fg_conv_run_forward(&run);
    const float *first = fg_arrays_read(run.out.device.values);
    const size_t floats = run.out.device.values->bytes / sizeof(float);
    fg_conv_run_forward(&run);
    fg_compare_bits("the output", fg_arrays_read(run.out.device.values), first, floats);
    fg_candidate_clear(&op);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/gemm");
    TCase *tests = tcase_create("gemm");
    SRunner *runner = srunner_create(suite);
    const int cases = FG_SHAPES_COUNT(fg_shapes_convs);
    int failed;

    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, forward_is_the_reference, 0, cases);
    tcase_add_loop_test(tests, many_tiles_are_the_reference, 0, 6);
    tcase_add_loop_test(tests, statistics_are_those_of_what_was_written, 0, cases);
    tcase_add_test(tests, the_same_bits_come_again);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
