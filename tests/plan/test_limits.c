/* test_limits.c - what fits, and the largest batch that does.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/limits.h"

#include <stdio.h>

#include "plans.h"

static fg_plan_config limited(const char *model, int images, size_t memory, size_t allocation)
{
    fg_plan_config config = plan_config(model, images);
    config.memory_bytes = memory;
    config.allocation_bytes = allocation;
    return config;
}

static void fits(fg_plan_config config, int images, fg_status expected)
{
    config.images = images;
    fg_plan *plan = plan_create(&config);
    ck_assert_msg(fg_plan_fits(plan) == expected, "%s at batch %d", plan->network.name, images);
    fg_plan_free(plan);
}

START_TEST(the_largest_batch_fits_and_one_more_does_not)
{
    static const size_t limits[][2] = {
        {100000000, 0}, {1000000000, 250000000}, {0, 30000000}, {400000000, 400000000}};

    /* With lean once each: what is slow is to place memory again and again. */
    for (size_t i = 0; i < PLAN_MODELS; ++i)
        for (size_t j = 0; j <= sizeof limits / sizeof *limits; ++j) {
            const bool lean = j == sizeof limits / sizeof *limits;
            const size_t *limit = limits[lean ? i % j : j];
            fg_plan_config config = limited(plan_models[i], 1, limit[0], limit[1]);
            config.memory_target = lean ? FG_MEMORY_LEAN : FG_MEMORY_FAST;
            fg_plan *plan = plan_create(&config);
            const int largest = plan->largest_batch;
            const int most = fg_limits_images(&plan->network);
            fg_plan_free(plan);
            if (largest > 0)
                fits(config, largest, FG_OK);
            if (largest < most)
                fits(config, largest + 1, FG_ERR_FIT);
        }
}
END_TEST

/* A number of bytes is a limit as well; within it, as with lean, more images fit than with fast. */
START_TEST(the_largest_batch_honours_the_memory_setting)
{
    fg_plan_config config = limited("sparsenet-bc-100-12", 64, 350000000, 0);
    const size_t targets[] = {FG_MEMORY_FAST, FG_MEMORY_LEAN, 200000000};
    int largest[3];

    for (int i = 0; i < 3; ++i) {
        config.memory_target = targets[i];
        if (i == 2)
            config.memory_bytes = 0;
        fg_plan *plan = plan_create(&config);
        largest[i] = plan->largest_batch;
        fg_plan_free(plan);
        fits(config, largest[i], FG_OK);
        fits(config, largest[i] + 1, FG_ERR_FIT);
    }
    ck_assert_int_gt(largest[1], 2 * largest[0]);
    ck_assert_int_gt(largest[2], 64);
    ck_assert_int_lt(largest[2], largest[1]);
}
END_TEST

START_TEST(the_largest_batch_does_not_depend_on_the_batch_asked_for)
{
    fg_plan_config config = limited("sparsenet-40-12", 1, 100000000, 0);
    fg_plan *one = plan_create(&config);
    config.images = 500;
    fg_plan *many = plan_create(&config);

    ck_assert_int_gt(one->largest_batch, 1);
    ck_assert_int_eq(one->largest_batch, many->largest_batch);
    fg_plan_free(one);
    fg_plan_free(many);
}
END_TEST

START_TEST(without_limits_all_fits_and_no_largest_batch_is_known)
{
    fg_plan *plan = plan_of("densenet-400-12", 256);

    ck_assert_int_eq(fg_plan_fits(plan), FG_OK);
    ck_assert_int_eq(plan->largest_batch, 0);
    fg_plan_free(plan);
}
END_TEST

static void says(fg_plan_config config, const char *text)
{
    fg_plan *plan = plan_create(&config);
    ck_assert_int_eq(fg_plan_fits(plan), FG_ERR_FIT);
    ck_assert_msg(strstr(fg_error_message(), text) != NULL, "\"%s\" lacks \"%s\"",
                  fg_error_message(), text);
    ck_assert_ptr_null(strchr(fg_error_message(), '\n'));
    fg_plan_free(plan);
}

START_TEST(the_message_says_what_is_needed_what_there_is_and_what_fits)
{
    const fg_plan_config config = limited("sparsenet-40-12", 64, 100000000, 0);
    fg_plan *plan = plan_create(&config);
    char needed[64], batch[64];

    snprintf(needed, sizeof needed, "needs %zu bytes (", plan->device_bytes_peak);
    snprintf(batch, sizeof batch, "the largest batch that fits is %d", plan->largest_batch);
    fg_plan_free(plan);
    says(config, "sparsenet-40-12 at batch 64 needs");
    says(config, needed);
    says(config, "of device memory, the device has 100000000 (100.0 MB)");
    says(config, batch);
}
END_TEST

START_TEST(a_single_allocation_above_the_limit_is_refused)
{
    /* A region: the features of stage 1. */
    says(limited("densenet-40-12", 64, 0, 20000000), "needs an allocation of");
    says(limited("densenet-40-12", 64, 0, 20000000),
         "for the features of stage1, the device allows 20000000 (20.0 MB)");
    /* A part: the parameters, whatever the batch. */
    says(limited("densenet-100-24:image=4", 1, 0, 50000000), "for the parameters");
    says(limited("densenet-100-24:image=4", 1, 0, 50000000), "not even one image fits");
}
END_TEST

START_TEST(nothing_fits_into_a_byte)
{
    says(limited("sparsenet-7-3", 1, 1, 0), "not even one image fits");
    says(limited("sparsenet-7-3", 1, 0, 1), "not even one image fits");
}
END_TEST

START_TEST(a_limit_that_everything_is_within_gives_the_most_images)
{
    const fg_plan_config config =
        limited("sparsenet-7-1:image=512,channels=1", 1, (size_t)1 << 50, 0);
    fg_plan *plan = plan_create(&config);

    ck_assert_int_eq(plan->largest_batch, (1 << 30) / (512 * 512));
    fg_plan_free(plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_largest_batch_fits_and_one_more_does_not,
                                  the_largest_batch_honours_the_memory_setting,
                                  the_largest_batch_does_not_depend_on_the_batch_asked_for,
                                  without_limits_all_fits_and_no_largest_batch_is_known,
                                  the_message_says_what_is_needed_what_there_is_and_what_fits,
                                  a_single_allocation_above_the_limit_is_refused,
                                  nothing_fits_into_a_byte,
                                  a_limit_that_everything_is_within_gives_the_most_images,
                                  NULL};
    return plan_run("plan/limits", tests);
}
