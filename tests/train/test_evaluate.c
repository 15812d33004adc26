/* test_evaluate.c - loss, accuracy and probabilities over a data set are those of its images.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "tiny.h"

#define IMAGES 11 /* in batches of 4: a smaller last one */
#define BATCH 4

static const fg_normalisation normalisation = {1, {100}, {50}};
static fg_net *net;
static fg_dataset *dataset;

static void setup(void)
{
    fg_net_config config = FG_NET_CONFIG_INIT;

    config.model = TINY_FULL_MODEL;
    config.images = BATCH;
    config.training = 0;
    FG_EXPECT_OK(fg_net_create(&net, fg_device_fixture(), &config));
    dataset = tiny_dataset(IMAGES);
}

static void teardown(void)
{
    fg_net_free(net);
    fg_dataset_free(dataset);
}

/* The probabilities of one image, by the plain call. */
static void expected_of(double probabilities[TINY_CLASSES], int image)
{
    float pixels[TINY_PLANE], logits[TINY_CLASSES];
    double sum = 0;

    for (int p = 0; p < TINY_PLANE; ++p)
        pixels[p] = ((float)tiny_pixels[image * TINY_PLANE + p] - 100) / 50;
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_EVALUATION, logits, pixels, 1));
    for (int k = 0; k < TINY_CLASSES; ++k)
        sum += exp((double)logits[k]);
    for (int k = 0; k < TINY_CLASSES; ++k)
        probabilities[k] = exp((double)logits[k]) / sum;
}

START_TEST(test_score)
{
    double loss = 0, probabilities[TINY_CLASSES];
    int correct = 0;
    fg_score score;

    for (int i = 0; i < IMAGES; ++i) {
        int best = 0;
        expected_of(probabilities, i);
        for (int k = 1; k < TINY_CLASSES; ++k)
            if (probabilities[k] > probabilities[best])
                best = k;
        correct += best == tiny_labels[i];
        loss -= log(probabilities[tiny_labels[i]]);
    }
    FG_EXPECT_OK(fg_net_evaluate(net, &score, dataset, &normalisation));
    ck_assert_int_eq(score.images, IMAGES);
    ck_assert_int_eq(score.correct, correct);
    ck_assert_int_eq(score.correct_top, IMAGES); /* 4 classes */
    ck_assert_msg(fabs(score.loss - loss / IMAGES) < 1e-5, "loss is %g, expected %g",
                  score.loss, loss / IMAGES);
}
END_TEST

START_TEST(test_probabilities)
{
    float got[7 * TINY_CLASSES];
    double expected[TINY_CLASSES];

    FG_EXPECT_OK(fg_net_predict(net, got, dataset, 3, 7, &normalisation));
    for (int i = 0; i < 7; ++i) {
        expected_of(expected, 3 + i);
        for (int k = 0; k < TINY_CLASSES; ++k)
            ck_assert_msg(fabs((double)got[i * TINY_CLASSES + k] - expected[k]) < 1e-5,
                          "image %d, class %d: %g, expected %g", 3 + i, k,
                          (double)got[i * TINY_CLASSES + k], expected[k]);
    }
}
END_TEST

/* All scores the same: the lowest class comes first. */
START_TEST(test_ties)
{
    const int weights = fg_net_find(net, "head.linear.weight");
    const int bias = fg_net_find(net, "head.linear.bias");
    float *zeros = calloc((size_t)fg_net_tensor(net, weights).elements, sizeof *zeros);
    int first = 0;
    fg_score score;

    ck_assert_ptr_nonnull(zeros);
    FG_EXPECT_OK(fg_net_write(net, weights, zeros));
    FG_EXPECT_OK(fg_net_write(net, bias, zeros));
    FG_EXPECT_OK(fg_net_evaluate(net, &score, dataset, &normalisation));
    for (int i = 0; i < IMAGES; ++i)
        first += tiny_labels[i] == 0;
    ck_assert_int_eq(score.correct, first);
    ck_assert_msg(fabs(score.loss - log(TINY_CLASSES)) < 1e-9, "loss is %g", score.loss);
    free(zeros);
}
END_TEST

START_TEST(test_a_score_that_is_no_number_is_not_right)
{
    const int bias = fg_net_find(net, "head.linear.bias");
    const float values[TINY_CLASSES] = {NAN, NAN, NAN, NAN};
    fg_score score;

    FG_EXPECT_OK(fg_net_write(net, bias, values));
    FG_EXPECT_OK(fg_net_evaluate(net, &score, dataset, &normalisation));
    ck_assert_int_eq(score.correct, 0);
    ck_assert_int_eq(score.correct_top, 0);
    ck_assert(isnan(score.loss));
}
END_TEST

START_TEST(test_what_does_not_match)
{
    const fg_normalisation two = {2, {0, 0}, {1, 1}};
    fg_dataset *other = NULL;
    float probabilities[TINY_CLASSES];
    fg_score score;

    FG_EXPECT_FAILS(fg_net_evaluate(net, &score, dataset, &two), FG_ERR_ARGUMENT, "2 channels");
    FG_EXPECT_FAILS(fg_net_predict(net, probabilities, dataset, IMAGES, 1, &normalisation),
                    FG_ERR_ARGUMENT, "");
    FG_EXPECT_OK(fg_dataset_create(&other, tiny_pixels, tiny_labels, 2, 1, 4, 4));
    FG_EXPECT_FAILS(fg_net_evaluate(net, &score, other, &normalisation), FG_ERR_ARGUMENT,
                    "side 8, those of the data set have 1 and side 4");
    fg_dataset_free(other);
    FG_EXPECT_OK(fg_dataset_create(&other, tiny_pixels, tiny_labels, 2, 1, TINY_SIDE, 5));
    FG_EXPECT_FAILS(fg_net_evaluate(net, &score, other, &normalisation), FG_ERR_ARGUMENT,
                    "4 classes, the data set has 5");
    fg_dataset_free(other);
    FG_EXPECT_OK(fg_dataset_create(&other, tiny_pixels, NULL, 1, 1, TINY_SIDE, 0));
    FG_EXPECT_FAILS(fg_net_evaluate(net, &score, other, &normalisation), FG_ERR_ARGUMENT,
                    "no labels");
    FG_EXPECT_OK(fg_net_predict(net, probabilities, other, 0, 1, &normalisation));
    fg_dataset_free(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evaluate");
    TCase *tests = tcase_create("evaluate");

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_test(tests, test_score);
    tcase_add_test(tests, test_probabilities);
    tcase_add_test(tests, test_ties);
    tcase_add_test(tests, test_a_score_that_is_no_number_is_not_right);
    tcase_add_test(tests, test_what_does_not_match);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
