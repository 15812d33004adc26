/* test_cut.c - how a forward launch is cut into work-groups.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/cut.h"

#include <check.h>
#include <string.h>

static const int sides[][2] = {{1, 1},   {7, 7},   {8, 8},   {13, 13}, {14, 14},
                               {16, 16}, {32, 32}, {5, 300}, {300, 5}, {224, 224}};

#define SIDES (int)(sizeof sides / sizeof *sides)

static bool same(struct fg_chunks a, struct fg_chunks b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* In pixel order, chunk by chunk, and none is left. */
static void check_cover(struct fg_chunks chunks)
{
    int next = 0;

    for (int i = 0; i < chunks.chunks; ++i) {
        const struct fg_chunk chunk = fg_chunks_at(chunks, i);
        ck_assert_int_eq(chunk.first, next);
        ck_assert_int_gt(chunk.pixels, 0);
        next += chunk.images * chunk.pixels;
    }
    ck_assert_int_eq(next, chunks.images * chunks.height * chunks.width);
}

START_TEST(pixels_are_cut_for_all_units_unless_they_are_summed)
{
    const int height = sides[_i][0], width = sides[_i][1], least = 32;

    for (int images = 1; images <= 64; images += 1 + images / 3)
        for (int wanted = 1; wanted <= 1024; wanted *= 4) {
            const struct fg_chunks summed = fg_chunks_of(images, height, width);
            const struct fg_chunks cut =
                fg_cut_pixels(images, height, width, false, wanted, least);
            const int pixels = images * height * width;
            check_cover(cut);
            ck_assert(same(fg_cut_pixels(images, height, width, true, wanted, least), summed));
            if (summed.chunks >= wanted)
                ck_assert(same(cut, summed));
            ck_assert_int_ge(cut.chunks, summed.chunks);
            /* A chunk is rounded up to a row, or to an image of less than two chunks. */
            ck_assert(cut.chunks * 2 >= wanted || cut.chunks * 2 * least >= pixels ||
                      cut.chunks * 2 * width >= pixels);
        }
}
END_TEST

START_TEST(channels_are_shared_out_by_the_unit)
{
    ck_assert_int_eq(fg_cut_channels(64, 8, 1), 64);
    ck_assert_int_eq(fg_cut_channels(64, 8, 4), 16);
    ck_assert_int_eq(fg_cut_channels(64, 8, 3), 24);
    ck_assert_int_eq(fg_cut_channels(64, 8, 1000), 8);
    ck_assert_int_eq(fg_cut_channels(13, 6, 2), 12);
    ck_assert_int_eq(fg_cut_channels(1, 12, 2), 12);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/cut");
    TCase *tests = tcase_create("cut");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tests, pixels_are_cut_for_all_units_unless_they_are_summed, 0, SIDES);
    tcase_add_test(tests, channels_are_shared_out_by_the_unit);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
