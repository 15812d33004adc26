/* test_conv_shortcut.c - a convolution that adds another map to its output, and hands its gradient on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "support/arrays.h"
#include "support/compare.h"
#include "support/conv_run.h"
#include "support/device_fixture.h"

#define FIRST 3 /* channel of the shortcut in its map */

/* Tiles that a chunk cuts, chunks that end within a vector, sides that no vector divides, several
 * blocks of input channels and of outputs, groups; the same at stride 2. */
static const fg_conv_case cases[] = {
    {1, {2, 32, 32}, {16}, 64, 1, 1},  {1, {3, 7, 5}, {5, 60}, 13, 1, 1},
    {3, {2, 32, 32}, {16}, 16, 1, 1},  {3, {3, 13, 11}, {5, 8}, 30, 1, 1},
    {1, {1, 26, 40}, {16}, 24, 1, 1},  {1, {2, 8, 8}, {100, 9}, 130, 1, 1},
    {3, {2, 9, 9}, {12, 4}, 24, 4, 1}, {1, {1, 53, 41}, {5, 60}, 13, 1, 2},
    {3, {1, 53, 41}, {5}, 16, 1, 2},   {1, {2, 8, 8}, {100, 9}, 150, 1, 2},
    {3, {3, 9, 7}, {5, 3}, 24, 4, 2},
};

static fg_kernels kernels;
static fg_conv_run run;

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

/* A map like the output's, whose channels from FIRST on are random; others are NaN. */
typedef struct shortcut {
    fg_features map;
    float *values;
    size_t floats;
} shortcut;

static shortcut make_shortcut(void)
{
    const size_t pitch = (size_t)run.out.device.pitch;
    const int outs = run.shape->out_channels;
    shortcut s = {.map = run.out.device, .floats = (size_t)(FIRST + outs + 1) * pitch};

    s.values = fg_arrays_floats(s.floats);
    for (int k = FIRST; k < FIRST + outs; ++k)
        fg_arrays_fill_random(s.values + (size_t)k * pitch, (size_t)run.out.pixels, -1.0f,
                              1.0f);
    s.map.values = fg_arrays_buffer(s.values, s.floats * sizeof(float));
    s.map.gradients = fg_arrays_buffer(s.values, s.floats * sizeof(float));
    return s;
}

static const float *row_of(const float *values, int channel)
{
    return values + (size_t)channel * (size_t)run.out.device.pitch;
}

/* The same addition of the same two numbers: no rounding is allowed for. */
START_TEST(the_shortcut_is_added)
{
    fg_conv_run_create(&run, &kernels, &cases[_i], FG_CONV_BETWEEN);
    fg_conv_run_forward(&run);
    const float *plain = fg_arrays_read(run.out.device.values);
    const shortcut s = make_shortcut();

    run.call.shortcut = &s.map;
    run.call.shortcut_first_channel = FIRST;
    fg_conv_run_forward(&run);
    const float *sum = fg_arrays_read(run.out.device.values);
    for (int k = 0; k < run.shape->out_channels; ++k)
        for (int p = 0; p < run.out.pixels; ++p) {
            const int channel = run.call.out.first_channel + k;
            const float expected = row_of(plain, channel)[p] + row_of(s.values, FIRST + k)[p];
            ck_assert_msg(row_of(sum, channel)[p] == expected,
                          "channel %d, pixel %d: %g, not %g", k, p,
                          (double)row_of(sum, channel)[p], (double)expected);
        }
    fg_compare_bits("the shortcut", fg_arrays_read(s.map.values), s.values, s.floats);
}
END_TEST

static void expect_handed_on(const float *got, const shortcut *s, bool adds)
{
    for (int k = 0; k < run.shape->out_channels; ++k) {
        const struct fg_coefficients f = run.coefficients[k];
        const float *g = row_of(run.out.gradients, run.call.out.first_channel + k);
        const float *y = row_of(run.out.values, run.call.out.first_channel + k);
        for (int p = 0; p < run.out.pixels; ++p) {
            const float dy = fmaf(f.q, y[p] - f.mean, g[p] + f.c);
            const float expected = adds ? row_of(s->values, FIRST + k)[p] + dy : dy;
            ck_assert_msg(row_of(got, FIRST + k)[p] == expected,
                          "channel %d, pixel %d: %g, not %g", k, p,
                          (double)row_of(got, FIRST + k)[p], (double)expected);
        }
        fg_compare_poisoned("behind the pixels", row_of(got, FIRST + k) + run.out.pixels,
                            (size_t)(run.out.device.pitch - run.out.pixels));
    }
    fg_compare_poisoned("before the shortcut", got, FIRST * (size_t)run.out.device.pitch);
}

START_TEST(the_gradient_is_handed_on)
{
    for (int adds = 0; adds < 2; ++adds) {
        fg_conv_run_create(&run, &kernels, &cases[_i], FG_CONV_BETWEEN);
        fg_conv_run_backward(&run);
        const float *plain = fg_arrays_read(run.call.gradients);
        const shortcut s = make_shortcut();

        run.call.shortcut = &s.map;
        run.call.shortcut_first_channel = FIRST;
        run.call.shortcut_adds = adds;
        fg_conv_run_backward(&run);
        fg_compare_bits("weight gradients", fg_arrays_read(run.call.gradients), plain,
                        run.call.gradients->bytes / sizeof(float));
        expect_handed_on(fg_arrays_read(s.map.gradients), &s, adds);
    }
}
END_TEST

/* The output's own channels as the shortcut: what they held is added to what is made. */
START_TEST(the_shortcut_is_added_in_place)
{
    fg_conv_run_create(&run, &kernels, &cases[_i], FG_CONV_BETWEEN);
    fg_conv_run_forward(&run);
    const float *plain = fg_arrays_read(run.out.device.values);

    run.call.shortcut = &run.out.device;
    run.call.shortcut_first_channel = run.call.out.first_channel;
    fg_conv_run_forward(&run);
    const float *sum = fg_arrays_read(run.out.device.values);
    for (int k = 0; k < run.shape->out_channels; ++k)
        for (int p = 0; p < run.out.pixels; ++p) {
            const int channel = run.call.out.first_channel + k;
            const float expected =
                row_of(plain, channel)[p] + row_of(run.out.values, channel)[p];
            ck_assert_msg(row_of(sum, channel)[p] == expected,
                          "channel %d, pixel %d: %g, not %g", k, p,
                          (double)row_of(sum, channel)[p], (double)expected);
        }
}
END_TEST

/* Of a 1x1, which reads no neighbour's. */
START_TEST(the_gradient_is_handed_on_in_place)
{
    if (cases[_i].side != 1)
        return;
    fg_conv_run_create(&run, &kernels, &cases[_i], FG_CONV_BETWEEN);
    fg_conv_run_backward(&run);
    const float *plain = fg_arrays_read(run.call.gradients);

    run.call.shortcut = &run.out.device;
    run.call.shortcut_first_channel = run.call.out.first_channel;
    fg_conv_run_backward(&run);
    fg_compare_bits("weight gradients", fg_arrays_read(run.call.gradients), plain,
                    run.call.gradients->bytes / sizeof(float));
    const float *got = fg_arrays_read(run.out.device.gradients);
    for (int k = 0; k < run.shape->out_channels; ++k) {
        const struct fg_coefficients f = run.coefficients[k];
        const int channel = run.call.out.first_channel + k;
        for (int p = 0; p < run.out.pixels; ++p) {
            const float y = row_of(run.out.values, channel)[p];
            const float expected =
                fmaf(f.q, y - f.mean, row_of(run.out.gradients, channel)[p] + f.c);
            ck_assert_msg(row_of(got, channel)[p] == expected,
                          "channel %d, pixel %d: %g, not %g", k, p,
                          (double)row_of(got, channel)[p], (double)expected);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/conv_shortcut");
    TCase *tests = tcase_create("conv_shortcut");
    SRunner *runner = srunner_create(suite);
    const int count = (int)(sizeof cases / sizeof *cases);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, the_shortcut_is_added, 0, count);
    tcase_add_loop_test(tests, the_gradient_is_handed_on, 0, count);
    tcase_add_loop_test(tests, the_shortcut_is_added_in_place, 0, count);
    tcase_add_loop_test(tests, the_gradient_is_handed_on_in_place, 0, count);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
