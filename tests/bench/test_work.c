/* test_work.c - operations and bytes of a plan's steps, counted by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#include "work.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/device_fixture.h"

#define IMAGES 2
#define PIXELS (IMAGES * 32.0 * 32.0) /* of a channel of the first stage */

static fg_plan *plan;
static fg_row *rows;

static void make_plan(const char *model)
{
    fg_plan_config config = FG_PLAN_CONFIG_INIT;

    config.model = model;
    config.images = IMAGES;
    FG_EXPECT_OK(fg_plan_create(&plan, &config));
    FG_EXPECT_OK(fg_row_all(&rows, plan));
}

static void teardown(void)
{
    free(rows);
    fg_plan_free(plan);
    rows = NULL;
    plan = NULL;
}

static const fg_step *find_step(const char *layer, fg_step_kind kind)
{
    for (int i = 0; i < plan->step_count; ++i)
        if (plan->steps[i].kind == kind && plan->steps[i].op >= 0 &&
            strcmp(plan->ops[plan->steps[i].op].name, layer) == 0)
            return &plan->steps[i];
    ck_abort_msg("%s is no operation", layer);
}

static void expect(const char *layer, fg_step_kind kind, const char *kernel, double flops,
                   double elements)
{
    const fg_work work = fg_work_of_kernel(plan, rows, find_step(layer, kind), kernel);

    ck_assert_msg(work.flops == flops, "%s, %s: %.0f operations, expected %.0f", layer, kernel,
                  work.flops, flops);
    ck_assert_msg(work.bytes == 4.0 * elements, "%s, %s: %.0f elements, expected %.0f", layer,
                  kernel, work.bytes / 4.0, elements);
}

START_TEST(convolution_moves_what_it_reads_and_writes_once)
{
    const double flops = 2.0 * IMAGES * 2359296; /* 3x3, 32 -> 8 channels */

    make_plan("sparsenet-bc-16-8");
    expect("stage1.layer2.conv2", FG_STEP_FORWARD, "conv_forward", flops,
           (32 + 8) * PIXELS + 2304);
    /* The output is normalised: value and gradient of 8. The input: value read, gradient written.
     */
    expect("stage1.layer2.conv2", FG_STEP_BACKWARD, "conv_backward", 2 * flops,
           (2 * 8 + 2 * 32) * PIXELS + 2 * 2304);
    expect("stage1.layer2.conv2", FG_STEP_BACKWARD, "conv_gather_backward_weights", flops,
           (2 * 8 + 32) * PIXELS + 2304);
    expect("stage1.layer2.conv2", FG_STEP_BACKWARD, "conv_phases_backward_data", flops,
           (2 * 8 + 2 * 32) * PIXELS + 2304);
}
END_TEST

START_TEST(gradients_that_are_added_to_are_read)
{
    make_plan("sparsenet-bc-16-8");
    /* It reads x1 and x0; the transition has been at x1, of 8 channels, before. */
    expect("stage1.layer2.conv1", FG_STEP_BACKWARD, "conv_backward", 4.0 * IMAGES * 786432,
           (2 * 32 + 24 + 24 + 8) * PIXELS + 2 * 768);
}
END_TEST

START_TEST(first_convolution_has_no_gradient_of_the_input)
{
    make_plan("sparsenet-bc-16-8");
    expect("stem.conv", FG_STEP_BACKWARD, "conv_backward", 2.0 * IMAGES * 442368,
           (2 * 16 + 3) * PIXELS + 432);
}
END_TEST

/* 1x1, 16 -> 8 channels, for a quarter of the pixels that it reads. */
START_TEST(pooled_convolution_multiplies_means)
{
    const double flops = 2.0 * IMAGES * 32768;

    make_plan("sparsenet-bc-16-8");
    expect("stage1.transition.conv", FG_STEP_FORWARD, "conv_forward", flops,
           (16 + 8 / 4) * PIXELS + 128);
    expect("stage1.transition.conv", FG_STEP_BACKWARD, "conv_backward", 2 * flops,
           (2 * 16 + 2 * 8 / 4) * PIXELS + 2 * 128);
}
END_TEST

START_TEST(pools_and_sums_only_move)
{
    make_plan("densenet-16-8:dropout=0.2");
    expect("stage1.transition.pool", FG_STEP_FORWARD, "pool_forward", 0.0, 48 * 1.25 * PIXELS);
    expect("stage1.transition.pool", FG_STEP_BACKWARD, "pool_backward", 0.0,
           48 * PIXELS + 2 * 48 * PIXELS / 4);
    teardown();
    make_plan("resnet-8");
    expect("stage1.layer1.sum", FG_STEP_FORWARD, "sum_forward", 0.0, 3 * 16 * PIXELS);
}
END_TEST

START_TEST(folded_sum_moves_in_its_convolution)
{
    make_plan("preresnet-11");
    /* 1x1, 16 -> 64 channels; it adds a shortcut, whose gradient nobody else writes. */
    expect("stage1.layer1.conv3", FG_STEP_FORWARD, "conv_forward", 2.0 * IMAGES * 1048576,
           (16 + 64 + 64) * PIXELS + 1024);
    expect("stage1.layer1.conv3", FG_STEP_BACKWARD, "conv_backward", 4.0 * IMAGES * 1048576,
           (2 * 64 + 64 + 2 * 16) * PIXELS + 2 * 1024);
    expect("stage1.sum2", FG_STEP_FORWARD, "sum_forward", 0.0, 0.0);
    expect("stage1.sum2", FG_STEP_BACKWARD, "sum_backward", 0.0, 0.0);
}
END_TEST

START_TEST(stride_skips_pixels_of_a_1x1)
{
    make_plan("preresnet-11");
    expect("stage2.layer1.conv1", FG_STEP_FORWARD, "conv_gather_forward", 2.0 * IMAGES * 524288,
           (64 + 32) * PIXELS / 4 + 2048);
}
END_TEST

START_TEST(small_kernels_need_nothing_but_the_update)
{
    static const char *const kernels[] = {"conv_weights_pack",      "conv_weights_merge",
                                          "batchnorm_affine",       "batchnorm_backward",
                                          "batchnorm_coefficients", "linear_backward_bias",
                                          "statistics_forward",     "fill"};

    make_plan("sparsenet-bc-16-8");
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; ++i)
        expect("head.linear", FG_STEP_BACKWARD, kernels[i], 0.0, 0.0);
}
END_TEST

START_TEST(steps_are_all_of_the_work)
{
    fg_work sum = {0.0, 0.0};
    double updated = 0.0;

    make_plan("sparsenet-bc-16-8");
    for (int i = 0; i < plan->step_count; ++i) {
        const fg_step *step = &plan->steps[i];
        const fg_work work = fg_work_of_step(plan, rows, step);
        const fg_work update = fg_work_of_kernel(plan, rows, step, "sgd_update");
        const fg_work forward = fg_work_of_kernel(plan, rows, step, "x_forward");
        const fg_work backward = fg_work_of_kernel(plan, rows, step, "x_backward");
        const fg_work pass = step->kind == FG_STEP_BACKWARD ? backward : forward;
        ck_assert_double_eq(work.flops, pass.flops);
        ck_assert_double_eq(work.bytes, pass.bytes + update.bytes);
        ck_assert_double_gt(work.bytes, 0.0);
        sum.flops += work.flops;
        updated += update.bytes / (5 * sizeof(float));
    }
    /* Two transitions multiply for a quarter of their pixels; the stem makes no gradient of data. */
    const double multiply_adds = (double)plan->multiply_adds - 0.75 * (131072 + 32768);
    ck_assert_double_eq(sum.flops, IMAGES * (6.0 * multiply_adds - 2.0 * 442368));
    ck_assert_double_ge(updated, (double)plan->parameters);
    ck_assert_double_le(updated, (double)plan->parameter_elements);
}
END_TEST

START_TEST(floor_is_the_larger_of_compute_and_memory)
{
    ck_assert_double_eq_tol(fg_work_floor_ms((fg_work){4e9, 1e9}, 100.0, 50.0), 40.0, 1e-9);
    ck_assert_double_eq_tol(fg_work_floor_ms((fg_work){1e9, 4e9}, 100.0, 50.0), 80.0, 1e-9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bench/work");
    TCase *tests = tcase_create("work");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, convolution_moves_what_it_reads_and_writes_once);
    tcase_add_test(tests, gradients_that_are_added_to_are_read);
    tcase_add_test(tests, first_convolution_has_no_gradient_of_the_input);
    tcase_add_test(tests, pooled_convolution_multiplies_means);
    tcase_add_test(tests, pools_and_sums_only_move);
    tcase_add_test(tests, folded_sum_moves_in_its_convolution);
    tcase_add_test(tests, stride_skips_pixels_of_a_1x1);
    tcase_add_test(tests, small_kernels_need_nothing_but_the_update);
    tcase_add_test(tests, steps_are_all_of_the_work);
    tcase_add_test(tests, floor_is_the_larger_of_compute_and_memory);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
