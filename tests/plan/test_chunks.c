/* test_chunks.c - how sums over pixels are cut: every pixel once, and never more chunks than
 * room.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/chunks.h"

#include <stdlib.h>

#include "cl/chunks.h"
#include "plans.h"

static const int sides[][2] = {{1, 1},   {1, 7},   {2, 2},   {3, 5},   {7, 7},   {8, 8},
                               {13, 13}, {14, 14}, {16, 16}, {28, 28}, {31, 31}, {32, 32},
                               {33, 32}, {56, 56}, {64, 64}, {5, 300}, {300, 5}, {224, 224}};
static const int batches[] = {1, 2, 3, 5, 7, 9, 15, 16, 17, 31, 32, 33, 63, 64, 100, 128, 257};

#define SIDES (sizeof sides / sizeof *sides)
#define BATCHES (sizeof batches / sizeof *batches)

static void cover(struct fg_chunks chunks)
{
    const int image = chunks.height * chunks.width, pixels = chunks.images * image;
    unsigned char *seen = calloc((size_t)pixels, 1);
    int next = 0;

    ck_assert_ptr_nonnull(seen);
    for (int i = 0; i < chunks.chunks; ++i) {
        const struct fg_chunk chunk = fg_chunks_at(chunks, i);
        ck_assert_int_eq(chunk.first, next); /* pixel order: chunk by chunk, none between two */
        ck_assert_int_eq(chunk.pixels, chunk.rows * chunks.width);
        ck_assert(chunk.images >= 1 && chunk.rows >= 1);
        ck_assert(chunk.images == 1 || chunk.rows == chunks.height);
        ck_assert_int_eq(chunk.row, chunk.first % image / chunks.width);
        for (int n = 0; n < chunk.images; ++n)
            for (int p = 0; p < chunk.pixels; ++p)
                ++seen[chunk.first + n * image + p];
        next = chunk.first + chunk.images * chunk.pixels;
    }
    ck_assert_int_eq(next, pixels);
    for (int p = 0; p < pixels; ++p)
        if (seen[p] != 1)
            ck_abort_msg("pixel %d is in %d chunks", p, seen[p]);
    free(seen);
}

START_TEST(chunks_cover_every_pixel_once_and_in_order)
{
    for (size_t i = 0; i < SIDES; ++i)
        for (size_t j = 0; j < BATCHES; ++j)
            if (sides[i][0] * sides[i][1] * batches[j] < 300000)
                cover(fg_chunks_of(batches[j], sides[i][0], sides[i][1]));
}
END_TEST

START_TEST(no_batch_has_more_chunks_than_the_most)
{
    for (size_t i = 0; i < SIDES; ++i)
        for (size_t j = 0; j < BATCHES; ++j) {
            const int height = sides[i][0], width = sides[i][1];
            const int most = fg_chunks_most(batches[j], height, width);
            int found = 0;
            for (int n = 1; n <= batches[j]; ++n)
                if (fg_chunks_of(n, height, width).chunks > found)
                    found = fg_chunks_of(n, height, width).chunks;
            ck_assert_msg(found <= most, "%d images of %dx%d: %d chunks, room for %d",
                          batches[j], height, width, found, most);
            /* Room is not wasted either. */
            ck_assert_msg(most <= found || most <= FG_CHUNK_TARGET, "%d images of %dx%d",
                          batches[j], height, width);
        }
}
END_TEST

START_TEST(the_most_is_exact_for_common_networks)
{
    ck_assert_int_eq(fg_chunks_most(64, 8, 8), 8);
    ck_assert_int_eq(fg_chunks_most(64, 16, 16), 32);
    ck_assert_int_eq(fg_chunks_most(64, 1, 1), 1);
}
END_TEST

START_TEST(the_largest_map_is_counted_without_overflow)
{
    /* 2^30 pixels, the most that a plan allows. */
    const struct fg_chunks chunks = fg_chunks_of(64, 4096, 4096);
    ck_assert_int_eq(chunks.chunks, 32);
    ck_assert_int_eq(fg_chunks_at(chunks, 31).first, 62 * 4096 * 4096);
    ck_assert_int_eq(fg_chunks_most(1 << 30, 1, 1), 32);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {chunks_cover_every_pixel_once_and_in_order,
                                  no_batch_has_more_chunks_than_the_most,
                                  the_most_is_exact_for_common_networks,
                                  the_largest_map_is_counted_without_overflow, NULL};
    return plan_run("plan/chunks", tests);
}
