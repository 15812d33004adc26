/* test_cifar.c - CIFAR files are read exactly, or refused with the reason.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/cifar.h"

#include <errno.h>

#include "support/message.h"
#include "support/scratch.h"

#define IMAGE 3072
#define RECORD_10 (1 + IMAGE)
#define RECORD_100 (2 + IMAGE)
#define RECORDS 3

static uint8_t file[RECORDS * RECORD_100 + 1];

static void fill_record(uint8_t *record, int labels, int n)
{
    record[0] = (uint8_t)n;
    record[labels - 1] = (uint8_t)(n + 5);
    for (int i = 0; i < IMAGE; ++i)
        record[labels + i] = (uint8_t)(i * 13 + i / 50 + n);
}

/* RECORDS records; image n has coarse label n and label n + 5. */
static void fill_file(int labels)
{
    memset(file, 0, sizeof file);
    for (int n = 0; n < RECORDS; ++n)
        fill_record(file + n * (labels + IMAGE), labels, n);
}

static void expect_refused(fg_cifar_kind kind, const char *path, const char *reason)
{
    uint8_t *pixels = NULL;
    int32_t *labels = NULL;
    int images;

    ck_assert_int_eq(fg_cifar_read(&pixels, &labels, &images, kind, &path, 1), FG_ERR_FILE);
    ck_assert_ptr_null(pixels);
    ck_assert_ptr_null(labels);
    expect_message(path, reason);
}

START_TEST(files_are_read_one_behind_the_other)
{
    const char *paths[2];
    uint8_t *pixels;
    int32_t *labels;
    int images;

    fill_file(1);
    paths[0] = scratch_file("a", file, RECORDS * RECORD_10);
    fill_record(file, 1, 4);
    paths[1] = scratch_file("b", file, RECORD_10);
    ck_assert_int_eq(fg_cifar_read(&pixels, &labels, &images, FG_CIFAR_10, paths, 2), FG_OK);
    ck_assert_int_eq(images, RECORDS + 1);
    for (int n = 0; n < images; ++n) {
        const int number = n < RECORDS ? n : 4;
        uint8_t record[RECORD_10];
        fill_record(record, 1, number);
        ck_assert_int_eq(labels[n], number + 5);
        ck_assert_mem_eq(pixels + n * IMAGE, record + 1, IMAGE);
    }
    free(pixels);
    free(labels);
}
END_TEST

START_TEST(cifar100_takes_the_fine_label)
{
    const char *path;
    uint8_t *pixels;
    int32_t *labels;
    int images;

    fill_file(2);
    path = scratch_file("train.bin", file, RECORDS * RECORD_100);
    ck_assert_int_eq(fg_cifar_read(&pixels, &labels, &images, FG_CIFAR_100, &path, 1), FG_OK);
    ck_assert_int_eq(images, RECORDS);
    for (int n = 0; n < images; ++n) {
        ck_assert_int_eq(labels[n], n + 5);
        ck_assert_mem_eq(pixels + n * IMAGE, file + n * RECORD_100 + 2, IMAGE);
    }
    free(pixels);
    free(labels);
}
END_TEST

START_TEST(other_sizes_than_whole_records_are_refused)
{
    fill_file(1);
    expect_refused(FG_CIFAR_10, scratch_file("a", file, RECORDS * RECORD_10 - 1),
                   "9218 bytes, 3072 more than a multiple of 3073");
    expect_refused(FG_CIFAR_10, scratch_file("a", file, RECORDS * RECORD_10 + 1),
                   "9220 bytes, 1 more than a multiple of 3073");
    expect_refused(FG_CIFAR_10, scratch_file("a", file, 1), "1 bytes");
    expect_refused(FG_CIFAR_10, scratch_file("a", file, 0), "empty");
    expect_refused(FG_CIFAR_100, scratch_file("a", file, RECORDS * RECORD_10),
                   "a multiple of 3074");
}
END_TEST

START_TEST(labels_out_of_range_are_refused)
{
    fill_file(1);
    file[2 * RECORD_10] = 10;
    expect_refused(FG_CIFAR_10, scratch_file("a", file, RECORDS * RECORD_10),
                   "the label of image 2 is 10, expected 0..9");
    fill_file(2);
    file[RECORD_100] = 20;
    expect_refused(FG_CIFAR_100, scratch_file("a", file, RECORDS * RECORD_100),
                   "the coarse label of image 1 is 20, expected 0..19");
    fill_file(2);
    file[1] = 100;
    expect_refused(FG_CIFAR_100, scratch_file("a", file, RECORDS * RECORD_100),
                   "the fine label of image 0 is 100, expected 0..99");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    const char *path = NULL;
    uint8_t *pixels;
    int32_t *labels;
    int images;

    expect_refused(FG_CIFAR_10, scratch_path("absent"), strerror(ENOENT));
    expect_refused(FG_CIFAR_10, scratch_path(""), "not a regular file");
    ck_assert_int_eq(fg_cifar_read(&pixels, &labels, &images, FG_CIFAR_10, &path, 0),
                     FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_cifar_read(&pixels, &labels, &images, FG_CIFAR_10, NULL, 1),
                     FG_ERR_ARGUMENT);
    ck_assert_int_eq(fg_cifar_read(&pixels, &labels, &images, FG_CIFAR_10, &path, 1),
                     FG_ERR_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data/cifar");
    TCase *tests = tcase_create("cifar");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, files_are_read_one_behind_the_other);
    tcase_add_test(tests, cifar100_takes_the_fine_label);
    tcase_add_test(tests, other_sizes_than_whole_records_are_refused);
    tcase_add_test(tests, labels_out_of_range_are_refused);
    tcase_add_test(tests, what_is_no_file_is_refused);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
