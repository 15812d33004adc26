/* test_batch.c - order, augmentation, normalisation and layout of batches, against a naive way.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/batch.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES 23
#define CHANNELS 2
#define SIDE 6
#define MAX_SHIFT (SIDE - 1)
#define PADDED (SIDE + 2 * MAX_SHIFT)
#define IMAGE (CHANNELS * SIDE * SIDE)

static uint8_t pixels[IMAGES][CHANNELS][SIDE][SIDE];
static int32_t labels[IMAGES];
static fg_dataset *dataset;
static fg_recipe recipe = FG_RECIPE_INIT;

static void setup(void)
{
    uint32_t state = 1;

    for (int i = 0; i < IMAGES * IMAGE; ++i) {
        state = state * 1664525u + 1013904223u;
        (&pixels[0][0][0][0])[i] = (uint8_t)(state >> 24);
    }
    for (int n = 0; n < IMAGES; ++n)
        labels[n] = 100 + n; /* so that a label tells the image */
    ck_assert_int_eq(fg_dataset_create(&dataset, &pixels[0][0][0][0], labels, IMAGES, CHANNELS,
                                       SIDE, 100 + IMAGES),
                     FG_OK);
    recipe.batch = 5;
    recipe.normalisation = (fg_normalisation){CHANNELS, {100.5f, 3.0f}, {50.0f, 0.75f}};
}

static void teardown(void)
{
    fg_dataset_free(dataset);
}

/* Prepares a whole epoch, each batch as a run of out, which is [channels][images][side][side]
 * batch by batch, and each label as one of out_labels. */
static void prepare_epoch(float *out, int32_t *out_labels, const fg_batch_config *config,
                          int epoch)
{
    int32_t order[IMAGES];

    ck_assert_int_eq(fg_batch_check(config), FG_OK);
    fg_batch_order(order, config, epoch);
    for (int step = 0; step < fg_batch_steps(config); ++step) {
        fg_batch_fill(out, out_labels, config, order, epoch, step);
        out += fg_batch_images(config, step) * IMAGE;
        out_labels += fg_batch_images(config, step);
    }
}

/* Image n of the batches that prepare_epoch made. */
static void take_image(float image[CHANNELS][SIDE][SIDE], const float *epoch,
                       const fg_batch_config *config, int n)
{
    const int step = n / config->batch;
    const int images = fg_batch_images(config, step);
    const float *batch = epoch + step * config->batch * IMAGE;

    for (int c = 0; c < CHANNELS; ++c)
        memcpy(image[c], batch + (c * images + n % config->batch) * SIDE * SIDE,
               sizeof image[c]);
}

/* The naive way: normalise, pad into a larger image, cut out, mirror. */
static void expected_image(float image[CHANNELS][SIDE][SIDE], const fg_batch_config *config,
                           int number, int top, int left, bool mirror)
{
    const int shift = config->shift, period = 2 * (SIDE - 1);
    float padded[PADDED][PADDED];

    for (int c = 0; c < CHANNELS; ++c) {
        const float mean = config->normalisation.mean[c];
        const float deviation = config->normalisation.deviation[c];
        for (int y = 0; y < SIDE + 2 * shift; ++y)
            for (int x = 0; x < SIDE + 2 * shift; ++x) {
                int from_y = (y - shift + period) % period,
                    from_x = (x - shift + period) % period;
                const bool inside =
                    y >= shift && y < shift + SIDE && x >= shift && x < shift + SIDE;
                from_y = from_y < SIDE ? from_y : period - from_y;
                from_x = from_x < SIDE ? from_x : period - from_x;
                padded[y][x] = ((float)pixels[number][c][from_y][from_x] - mean) / deviation;
                if (!inside && config->padding == FG_PADDING_MEAN)
                    padded[y][x] = 0.0f;
                if (!inside && config->padding == FG_PADDING_BLACK)
                    padded[y][x] = -mean / deviation;
            }
        for (int y = 0; y < SIDE; ++y)
            for (int x = 0; x < SIDE; ++x)
                image[c][y][x] = padded[top + y][left + (mirror ? SIDE - 1 - x : x)];
    }
}

START_TEST(every_image_is_in_an_epoch_once)
{
    const fg_batch_config config = fg_batch_for_training(dataset, &recipe);

    for (int epoch = 0; epoch < 50; ++epoch) {
        int32_t order[IMAGES];
        int seen[IMAGES] = {0};
        fg_batch_order(order, &config, epoch);
        for (int i = 0; i < IMAGES; ++i) {
            ck_assert(order[i] >= 0 && order[i] < IMAGES);
            ck_assert_int_eq(seen[order[i]]++, 0);
        }
    }
}
END_TEST

START_TEST(the_order_depends_on_epoch_and_whole_seed)
{
    fg_batch_config config = fg_batch_for_training(dataset, &recipe);
    int32_t orders[4][IMAGES];

    fg_batch_order(orders[0], &config, 1);
    fg_batch_order(orders[1], &config, 2);
    config.seed += 1;
    fg_batch_order(orders[2], &config, 1);
    config.seed += (uint64_t)1 << 32;
    fg_batch_order(orders[3], &config, 1);
    for (int i = 0; i < 4; ++i)
        for (int j = 0; j < i; ++j)
            ck_assert_mem_ne(orders[i], orders[j], sizeof orders[i]);

    config = fg_batch_for_training(dataset, &recipe);
    fg_batch_order(orders[1], &config, 1);
    ck_assert_mem_eq(orders[0], orders[1], sizeof orders[0]);
}
END_TEST

/* Over many epochs every image is at every position about equally often. */
START_TEST(the_order_is_uniform)
{
    enum { EPOCHS = 4600, EXPECTED = EPOCHS / IMAGES };
    const fg_batch_config config = fg_batch_for_training(dataset, &recipe);
    static int counts[IMAGES][IMAGES];
    double chi = 0;

    for (int epoch = 0; epoch < EPOCHS; ++epoch) {
        int32_t order[IMAGES];
        fg_batch_order(order, &config, epoch);
        for (int i = 0; i < IMAGES; ++i)
            ++counts[i][order[i]];
    }
    for (int i = 0; i < IMAGES * IMAGES; ++i) {
        const double off = (&counts[0][0])[i] - EXPECTED;
        chi += off * off / EXPECTED;
    }
    /* 22 * 22 degrees of freedom: mean 484, deviation 31; the usual mistakes give thousands */
    ck_assert_double_lt(fabs(chi - 484), 5 * 31.1);
}
END_TEST

START_TEST(steps_cover_the_images)
{
    fg_batch_config config = fg_batch_for_training(dataset, &recipe);

    ck_assert_int_eq(fg_batch_steps(&config), 5);
    ck_assert_int_eq(fg_batch_images(&config, 3), 5);
    ck_assert_int_eq(fg_batch_images(&config, 4), 3);
    ck_assert_uint_eq(fg_batch_floats(&config), 5 * IMAGE);
    config.drop_last = true;
    ck_assert_int_eq(fg_batch_steps(&config), 4);
    config.batch = IMAGES;
    ck_assert_int_eq(fg_batch_steps(&config), 1);
    config.drop_last = false;
    ck_assert_int_eq(fg_batch_steps(&config), 1);
    config.batch = 100;
    ck_assert_int_eq(fg_batch_steps(&config), 1);
    ck_assert_int_eq(fg_batch_images(&config, 0), IMAGES);
    ck_assert_uint_eq(fg_batch_floats(&config), IMAGES * IMAGE);
}
END_TEST

START_TEST(evaluation_takes_all_in_order_as_they_are)
{
    const fg_batch_config config = fg_batch_for_evaluation(dataset, &recipe.normalisation, 5);
    float epoch[IMAGES * IMAGE], image[CHANNELS][SIDE][SIDE], expected[CHANNELS][SIDE][SIDE];
    int32_t order[IMAGES];

    prepare_epoch(epoch, order, &config, 7);
    for (int n = 0; n < IMAGES; ++n) {
        ck_assert_int_eq(order[n], labels[n]);
        take_image(image, epoch, &config, n);
        expected_image(expected, &config, n, 0, 0, false);
        ck_assert_mem_eq(image, expected, sizeof image);
    }
}
END_TEST

/* How often an image was moved so: [down][right][mirrored]. */
typedef int move_counts[2 * MAX_SHIFT + 1][2 * MAX_SHIFT + 1][2];

/* Counts the naive ways of moving image `number` that give image, bit for bit. */
static int find_moves(move_counts counts, const fg_batch_config *config, int number,
                      float image[CHANNELS][SIDE][SIDE])
{
    const int places = 2 * config->shift + 1;
    int found = 0;

    for (int top = 0; top < places; ++top)
        for (int left = 0; left < places; ++left)
            for (int mirror = 0; mirror <= config->mirror; ++mirror) {
                float expected[CHANNELS][SIDE][SIDE];
                expected_image(expected, config, number, top, left, mirror);
                if (memcmp(image, expected, sizeof expected) == 0) {
                    ++counts[top][left][mirror];
                    ++found;
                }
            }
    return found;
}

/* Every image must be moved in one of the ways, and over the epochs each way must turn up about
 * as often as the others. */
static void check_moves(fg_padding padding, int shift, int mirror)
{
    enum { EPOCHS = 400 };
    const int places = 2 * shift + 1;
    const double share = EPOCHS * IMAGES / (double)(places * places * (mirror + 1));
    static move_counts counts;
    fg_batch_config config;

    recipe.padding = padding;
    recipe.shift = shift;
    recipe.mirror = mirror;
    config = fg_batch_for_training(dataset, &recipe);
    memset(counts, 0, sizeof counts);
    for (int epoch = 1; epoch <= EPOCHS; ++epoch) {
        static float out[IMAGES * IMAGE];
        int32_t order[IMAGES];
        prepare_epoch(out, order, &config, epoch);
        for (int n = 0; n < IMAGES; ++n) {
            float image[CHANNELS][SIDE][SIDE];
            take_image(image, out, &config, n);
            ck_assert_int_eq(find_moves(counts, &config, order[n] - 100, image), 1);
        }
    }
    for (int i = 0; i < places * places * (mirror + 1); ++i) {
        const int place = i / (mirror + 1);
        const int count = counts[place / places][place % places][i % (mirror + 1)];
        ck_assert_double_le(fabs(count - share), 5 * sqrt(share)); /* 5 deviations of a count */
    }
}

START_TEST(half_of_the_images_are_mirrored)
{
    check_moves(FG_PADDING_MEAN, 0, 1);
}
END_TEST

START_TEST(shifted_in_pixels_are_what_the_padding_says)
{
    check_moves(FG_PADDING_MEAN, 2, 0);
    check_moves(FG_PADDING_BLACK, 2, 1);
    check_moves(FG_PADDING_REFLECT, 2, 1);
}
END_TEST

/* At the largest shift reflection shows the far border, and both directions look the same. */
START_TEST(reflection_reaches_the_far_border)
{
    fg_batch_config config;
    move_counts counts = {{{0}}};

    recipe.padding = FG_PADDING_REFLECT;
    recipe.shift = MAX_SHIFT;
    recipe.mirror = 0;
    config = fg_batch_for_training(dataset, &recipe);
    for (int epoch = 1; epoch <= 50; ++epoch) {
        float out[IMAGES * IMAGE], image[CHANNELS][SIDE][SIDE];
        int32_t order[IMAGES];
        prepare_epoch(out, order, &config, epoch);
        for (int n = 0; n < IMAGES; ++n) {
            take_image(image, out, &config, n);
            ck_assert_int_ge(find_moves(counts, &config, order[n] - 100, image), 1);
        }
    }
    ck_assert_int_gt(counts[0][0][0], 0);
}
END_TEST

START_TEST(an_image_moves_alike_whatever_batch_it_is_in)
{
    float epochs[2][IMAGES * IMAGE], images[2][CHANNELS][SIDE][SIDE];
    int32_t orders[2][IMAGES];
    fg_batch_config config[2];

    recipe.shift = 3;
    recipe.mirror = 1;
    for (int i = 0; i < 2; ++i) {
        config[i] = fg_batch_for_training(dataset, &recipe);
        config[i].batch = i == 0 ? 5 : 4;
        prepare_epoch(epochs[i], orders[i], &config[i], 3);
    }
    ck_assert_mem_eq(orders[0], orders[1], sizeof orders[0]);
    for (int n = 0; n < IMAGES; ++n) {
        for (int i = 0; i < 2; ++i)
            take_image(images[i], epochs[i], &config[i], n);
        ck_assert_mem_eq(images[0], images[1], sizeof images[0]);
    }
}
END_TEST

static void expect_bad(const fg_batch_config *config, const char *reason)
{
    ck_assert_int_eq(fg_batch_check(config), FG_ERR_ARGUMENT);
    ck_assert_msg(strstr(fg_error_message(), reason) != NULL, "\"%s\" lacks \"%s\"",
                  fg_error_message(), reason);
}

START_TEST(contradictions_are_refused)
{
    const fg_batch_config good = fg_batch_for_training(dataset, &recipe);
    fg_dataset *unlabelled = NULL;
    fg_batch_config bad;

    ck_assert_int_eq(fg_batch_check(&good), FG_OK);
    bad = good, bad.dataset = NULL;
    expect_bad(&bad, "data set is NULL");
    bad = good, bad.batch = 0;
    expect_bad(&bad, "batch is 0");
    bad = good, bad.shift = SIDE;
    expect_bad(&bad, "shift is 6, expected 0..5");
    bad = good, bad.shift = -1;
    expect_bad(&bad, "shift is -1");
    bad = good, bad.padding = (fg_padding)3;
    expect_bad(&bad, "padding is 3");
    bad = good, bad.batch = IMAGES + 1, bad.drop_last = true;
    expect_bad(&bad, "23 images, batch 24");
    bad = good, bad.normalisation.channels = 0;
    expect_bad(&bad, "0 channels, the images have 2");
    bad = good, bad.normalisation.deviation[1] = 0;
    expect_bad(&bad, "deviation of channel 1 is 0");
    bad = good, bad.normalisation.deviation[1] = (float)NAN;
    expect_bad(&bad, "deviation of channel 1");
    bad = good, bad.normalisation.mean[0] = (float)INFINITY;
    expect_bad(&bad, "mean of channel 0");

    ck_assert_int_eq(
        fg_dataset_create(&unlabelled, &pixels[0][0][0][0], NULL, IMAGES, CHANNELS, SIDE, 0),
        FG_OK);
    bad = good, bad.dataset = unlabelled;
    expect_bad(&bad, "no labels");
    bad.training = false;
    ck_assert_int_eq(fg_batch_check(&bad), FG_OK);
    fg_dataset_free(unlabelled);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data/batch");
    TCase *tests = tcase_create("batch");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_image_is_in_an_epoch_once);
    tcase_add_test(tests, the_order_depends_on_epoch_and_whole_seed);
    tcase_add_test(tests, the_order_is_uniform);
    tcase_add_test(tests, steps_cover_the_images);
    tcase_add_test(tests, evaluation_takes_all_in_order_as_they_are);
    tcase_add_test(tests, half_of_the_images_are_mirrored);
    tcase_add_test(tests, shifted_in_pixels_are_what_the_padding_says);
    tcase_add_test(tests, reflection_reaches_the_far_border);
    tcase_add_test(tests, an_image_moves_alike_whatever_batch_it_is_in);
    tcase_add_test(tests, contradictions_are_refused);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
