/* test_safetensors.c - what is written is read back, byte for byte the same each time, and
 * every malformed file is refused with one line that names it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/safetensors_writer.h"
#include "support/scratch.h"

static const char *path; /* in the folder */

static void setup(void)
{
    scratch_setup();
    path = strdup(scratch_path("t.safetensors"));
}

static void teardown(void)
{
    free((char *)path);
    scratch_teardown();
}

static const int64_t counter = INT64_C(-9007199254740993); /* no double holds it */
static const double sum = 0.1;
static const float matrix[3] = {1.0f, -2.5f, 3.0e-40f};

static void write_example(void)
{
    fg_safetensors_writer *writer = NULL;

    ck_assert_int_eq(fg_safetensors_writer_create(&writer), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_metadata(writer, "model", "a \"b\" \xc3\xa9"),
                     FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_metadata(writer, "empty", ""), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_declare(writer, "counter", FG_DTYPE_I64, 0, NULL),
                     FG_OK);
    ck_assert_int_eq(
        fg_safetensors_writer_declare(writer, "sum", FG_DTYPE_F64, 1, (int64_t[]){1}), FG_OK);
    ck_assert_int_eq(
        fg_safetensors_writer_declare(writer, "matrix", FG_DTYPE_F32, 2, (int64_t[]){3, 1}),
        FG_OK);
    ck_assert_int_eq(
        fg_safetensors_writer_declare(writer, "nothing", FG_DTYPE_F32, 2, (int64_t[]){0, 7}),
        FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_open(writer, path), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_append(writer, &counter), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_append(writer, &sum), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_append(writer, matrix), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_append(writer, matrix), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_commit(writer), FG_OK);
    fg_safetensors_writer_free(writer);
}

START_TEST(test_written_is_read)
{
    fg_safetensors *file = NULL;
    const fg_safetensor *tensor = NULL;

    write_example();
    ck_assert_int_eq(fg_safetensors_open(&file, path), FG_OK);
    ck_assert_str_eq(fg_safetensors_path(file), path);
    ck_assert_int_eq(fg_safetensors_tensors(file), 4);
    ck_assert_str_eq(fg_safetensors_metadata(file, "model"), "a \"b\" \xc3\xa9");
    ck_assert_str_eq(fg_safetensors_metadata(file, "empty"), "");
    ck_assert_ptr_null(fg_safetensors_metadata(file, "none"));
    ck_assert_ptr_null(fg_safetensors_find(file, "none"));
    ck_assert_str_eq(fg_safetensors_tensor(file, 2)->name, "matrix");

    tensor = fg_safetensors_find(file, "counter");
    ck_assert_int_eq(tensor->dtype, FG_DTYPE_I64);
    ck_assert_int_eq(tensor->dimensions, 0);
    ck_assert_int_eq(tensor->elements, 1);
    ck_assert_mem_eq(tensor->data, &counter, sizeof counter);
    tensor = fg_safetensors_find(file, "sum");
    ck_assert_mem_eq(tensor->data, &sum, sizeof sum);
    tensor = fg_safetensors_find(file, "matrix");
    ck_assert_int_eq(tensor->dimensions, 2);
    ck_assert_int_eq(tensor->shape[0], 3);
    ck_assert_int_eq(tensor->shape[1], 1);
    ck_assert_uint_eq(tensor->bytes, sizeof matrix);
    ck_assert_mem_eq(tensor->data, matrix, sizeof matrix);
    ck_assert_int_eq(fg_safetensors_find(file, "nothing")->elements, 0);
    fg_safetensors_free(file);
}
END_TEST

START_TEST(test_same_bytes_each_time_and_aligned)
{
    char *first = NULL, *second = NULL;
    size_t first_bytes = 0, second_bytes = 0;
    uint64_t header = 0;

    write_example();
    first = scratch_read(path, &first_bytes);
    write_example();
    second = scratch_read(path, &second_bytes);
    ck_assert_uint_eq(first_bytes, second_bytes);
    ck_assert_mem_eq(first, second, first_bytes);
    memcpy(&header, first, sizeof header);
    ck_assert_uint_eq(header % 8, 0);
    ck_assert_uint_eq(first_bytes, 8 + header + 8 + 8 + sizeof matrix);
    free(first);
    free(second);
}
END_TEST

START_TEST(test_expect)
{
    fg_safetensors *file = NULL;
    const fg_safetensor *tensor = NULL;

    write_example();
    ck_assert_int_eq(fg_safetensors_open(&file, path), FG_OK);
    ck_assert_int_eq(
        fg_safetensors_expect(&tensor, file, "matrix", FG_DTYPE_F32, 2, (int64_t[]){-1, 1}),
        FG_OK);
    ck_assert_ptr_eq(tensor, fg_safetensors_find(file, "matrix"));
    ck_assert_int_eq(
        fg_safetensors_expect(&tensor, file, "matrix", FG_DTYPE_F32, 2, (int64_t[]){-1, 4}),
        FG_ERR_FILE);
    ck_assert_ptr_null(tensor);
    ck_assert_ptr_nonnull(
        strstr(fg_error_message(), "matrix is F32 [3][1], expected F32 [N][4]"));
    ck_assert_int_eq(fg_safetensors_expect(&tensor, file, "counter", FG_DTYPE_F32, 0, NULL),
                     FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "counter is I64 [], expected F32 []"));
    ck_assert_int_eq(fg_safetensors_expect(&tensor, file, "none", FG_DTYPE_F32, 0, NULL),
                     FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "has no tensor none"));
    fg_safetensors_free(file);
}
END_TEST

START_TEST(test_text_that_is_not_utf8)
{
    fg_safetensors_writer *writer = NULL;

    ck_assert_int_eq(fg_safetensors_writer_create(&writer), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_metadata(writer, "device", "\xff"), FG_ERR_ARGUMENT);
    fg_safetensors_writer_free(writer);
}
END_TEST

/* ---- malformed files ---- */

/* A file of this header, said to be length bytes long, and so many bytes of tensors. */
static void write_raw(const char *header, uint64_t length, size_t bytes)
{
    static char content[1024];
    const size_t text = strlen(header);

    ck_assert_uint_le(8 + text + bytes, sizeof content);
    memset(content, 0, sizeof content);
    memcpy(content, &length, 8);
    memcpy(content + 8, header, text);
    scratch_write(path, content, 8 + text + bytes);
}

static void expect_refused(const char *reason)
{
    fg_safetensors *file = NULL;

    ck_assert_int_eq(fg_safetensors_open(&file, path), FG_ERR_FILE);
    ck_assert_ptr_null(file);
    ck_assert_msg(strstr(fg_error_message(), path) == fg_error_message() &&
                      strstr(fg_error_message(), reason) != NULL &&
                      strchr(fg_error_message(), '\n') == NULL,
                  "message is: %s", fg_error_message());
}

static const struct {
    const char *header;
    size_t bytes;
    const char *reason;
} malformed[] = {
    {"", 0, "does not start with"},
    {"[]", 0, "does not start with"},
    {" {}", 0, "does not start with"},
    {"{", 0, "header: "},
    {"{}x", 0, "header: "},
    {"{\"a\":\"\xff\"}", 0, "header: "},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
     4, "duplicate"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is not a map of strings"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "__metadata__: k is not a string"},
    {"{\"a\":1}", 0, "a: needs exactly"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "a: needs exactly"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4,
     "a: needs exactly"},
    {"{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "a: dtype"},
    {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "a: dtype"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "a: needs exactly"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "a: shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "a: shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
     "a: has 9 dimensions"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
     "a: shape is too large"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
     "a: shape is too large"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4,
     "header: "},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "a: data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "a: data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4, "a: data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4,
     "a: ends 4 bytes behind"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8,
     "a: has 8 bytes where its shape needs 4"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "a hole of 4"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
     6, "b: overlaps"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5,
     "1 bytes behind the last tensor"},
    {"{}", 3, "3 bytes behind the last tensor"},
};

START_TEST(test_malformed)
{
    write_raw(malformed[_i].header, strlen(malformed[_i].header), malformed[_i].bytes);
    expect_refused(malformed[_i].reason);
}
END_TEST

START_TEST(test_bad_length)
{
    scratch_write(path, "", 0);
    expect_refused("too few");
    scratch_write(path, "1234567", 7);
    expect_refused("too few");
    write_raw("{}", 3, 0);
    expect_refused("beyond the file");
    write_raw("{}", UINT64_MAX, 0);
    expect_refused("beyond the file");
    ck_assert_int_eq(unlink(path), 0);
    expect_refused("No such file");
}
END_TEST

/* However a file is cut, it is refused. */
START_TEST(test_truncated)
{
    char *whole = NULL;
    size_t bytes = 0;

    write_example();
    whole = scratch_read(path, &bytes);
    for (size_t cut = 0; cut < bytes; ++cut) {
        scratch_write(path, whole, cut);
        expect_refused("");
    }
    free(whole);
}
END_TEST

/* Files that are unusual and allowed: no tensors, padding, tensors in another order. */
START_TEST(test_unusual)
{
    fg_safetensors *file = NULL;

    write_raw("{}", 2, 0);
    ck_assert_int_eq(fg_safetensors_open(&file, path), FG_OK);
    ck_assert_int_eq(fg_safetensors_tensors(file), 0);
    ck_assert_ptr_null(fg_safetensors_metadata(file, "model"));
    fg_safetensors_free(file);

    const char *swapped = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
                          "\"b\":{\"shape\":[],\"data_offsets\":[0,8],\"dtype\":\"F64\"}}   ";
    write_raw(swapped, strlen(swapped), 12);
    ck_assert_int_eq(fg_safetensors_open(&file, path), FG_OK);
    const fg_safetensor *a = fg_safetensors_find(file, "a"),
                        *b = fg_safetensors_find(file, "b");
    ck_assert_int_eq((const char *)a->data - (const char *)b->data, 8);
    fg_safetensors_free(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_written_is_read);
    tcase_add_test(tests, test_same_bytes_each_time_and_aligned);
    tcase_add_test(tests, test_expect);
    tcase_add_test(tests, test_text_that_is_not_utf8);
    tcase_add_loop_test(tests, test_malformed, 0, (int)(sizeof malformed / sizeof *malformed));
    tcase_add_test(tests, test_bad_length);
    tcase_add_test(tests, test_truncated);
    tcase_add_test(tests, test_unusual);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
