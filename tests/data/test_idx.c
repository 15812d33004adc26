/* test_idx.c - IDX files are read exactly, plain and compressed, or refused with the reason.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/idx.h"

#include <errno.h>

#include "support/message.h"
#include "support/scratch.h"

#define IMAGES 3
#define SIDE 5
#define HEADER 16
#define BYTES (HEADER + IMAGES * SIDE * SIDE)

static const uint8_t header[HEADER] = {0, 0, 8, 3,    0, 0, 0, IMAGES,
                                       0, 0, 0, SIDE, 0, 0, 0, SIDE};
static const uint8_t labels_file[] = {0, 0, 8, 1, 0, 0, 0, 4, 7, 0, 255, 3};
static uint8_t images_file[BYTES];

static void setup(void)
{
    scratch_setup();
    memcpy(images_file, header, HEADER);
    for (int i = HEADER; i < BYTES; ++i)
        images_file[i] = (uint8_t)(i * 37 + i / 7);
}

/* Reads a whole file into out, which it does not fill; returns its size. */
static size_t load(uint8_t *out, size_t most, const char *path)
{
    size_t bytes;
    char *data = scratch_read(path, &bytes);

    ck_assert_uint_lt(bytes, most);
    memcpy(out, data, bytes);
    free(data);
    return bytes;
}

/* Reads the images; where that succeeds, they must be the right ones. */
static fg_status read_images(const char *path)
{
    uint8_t *pixels = NULL;
    int images = 0, side = 0;
    const fg_status status = fg_idx_read_images(&pixels, &images, &side, path);

    if (status == FG_OK) {
        ck_assert_int_eq(images, IMAGES);
        ck_assert_int_eq(side, SIDE);
        ck_assert_mem_eq(pixels, images_file + HEADER, BYTES - HEADER);
        free(pixels);
    } else {
        ck_assert_ptr_null(pixels);
        ck_assert_int_eq(status, FG_ERR_FILE);
        expect_message(path, ": ");
    }
    return status;
}

static void expect_refused(const char *path, const char *reason)
{
    ck_assert_int_ne(read_images(path), FG_OK);
    expect_message(path, reason);
}

/* The same bad content, plain and compressed. */
static void expect_both_refused(const uint8_t *data, size_t bytes, const char *reason,
                                const char *reason_gz)
{
    expect_refused(scratch_file("bad", data, bytes), reason);
    expect_refused(scratch_gz("bad.gz", data, bytes), reason_gz);
}

START_TEST(plain_and_compressed_files_give_the_same)
{
    uint8_t *labels = NULL;
    int count = 0;

    ck_assert_int_eq(read_images(scratch_file("i", images_file, BYTES)), FG_OK);
    ck_assert_int_eq(read_images(scratch_gz("i.gz", images_file, BYTES)), FG_OK);
    /* the content decides, not the name */
    ck_assert_int_eq(read_images(scratch_gz("i", images_file, BYTES)), FG_OK);
    ck_assert_int_eq(
        fg_idx_read_labels(&labels, &count, scratch_file("l", labels_file, sizeof labels_file)),
        FG_OK);
    ck_assert_int_eq(count, 4);
    ck_assert_mem_eq(labels, labels_file + 8, 4);
    free(labels);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t compressed[2 * BYTES + 64];
    size_t bytes =
        load(compressed, sizeof compressed, scratch_gz("whole.gz", images_file, BYTES));

    for (size_t left = 0; left < BYTES; ++left)
        ck_assert_int_ne(read_images(scratch_file("cut", images_file, left)), FG_OK);
    for (size_t left = 0; left < bytes; ++left)
        ck_assert_int_ne(read_images(scratch_file("cut.gz", compressed, left)), FG_OK);
    expect_refused(scratch_file("cut", images_file, 3), "3 bytes of magic number, expected 4");
    expect_refused(scratch_file("cut", images_file, 13), "9 bytes of sizes, expected 12");
    expect_refused(scratch_file("cut", images_file, BYTES - 1),
                   "truncated: 74 bytes after the header, expected 75");
    expect_refused(scratch_file("cut.gz", compressed, bytes - 1), "checksum");
    expect_refused(scratch_gz("cut.gz", images_file, BYTES - 1),
                   "truncated: 74 bytes of values, expected 75");
}
END_TEST

START_TEST(no_flipped_bit_of_compressed_data_goes_unnoticed)
{
    uint8_t compressed[2 * BYTES + 64];
    size_t refused = 0;
    const size_t bytes =
        load(compressed, sizeof compressed, scratch_gz("whole.gz", images_file, BYTES));

    for (size_t bit = 0; bit < 8 * bytes; ++bit) {
        compressed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        /* read_images fails the test if wrong pixels come out */
        refused += read_images(scratch_file("flip.gz", compressed, bytes)) != FG_OK;
        compressed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* what may change are 6 bytes of time, level and system, and one flag */
    ck_assert_uint_ge(refused, 8 * (bytes - 7));
}
END_TEST

/* Files are read in pieces. Where the checksum begins a new one, all values are there before
 * zlib has seen it, and only reading on finds it wrong or cut off. */
START_TEST(a_checksum_behind_the_values_is_read)
{
    enum { MOST = 70000, PIECE = 8192 };
    static uint8_t noise[MOST], compressed[2 * MOST];
    size_t bytes = HEADER + 50000, size;
    uint32_t state = 1;
    uint8_t *pixels = NULL;
    int images, side;
    const char *path;

    for (int i = 0; i < MOST; ++i) {
        state = state * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(state >> 24);
    }
    memcpy(noise, (const uint8_t[]){0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, HEADER);
    size = load(compressed, sizeof compressed, scratch_gz("noise.gz", noise, bytes));
    bytes += (PIECE - (size - 8) % PIECE) % PIECE; /* noise grows byte by byte */
    noise[6] = (uint8_t)((bytes - HEADER) >> 8);   /* so many images of one pixel */
    noise[7] = (uint8_t)(bytes - HEADER);
    path = scratch_gz("noise.gz", noise, bytes);
    size = load(compressed, sizeof compressed, path);
    ck_assert_uint_eq((size - 8) % PIECE, 0);
    ck_assert_int_eq(fg_idx_read_images(&pixels, &images, &side, path), FG_OK);
    ck_assert_uint_eq((size_t)images, bytes - HEADER);
    free(pixels);

    compressed[size - 8] ^= 1;
    expect_refused(scratch_file("noise.gz", compressed, size), "damaged");
    compressed[size - 8] ^= 1;
    for (size_t cut = 1; cut <= 8; ++cut)
        expect_refused(scratch_file("noise.gz", compressed, size - cut), "checksum is missing");
}
END_TEST

START_TEST(a_byte_too_many_is_refused)
{
    uint8_t more[BYTES + 1] = {0};

    memcpy(more, images_file, BYTES);
    expect_both_refused(more, sizeof more, "oversized: 76 bytes after the header, expected 75",
                        "oversized");
}
END_TEST

/* zlib itself would take what stands behind the data for padding. */
START_TEST(what_stands_behind_the_gzip_data_is_refused)
{
    static const char *const behind[] = {"x", "\037", "\037x", "some more text"};
    uint8_t more[4 * BYTES + 64] = {0};
    const size_t bytes = load(more, sizeof more, scratch_gz("whole.gz", images_file, BYTES));

    expect_refused(scratch_file("more.gz", more, bytes + 1), "more behind the gzip data");
    expect_refused(scratch_file("more.gz", more, bytes + 9), "more behind the gzip data");
    for (size_t i = 0; i < sizeof behind / sizeof *behind; ++i) {
        memcpy(more + bytes, behind[i], strlen(behind[i]));
        ck_assert_int_ne(read_images(scratch_file("more.gz", more, bytes + strlen(behind[i]))),
                         FG_OK);
    }
    memcpy(more + bytes, more, bytes); /* a member is no padding, but there are its values */
    expect_refused(scratch_file("twice.gz", more, 2 * bytes), "more after the last value");
}
END_TEST

/* gzip files may be put one behind the other, which stands for their contents put so. */
START_TEST(members_are_read_one_behind_the_other)
{
    uint8_t both[4 * BYTES + 128];
    size_t bytes;

    for (size_t cut = 0; cut <= BYTES; cut += 5) {
        bytes = load(both, sizeof both, scratch_gz("first.gz", images_file, cut));
        bytes += load(both + bytes, sizeof both - bytes,
                      scratch_gz("second.gz", images_file + cut, BYTES - cut));
        ck_assert_int_eq(read_images(scratch_file("both.gz", both, bytes)), FG_OK);
        ck_assert_int_ne(read_images(scratch_file("both.gz", both, bytes - 1)), FG_OK);
    }
}
END_TEST

START_TEST(another_magic_number_is_refused)
{
    uint8_t other[BYTES];
    uint8_t *labels = NULL;
    int count;

    expect_both_refused(labels_file, sizeof labels_file, "is 0x00000801, expected 0x00000803",
                        "is 0x00000801, expected 0x00000803");
    memcpy(other, images_file, BYTES);
    other[2] = 0x0d; /* floats */
    expect_both_refused(other, BYTES, "0x00000d03", "0x00000d03");

    ck_assert_int_eq(fg_idx_read_labels(&labels, &count, scratch_file("l", images_file, BYTES)),
                     FG_ERR_FILE);
    ck_assert_ptr_null(labels);
    expect_message("is 0x00000803, expected 0x00000801", scratch_path("l"));
}
END_TEST

START_TEST(zero_and_huge_sizes_are_refused_by_name)
{
    static const char *const zero[] = {"image count is 0", "row count is 0",
                                       "column count is 0"};
    static const char *const huge[] = {"image count is 4294967295", "row count is 4294967295",
                                       "column count is 4294967295"};
    uint8_t bad[BYTES];

    for (int i = 0; i < 3; ++i) {
        memcpy(bad, images_file, BYTES);
        memset(bad + 4 + 4 * i, 0, 4);
        expect_both_refused(bad, BYTES, zero[i], zero[i]);
        memset(bad + 4 + 4 * i, 0xff, 4);
        expect_both_refused(bad, BYTES, huge[i], huge[i]);
    }
}
END_TEST

START_TEST(sizes_that_the_file_cannot_hold_are_refused_before_allocation)
{
    uint8_t bad[BYTES];

    memcpy(bad, images_file, BYTES);
    bad[5] = 1; /* 65539 images */
    expect_both_refused(bad, BYTES, "expected 1638475", "ask for 1638475 bytes, more than");
    for (int i = 0; i < 3; ++i) /* the product overflows 64 bits */
        memcpy(bad + 4 + 4 * i, (const uint8_t[]){0x7f, 0xff, 0xff, 0xff}, 4);
    expect_both_refused(bad, BYTES, "truncated", "more than");
}
END_TEST

/* The bound on what a gzip file can hold must let through what compresses best. */
START_TEST(an_extremely_compressible_file_is_read)
{
    const size_t bytes = HEADER + 1000 * 1000;
    uint8_t *white = calloc(bytes, 1);
    uint8_t *pixels = NULL;
    int images, side;

    ck_assert_ptr_nonnull(white);
    memcpy(white, (const uint8_t[]){0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 3, 232, 0, 0, 3, 232},
           HEADER);
    ck_assert_int_eq(
        fg_idx_read_images(&pixels, &images, &side, scratch_gz("white.gz", white, bytes)),
        FG_OK);
    ck_assert_int_eq(side, 1000);
    free(pixels);
    free(white);
}
END_TEST

START_TEST(images_that_are_not_square_are_refused)
{
    uint8_t bad[BYTES];

    memcpy(bad, images_file, BYTES);
    bad[15] = SIDE - 1;
    expect_both_refused(bad, BYTES, "5 rows and 4 columns, expected square",
                        "5 rows and 4 columns, expected square");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    uint8_t *pixels;
    int images, side;

    expect_refused(scratch_path("absent"), strerror(ENOENT));
    expect_refused(scratch_path(""), "not a regular file");
    expect_both_refused(images_file, 0, "empty", "0 bytes of magic number, expected 4");
    ck_assert_int_eq(fg_idx_read_images(&pixels, &images, &side, NULL), FG_ERR_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data/idx");
    TCase *tests = tcase_create("idx");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, scratch_teardown);
    tcase_add_test(tests, plain_and_compressed_files_give_the_same);
    tcase_add_test(tests, every_truncation_is_refused);
    tcase_add_test(tests, no_flipped_bit_of_compressed_data_goes_unnoticed);
    tcase_add_test(tests, a_checksum_behind_the_values_is_read);
    tcase_add_test(tests, a_byte_too_many_is_refused);
    tcase_add_test(tests, what_stands_behind_the_gzip_data_is_refused);
    tcase_add_test(tests, members_are_read_one_behind_the_other);
    tcase_add_test(tests, another_magic_number_is_refused);
    tcase_add_test(tests, zero_and_huge_sizes_are_refused_by_name);
    tcase_add_test(tests, sizes_that_the_file_cannot_hold_are_refused_before_allocation);
    tcase_add_test(tests, an_extremely_compressible_file_is_read);
    tcase_add_test(tests, images_that_are_not_square_are_refused);
    tcase_add_test(tests, what_is_no_file_is_refused);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
