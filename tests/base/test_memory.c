/* test_memory.c - memory that runs out, sizes that overflow, texts that grow.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

START_TEST(memory_is_zeroed)
{
    unsigned char *memory = fg_memory_zeroed(1000, 3);
    ck_assert_ptr_nonnull(memory);
    for (int i = 0; i < 3000; ++i)
        ck_assert_uint_eq(memory[i], 0);
    free(memory);
}
END_TEST

START_TEST(nothing_is_not_null)
{
    void *none = fg_memory_zeroed(0, 8), *empty = fg_memory_zeroed(8, 0);
    ck_assert_ptr_nonnull(none);
    ck_assert_ptr_nonnull(empty);
    free(none);
    free(empty);
}
END_TEST

START_TEST(too_much_memory_sets_the_message)
{
    ck_assert_ptr_null(fg_memory_zeroed(SIZE_MAX / 2, 8));
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "8 bytes"));
}
END_TEST

static fg_status allocate(size_t count)
{
    fg_status status = FG_OK;
    double *values = NULL;

    FG_ALLOC(values, count);
    values[count - 1] = 1.0;

cleanup:
    free(values);
    return status;
}

START_TEST(alloc_macro_goes_to_cleanup_when_memory_runs_out)
{
    ck_assert_int_eq(allocate(10), FG_OK);
    ck_assert_int_eq(allocate(SIZE_MAX / 2), FG_ERR_MEMORY);
}
END_TEST

START_TEST(size_mul_tells_overflow)
{
    size_t product;
    ck_assert(fg_size_mul(&product, 6, 7));
    ck_assert_uint_eq(product, 42);
    ck_assert(fg_size_mul(&product, 0, SIZE_MAX));
    ck_assert_uint_eq(product, 0);
    ck_assert(fg_size_mul(&product, 1, SIZE_MAX));
    ck_assert_uint_eq(product, SIZE_MAX);
    ck_assert(!fg_size_mul(&product, 2, SIZE_MAX / 2 + 1));
    ck_assert_uint_eq(product, SIZE_MAX);
}
END_TEST

START_TEST(round_up_leaves_multiples)
{
    ck_assert_uint_eq(fg_size_round_up(0, 512), 0);
    ck_assert_uint_eq(fg_size_round_up(1, 512), 512);
    ck_assert_uint_eq(fg_size_round_up(512, 512), 512);
    ck_assert_uint_eq(fg_size_round_up(513, 512), 1024);
    ck_assert_uint_eq(fg_size_round_up(13, 1), 13);
    ck_assert_uint_eq(fg_size_round_up(SIZE_MAX, 1), SIZE_MAX);
}
END_TEST

START_TEST(copy_is_the_callers_own)
{
    char original[] = "sources";
    char *copy = fg_text_copy(original);
    original[0] = 'S';
    ck_assert_str_eq(copy, "sources");
    fg_text_free(copy);
    fg_text_free(NULL);
}
END_TEST

START_TEST(text_grows_over_many_appends)
{
    fg_text text = {0};
    char *out = NULL;

    for (int i = 0; i < 1000; ++i)
        fg_text_append(&text, "%03d;", i);
    ck_assert_int_eq(fg_text_take(&out, &text), FG_OK);
    ck_assert_uint_eq(strlen(out), 4000);
    ck_assert_ptr_nonnull(strstr(out, "000;001;002;"));
    ck_assert_str_eq(out + 3992, "998;999;");
    ck_assert_ptr_null(text.data);
    fg_text_free(out);
}
END_TEST

START_TEST(untouched_text_is_an_empty_string)
{
    fg_text text = {0};
    char *out = NULL;
    ck_assert_int_eq(fg_text_take(&out, &text), FG_OK);
    ck_assert_str_eq(out, "");
    fg_text_free(out);
}
END_TEST

START_TEST(failed_text_stays_failed_and_is_freed)
{
    fg_text text = {0};
    char *out = NULL;

    fg_text_append(&text, "some");
    text.failed = true;
    fg_text_append(&text, "more");
    ck_assert_int_eq(fg_text_take(&out, &text), FG_ERR_MEMORY);
    ck_assert_ptr_null(out);
    ck_assert_ptr_null(text.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/memory");
    TCase *tests = tcase_create("memory");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, memory_is_zeroed);
    tcase_add_test(tests, nothing_is_not_null);
    tcase_add_test(tests, too_much_memory_sets_the_message);
    tcase_add_test(tests, alloc_macro_goes_to_cleanup_when_memory_runs_out);
    tcase_add_test(tests, size_mul_tells_overflow);
    tcase_add_test(tests, round_up_leaves_multiples);
    tcase_add_test(tests, copy_is_the_callers_own);
    tcase_add_test(tests, text_grows_over_many_appends);
    tcase_add_test(tests, untouched_text_is_an_empty_string);
    tcase_add_test(tests, failed_text_stays_failed_and_is_freed);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
