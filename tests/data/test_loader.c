/* test_loader.c - the thread gives the same batches as direct preparation, and ends at any
 * time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/loader.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGES 61
#define CHANNELS 3
#define SIDE 8
#define IMAGE (CHANNELS * SIDE * SIDE)
#define BATCH 6
#define STEPS 11 /* the last has one image */

static uint8_t pixels[IMAGES * IMAGE];
static int32_t labels[IMAGES];
static fg_dataset *dataset;
static fg_batch_config config;

static void setup(void)
{
    fg_recipe recipe = FG_RECIPE_INIT;

    for (int i = 0; i < IMAGES * IMAGE; ++i)
        pixels[i] = (uint8_t)(i * 7 + i / 91);
    for (int n = 0; n < IMAGES; ++n)
        labels[n] = n;
    ck_assert_int_eq(
        fg_dataset_create(&dataset, pixels, labels, IMAGES, CHANNELS, SIDE, IMAGES), FG_OK);
    recipe.batch = BATCH;
    recipe.mirror = 1;
    recipe.shift = 2;
    recipe.normalisation = fg_dataset_normalisation(dataset);
    config = fg_batch_for_training(dataset, &recipe);
}

static void teardown(void)
{
    fg_dataset_free(dataset);
}

static void expect_equals_direct(const fg_batch_config *direct, int epoch, int step,
                                 const float *got_pixels, const int32_t *got_labels, int images)
{
    float expected[BATCH * IMAGE];
    int32_t expected_labels[BATCH], order[IMAGES];

    fg_batch_order(order, direct, epoch);
    fg_batch_fill(expected, expected_labels, direct, order, epoch, step);
    ck_assert_int_eq(images, fg_batch_images(direct, step));
    ck_assert_mem_eq(got_pixels, expected, (size_t)images * IMAGE * sizeof *expected);
    if (got_labels != NULL)
        ck_assert_mem_eq(got_labels, expected_labels, (size_t)images * sizeof *expected_labels);
}

/* Takes all batches that are left of an epoch and returns the step behind the last. */
static int take_epoch(fg_loader *loader, const fg_batch_config *direct, int epoch,
                      int first_step)
{
    const float *got_pixels;
    const int32_t *got_labels;
    int images, step = first_step;

    fg_loader_start(loader, epoch, first_step);
    while (fg_loader_next(loader, &got_pixels, &got_labels, &images))
        expect_equals_direct(direct, epoch, step++, got_pixels, got_labels, images);
    ck_assert(!fg_loader_next(loader, &got_pixels, &got_labels, &images));
    return step;
}

START_TEST(batches_equal_direct_preparation_from_any_step_on)
{
    fg_loader *loader = NULL;

    ck_assert_int_eq(fg_loader_create(&loader, &config), FG_OK);
    for (int first_step = 0; first_step <= STEPS; ++first_step)
        ck_assert_int_eq(take_epoch(loader, &config, 20 - first_step, first_step), STEPS);
    fg_loader_free(loader);
}
END_TEST

START_TEST(the_smaller_last_batch_is_left_out_on_demand)
{
    fg_loader *loader = NULL;

    config.drop_last = true;
    ck_assert_int_eq(fg_loader_create(&loader, &config), FG_OK);
    ck_assert_int_eq(take_epoch(loader, &config, 1, 0), STEPS - 1);
    fg_loader_free(loader);
}
END_TEST

START_TEST(evaluation_needs_no_labels)
{
    fg_dataset *unlabelled = NULL;
    fg_loader *loader = NULL;
    fg_batch_config plain;
    const float *got_pixels;
    const int32_t *got_labels = labels;
    int images;

    ck_assert_int_eq(fg_dataset_create(&unlabelled, pixels, NULL, IMAGES, CHANNELS, SIDE, 0),
                     FG_OK);
    plain = fg_batch_for_evaluation(unlabelled, &config.normalisation, BATCH);
    ck_assert_int_eq(fg_loader_create(&loader, &plain), FG_OK);
    fg_loader_start(loader, 0, 0);
    ck_assert(fg_loader_next(loader, &got_pixels, &got_labels, &images));
    ck_assert_ptr_null(got_labels);
    ck_assert_int_eq(take_epoch(loader, &plain, 0, 0), STEPS);
    fg_loader_free(loader);
    fg_dataset_free(unlabelled);
}
END_TEST

START_TEST(a_batch_stays_as_it_is_until_the_next_call)
{
    fg_loader *loader = NULL;
    const float *got_pixels;
    const int32_t *got_labels;
    int images;

    ck_assert_int_eq(fg_loader_create(&loader, &config), FG_OK);
    fg_loader_start(loader, 1, 0);
    for (int step = 0; step < 4; ++step) {
        ck_assert(fg_loader_next(loader, &got_pixels, &got_labels, &images));
        usleep(20000); /* the thread fills all it may */
        expect_equals_direct(&config, 1, step, got_pixels, got_labels, images);
    }
    fg_loader_free(loader);
}
END_TEST

/* Neither a restart in the middle of an epoch nor an end at any point may hang or leak. */
START_TEST(it_restarts_and_ends_at_any_time)
{
    const float *got_pixels;
    const int32_t *got_labels;
    int images;

    for (int taken = 0; taken <= STEPS; ++taken) {
        fg_loader *loader = NULL;
        ck_assert_int_eq(fg_loader_create(&loader, &config), FG_OK);
        for (int epoch = 1; epoch <= 3; ++epoch) {
            fg_loader_start(loader, epoch, 0);
            for (int step = 0; step < taken; ++step) {
                ck_assert(fg_loader_next(loader, &got_pixels, &got_labels, &images));
                expect_equals_direct(&config, epoch, step, got_pixels, got_labels, images);
            }
        }
        fg_loader_free(loader);
    }
    for (int i = 0; i < 100; ++i) {
        fg_loader *loader = NULL;
        ck_assert_int_eq(fg_loader_create(&loader, &config), FG_OK);
        if (i % 2 == 0)
            fg_loader_start(loader, 1, i % STEPS);
        fg_loader_free(loader);
    }
    fg_loader_free(NULL);
}
END_TEST

START_TEST(a_contradiction_is_refused_at_creation)
{
    fg_loader *loader = NULL;

    config.normalisation.channels = 1;
    ck_assert_int_eq(fg_loader_create(&loader, &config), FG_ERR_ARGUMENT);
    ck_assert_ptr_null(loader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data/loader");
    TCase *tests = tcase_create("loader");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, batches_equal_direct_preparation_from_any_step_on);
    tcase_add_test(tests, the_smaller_last_batch_is_left_out_on_demand);
    tcase_add_test(tests, evaluation_needs_no_labels);
    tcase_add_test(tests, a_batch_stays_as_it_is_until_the_next_call);
    tcase_add_test(tests, it_restarts_and_ends_at_any_time);
    tcase_add_test(tests, a_contradiction_is_refused_at_creation);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
