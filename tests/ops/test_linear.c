/* test_linear.c - the bias gradient of a fully connected layer, against the reference.
 *
 * The rest of the layer is a 1x1 convolution: test_conv.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/linear.h"

#include <math.h>

#include "ref/linear.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"

static fg_kernels kernels;
static fg_linear_op op;

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    FG_EXPECT_OK(fg_linear_prepare(&op, &kernels));
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

START_TEST(bias_gradient_is_the_reference)
{
    static const int classes[] = {2, 10, 100}, batches[] = {1, 7, 64};
    const int outs = classes[_i % 3], images = batches[_i / 3], first_gradient = 5;
    const fg_ref_linear linear = {1, outs, images};
    const int pitch = images + 19;
    float *dy = fg_arrays_floats((size_t)(outs * pitch));
    double *expected = fg_arrays_doubles((size_t)outs);

    for (int k = 0; k < outs; ++k)
        fg_arrays_fill_random(dy + k * pitch, (size_t)images, -1.0f, 1.0f);
    const fg_features map = {
        NULL, fg_arrays_buffer(dy, (size_t)(outs * pitch) * sizeof *dy), 1, 1, pitch, -1};
    const fg_output out = {&map, 0, outs};
    const fg_buffer *gradients = fg_arrays_scratch((size_t)(first_gradient + outs + 1));
    FG_EXPECT_OK(fg_linear_backward_bias(&op, gradients, (size_t)first_gradient, &out, images));

    fg_ref_linear_backward_bias(
        expected, &linear, fg_arrays_packed(dy, (size_t)outs, (size_t)images, (size_t)pitch));
    const float *got = fg_arrays_read(gradients);
    fg_compare_poisoned("before", got, (size_t)first_gradient);
    fg_compare_poisoned("behind", got + first_gradient + outs, 1);
    /* One rounding an image, of a sum that grows with the root of their number. */
    fg_compare_rounded("the bias' gradient", got + first_gradient, expected, (size_t)outs,
                       2.0 * sqrt(images), sqrt(images));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/linear");
    TCase *tests = tcase_create("linear");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_loop_test(tests, bias_gradient_is_the_reference, 0, 9);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
