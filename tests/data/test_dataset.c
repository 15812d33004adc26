/* test_dataset.c - data sets from folders, files, the caller's arrays and other data sets.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <math.h>

#include "data/dataset.h"
#include "support/message.h"
#include "support/scratch.h"

#define SIDE 4
#define IMAGE (SIDE * SIDE)
#define CIFAR_IMAGE 3072

/* images images whose pixels all are value */
static void write_idx(const char *name, int images, uint8_t value)
{
    uint8_t data[16 + 8 * IMAGE] = {0, 0, 8, 3,    0, 0, 0, (uint8_t)images,
                                    0, 0, 0, SIDE, 0, 0, 0, SIDE};

    memset(data + 16, value, sizeof data - 16);
    scratch_file(name, data, 16 + (size_t)images * IMAGE);
}

/* labels 0, 3, 6, ... */
static void write_idx_labels(const char *name, int count)
{
    uint8_t data[8 + 8] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)count};

    for (int n = 0; n < count; ++n)
        data[8 + n] = (uint8_t)(3 * n);
    scratch_file(name, data, 8 + (size_t)count);
}

/* one image of one value, with the given label bytes before it */
static void write_cifar(const char *name, int labels, int label, int value)
{
    uint8_t data[2 + CIFAR_IMAGE];

    memset(data, value, sizeof data);
    memset(data, label, (size_t)labels);
    scratch_file(name, data, (size_t)labels + CIFAR_IMAGE);
}

static void expect_open_fails(const char *folder, fg_split split, const char *reason)
{
    fg_dataset *dataset = NULL;

    ck_assert_int_eq(fg_dataset_open(&dataset, folder, split), FG_ERR_FILE);
    ck_assert_ptr_null(dataset);
    expect_message(folder, reason);
}

static fg_dataset *open_folder(fg_split split)
{
    fg_dataset *dataset = NULL;

    ck_assert_msg(fg_dataset_open(&dataset, scratch_path(""), split) == FG_OK, "%s",
                  fg_error_message());
    return dataset;
}

static const char *const batches[] = {"data_batch_1.bin", "data_batch_2.bin",
                                      "data_batch_3.bin", "data_batch_4.bin",
                                      "data_batch_5.bin"};

static void expect_information(const fg_dataset *dataset, int images, int channels, int side,
                               int classes)
{
    const fg_dataset_info info = fg_dataset_information(dataset);

    ck_assert_int_eq(info.images, images);
    ck_assert_int_eq(info.channels, channels);
    ck_assert_int_eq(info.side, side);
    ck_assert_int_eq(info.classes, classes);
    ck_assert_int_eq(info.has_labels, classes > 0);
}

START_TEST(a_folder_of_idx_files_is_found)
{
    fg_dataset *dataset;

    write_idx("train-images-idx3-ubyte", 3, 11);
    write_idx_labels("train-labels-idx1-ubyte", 3);
    write_idx("t10k-images-idx3-ubyte", 2, 22);
    write_idx_labels("t10k-labels-idx1-ubyte", 2);

    dataset = open_folder(FG_SPLIT_TRAIN);
    expect_information(dataset, 3, 1, SIDE, 7);
    ck_assert_int_eq(fg_dataset_pixels(dataset, 2)[IMAGE - 1], 11);
    ck_assert_int_eq(fg_dataset_label(dataset, 2), 6);
    fg_dataset_free(dataset);

    dataset = open_folder(FG_SPLIT_TEST);
    expect_information(dataset, 2, 1, SIDE, 4);
    ck_assert_int_eq(fg_dataset_pixels(dataset, 0)[0], 22);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(the_plain_file_goes_before_the_compressed_one)
{
    fg_dataset *dataset;

    write_idx("train-images-idx3-ubyte.gz", 1, 1); /* what is in it decides how it is read */
    write_idx_labels("train-labels-idx1-ubyte.gz", 1);
    dataset = open_folder(FG_SPLIT_TRAIN);
    ck_assert_int_eq(fg_dataset_pixels(dataset, 0)[0], 1);
    fg_dataset_free(dataset);

    write_idx("train-images-idx3-ubyte", 1, 2);
    dataset = open_folder(FG_SPLIT_TRAIN);
    ck_assert_int_eq(fg_dataset_pixels(dataset, 0)[0], 2);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(folders_of_cifar_files_are_found)
{
    fg_dataset *dataset;

    write_cifar("train.bin", 2, 17, 5);
    write_cifar("test.bin", 2, 18, 6);
    dataset = open_folder(FG_SPLIT_TRAIN);
    expect_information(dataset, 1, 3, 32, 100);
    ck_assert_int_eq(fg_dataset_label(dataset, 0), 17);
    fg_dataset_free(dataset);
    dataset = open_folder(FG_SPLIT_TEST);
    ck_assert_int_eq(fg_dataset_label(dataset, 0), 18);
    fg_dataset_free(dataset);

    for (int i = 0; i < 5; ++i)
        write_cifar(batches[i], 1, i + 3, i + 7);
    write_cifar("test_batch.bin", 1, 5, 9);
    dataset = open_folder(FG_SPLIT_TRAIN);
    expect_information(dataset, 5, 3, 32, 10);
    for (int i = 0; i < 5; ++i) {
        ck_assert_int_eq(fg_dataset_label(dataset, i), i + 3);
        ck_assert_int_eq(fg_dataset_pixels(dataset, i)[CIFAR_IMAGE - 1], i + 7);
    }
    fg_dataset_free(dataset);
    dataset = open_folder(FG_SPLIT_TEST);
    expect_information(dataset, 1, 3, 32, 10);
    ck_assert_int_eq(fg_dataset_label(dataset, 0), 5);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(a_folder_without_data_says_what_was_looked_for)
{
    static const char *const names[] = {"t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz",
                                        "test_batch.bin", "test.bin"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
        expect_open_fails(scratch_path(""), FG_SPLIT_TEST, names[i]);
    expect_open_fails(scratch_path(""), FG_SPLIT_TRAIN, "data_batch_1.bin");
    expect_open_fails(scratch_path("absent"), FG_SPLIT_TRAIN, strerror(ENOENT));
    expect_open_fails(scratch_file("file", "", 0), FG_SPLIT_TRAIN, "not a folder");
}
END_TEST

START_TEST(a_missing_part_is_named)
{
    for (int missing = 0; missing < 5; ++missing) {
        for (int i = 0; i < 5; ++i)
            write_cifar(batches[i], 1, 3, 7);
        ck_assert_int_eq(remove(scratch_path(batches[missing])), 0);
        expect_open_fails(scratch_path(""), FG_SPLIT_TRAIN, "but not ");
        expect_message(scratch_path(""), batches[missing]);
    }
    write_idx("train-images-idx3-ubyte", 3, 11);
    expect_open_fails(scratch_path(""), FG_SPLIT_TRAIN, "train-labels-idx1-ubyte.gz");
}
END_TEST

START_TEST(bad_content_is_refused_through_the_folder_too)
{
    fg_dataset *dataset = NULL;

    write_idx("train-images-idx3-ubyte", 3, 11);
    write_idx_labels("train-labels-idx1-ubyte", 2);
    expect_open_fails(scratch_path(""), FG_SPLIT_TRAIN, "2 labels, but");
    expect_message("train-labels-idx1-ubyte", "3 images");
    scratch_file("train-labels-idx1-ubyte", "", 0);
    expect_open_fails(scratch_path(""), FG_SPLIT_TRAIN, "train-labels-idx1-ubyte: ");
    write_cifar("test_batch.bin", 1, 10, 0);
    expect_open_fails(scratch_path(""), FG_SPLIT_TEST, "test_batch.bin: the label of image 0");
    ck_assert_int_eq(fg_dataset_open(&dataset, NULL, FG_SPLIT_TRAIN), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_open(&dataset, scratch_path(""), (fg_split)2), FG_ERR_ARGUMENT);
}
END_TEST

START_TEST(a_data_set_knows_its_name_and_whether_it_saw_every_class)
{
    fg_dataset *dataset, *view = NULL;
    const uint8_t pixel = 0;

    write_idx("train-images-idx3-ubyte", 3, 11);
    write_idx_labels("train-labels-idx1-ubyte", 3);
    dataset = open_folder(FG_SPLIT_TRAIN);
    ck_assert_str_eq(dataset->name, scratch_path(""));
    ck_assert(dataset->more_classes);
    ck_assert_int_eq(fg_dataset_view(&view, dataset, 1, 2), FG_OK);
    ck_assert_str_eq(view->name, scratch_path(""));
    ck_assert(view->more_classes);
    fg_dataset_free(view);
    fg_dataset_free(dataset);

    write_cifar("test.bin", 2, 18, 6);
    dataset = open_folder(FG_SPLIT_TEST);
    ck_assert(!dataset->more_classes);
    fg_dataset_free(dataset);

    ck_assert_int_eq(fg_dataset_create(&dataset, &pixel, NULL, 1, 1, 1, 0), FG_OK);
    ck_assert_str_eq(dataset->name, "the data set");
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(the_checksum_is_that_of_pixels_and_labels)
{
    const uint8_t pixels[] = {'1', '2', '3', '4'};
    const int32_t labels[] = {0x38373635, '9'}; /* "5678", and "9" and three zeros */
    fg_dataset *dataset, *view = NULL;

    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, NULL, 4, 1, 1, 0), FG_OK);
    ck_assert_uint_eq(fg_dataset_checksum(dataset), 0x9be3e0a3);
    fg_dataset_free(dataset);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, labels, 2, 2, 1, INT32_MAX), FG_OK);
    ck_assert_uint_eq(fg_dataset_checksum(dataset), 0x77d55834);
    ck_assert_int_eq(fg_dataset_view(&view, dataset, 0, 1), FG_OK);
    ck_assert_uint_ne(fg_dataset_checksum(view), 0x77d55834);
    fg_dataset_free(view);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(images_without_labels_can_be_opened)
{
    fg_dataset *dataset = NULL;

    write_idx("images", 2, 9);
    ck_assert_int_eq(fg_dataset_open_idx(&dataset, scratch_path("images"), NULL), FG_OK);
    expect_information(dataset, 2, 1, SIDE, 0);
    ck_assert_int_eq(fg_dataset_label(dataset, 1), -1);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(the_callers_arrays_are_used_in_place_and_checked)
{
    const uint8_t pixels[2 * 3 * IMAGE] = {0};
    const int32_t good[2] = {0, 4}, high[2] = {0, 5}, low[2] = {-1, 0};
    fg_dataset *dataset = NULL;

    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 2, 3, SIDE, 5), FG_OK);
    expect_information(dataset, 2, 3, SIDE, 5);
    ck_assert_ptr_eq(fg_dataset_pixels(dataset, 0), pixels);
    ck_assert_ptr_eq(fg_dataset_pixels(dataset, 1), pixels + 3 * IMAGE);
    ck_assert_int_eq(fg_dataset_label(dataset, 1), 4);
    fg_dataset_free(dataset);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, NULL, 2, 3, SIDE, 0), FG_OK);
    expect_information(dataset, 2, 3, SIDE, 0);
    fg_dataset_free(dataset);

    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, high, 2, 3, SIDE, 5), FG_ERR_ARGUMENT);
    ck_assert_ptr_null(dataset);
    expect_message("image 1 is 5", "0..4");
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, low, 2, 3, SIDE, 5), FG_ERR_ARGUMENT);
    expect_message("image 0 is -1", "0..4");
    ck_assert_int_eq(fg_dataset_create(&dataset, NULL, good, 2, 3, SIDE, 5), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 0, 3, SIDE, 5), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 2, 0, SIDE, 5), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 2, 17, SIDE, 5),
                     FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 2, 3, 0, 5), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 2, 3, SIDE, 0), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_create(&dataset, pixels, good, 2147483647, 16, 2147483647, 5),
                     FG_ERR_ARGUMENT);
    expect_message("address space", "2147483647");
}
END_TEST

START_TEST(a_view_is_a_part_of_its_data_set)
{
    const uint8_t pixels[5 * IMAGE] = {0};
    const int32_t labels[5] = {0, 1, 2, 3, 4};
    fg_dataset *whole = NULL, *view = NULL, *inner = NULL;

    ck_assert_int_eq(fg_dataset_create(&whole, pixels, labels, 5, 1, SIDE, 9), FG_OK);
    ck_assert_int_eq(fg_dataset_view(&view, whole, 1, 4), FG_OK);
    expect_information(view, 4, 1, SIDE, 9);
    ck_assert_ptr_eq(fg_dataset_pixels(view, 3), pixels + 4 * IMAGE);
    ck_assert_int_eq(fg_dataset_label(view, 0), 1);
    ck_assert_int_eq(fg_dataset_view(&inner, view, 2, 2), FG_OK);
    ck_assert_ptr_eq(fg_dataset_pixels(inner, 0), pixels + 3 * IMAGE);
    ck_assert_int_eq(fg_dataset_label(inner, 1), 4);
    fg_dataset_free(inner);

    ck_assert_int_eq(fg_dataset_view(&inner, view, 2, 3), FG_ERR_ARGUMENT);
    ck_assert_ptr_null(inner);
    expect_message("is 3", "1..2");
    ck_assert_int_eq(fg_dataset_view(&inner, view, 4, 1), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_view(&inner, view, -1, 1), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_view(&inner, view, 0, 0), FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_dataset_view(&inner, view, 1, 2147483647), FG_ERR_ARGUMENT);
    fg_dataset_free(view);
    fg_dataset_free(whole);
    fg_dataset_free(NULL);
}
END_TEST

START_TEST(normalisation_is_per_channel_over_all_images)
{
    enum { IMAGES = 3, CHANNELS = 3 };
    uint8_t pixels[IMAGES][CHANNELS][IMAGE];
    double sum[CHANNELS] = {0}, squares[CHANNELS] = {0};
    fg_dataset *dataset = NULL;
    fg_normalisation normalisation;

    for (int n = 0; n < IMAGES; ++n)
        for (int i = 0; i < IMAGE; ++i) {
            pixels[n][0][i] = (uint8_t)(n * 71 + i * 5);
            pixels[n][1][i] = 251;
            pixels[n][2][i] =
                (uint8_t)(n == 2 && i == 0 ? 255 : 254); /* far off, hardly spread */
        }
    for (int c = 0; c < CHANNELS; ++c) {
        for (int n = 0; n < IMAGES; ++n)
            for (int i = 0; i < IMAGE; ++i)
                sum[c] += pixels[n][c][i];
        for (int n = 0; n < IMAGES; ++n)
            for (int i = 0; i < IMAGE; ++i)
                squares[c] += pow(pixels[n][c][i] - sum[c] / (IMAGES * IMAGE), 2);
    }

    ck_assert_int_eq(
        fg_dataset_create(&dataset, &pixels[0][0][0], NULL, IMAGES, CHANNELS, SIDE, 0), FG_OK);
    normalisation = fg_dataset_normalisation(dataset);
    ck_assert_int_eq(normalisation.channels, CHANNELS);
    for (int c = 0; c < CHANNELS; ++c) {
        const double deviation = c == 1 ? 1.0 : sqrt(squares[c] / (IMAGES * IMAGE));
        /* both are rounded to float once */
        ck_assert_double_eq_tol((double)normalisation.mean[c], sum[c] / (IMAGES * IMAGE), 1e-5);
        ck_assert_double_eq_tol((double)normalisation.deviation[c], deviation, 1e-5);
    }
    ck_assert(normalisation.mean[1] == 251.0f && normalisation.deviation[1] == 1.0f);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(fashion_mnist_is_what_its_paper_says)
{
    static const char folder[] = "/usr/share/datasets/fashion-mnist";
    fg_dataset *dataset = NULL;
    fg_normalisation normalisation;
    int counts[10] = {0};

    if (access(folder, F_OK) != 0) {
        printf("skipped: %s is not there (Debian: dataset-fashion-mnist)\n", folder);
        return;
    }
    ck_assert_int_eq(fg_dataset_open(&dataset, folder, FG_SPLIT_TEST), FG_OK);
    expect_information(dataset, 10000, 1, 28, 10);
    fg_dataset_free(dataset);
    ck_assert_int_eq(fg_dataset_open(&dataset, folder, FG_SPLIT_TRAIN), FG_OK);
    expect_information(dataset, 60000, 1, 28, 10);
    for (int n = 0; n < 60000; ++n)
        ++counts[fg_dataset_label(dataset, n)];
    for (int label = 0; label < 10; ++label)
        ck_assert_int_eq(counts[label], 6000);
    normalisation = fg_dataset_normalisation(dataset);
    ck_assert_double_eq_tol((double)normalisation.mean[0], 0.2860406 * 255, 1e-3);
    ck_assert_double_eq_tol((double)normalisation.deviation[0], 0.3530242 * 255, 1e-3);
    fg_dataset_free(dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data/dataset");
    TCase *tests = tcase_create("dataset");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_folder_of_idx_files_is_found);
    tcase_add_test(tests, the_plain_file_goes_before_the_compressed_one);
    tcase_add_test(tests, folders_of_cifar_files_are_found);
    tcase_add_test(tests, a_folder_without_data_says_what_was_looked_for);
    tcase_add_test(tests, a_missing_part_is_named);
    tcase_add_test(tests, bad_content_is_refused_through_the_folder_too);
    tcase_add_test(tests, a_data_set_knows_its_name_and_whether_it_saw_every_class);
    tcase_add_test(tests, the_checksum_is_that_of_pixels_and_labels);
    tcase_add_test(tests, images_without_labels_can_be_opened);
    tcase_add_test(tests, the_callers_arrays_are_used_in_place_and_checked);
    tcase_add_test(tests, a_view_is_a_part_of_its_data_set);
    tcase_add_test(tests, normalisation_is_per_channel_over_all_images);
    tcase_add_test(tests, fashion_mnist_is_what_its_paper_says);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
