/* shapes.h - the shapes that operations are tested on; benches verify on them too.
 *
 * Chosen to be awkward: see cl/chunks.h for how sums are cut, and src/ops/conv.c for tiles.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_SHAPES_H
#define FG_TESTS_SHAPES_H

#define FG_SHAPES_COUNT(list) (sizeof(list) / sizeof(list)[0])

typedef struct fg_map_shape {
    int images, height, width;
} fg_map_shape;

static const fg_map_shape fg_shapes_maps[] = {
    {1, 1, 1},    /* one pixel */
    {7, 1, 1},    /* a classifier's input */
    {1, 5, 5},    /* fewer pixels than two vectors */
    {3, 7, 7},    /* one chunk, images that begin anywhere in a vector */
    {2, 9, 13},   /* not square */
    {33, 13, 13}, /* several chunks of several images, the last one with fewer */
    {5, 32, 32},  /* a chunk is an image */
    {41, 28, 28}, /* above the least size of a chunk; the last one ragged */
    {1, 96, 40},  /* chunks are rows of an image, the last one with fewer */
    {2, 64, 33},  /* so in every image, at an odd width */
};

#define FG_SHAPES_SOURCES 9 /* most sources of a case, and a 0 that ends them */

typedef struct fg_conv_case {
    int side;
    fg_map_shape map;              /* that is read */
    int widths[FG_SHAPES_SOURCES]; /* channels of each source */
    int out_channels;
    int groups;
    int stride;
} fg_conv_case;

static const fg_conv_case fg_shapes_convs[] = {
    {3, {1, 1, 1}, {1}, 1, 1, 1},
    {3, {3, 5, 5}, {3, 1, 7, 2}, 5, 1, 1},
    {3, {1, 7, 7}, {5}, 36, 1, 1},
    {3, {2, 9, 13}, {17}, 13, 1, 1},
    {3, {7, 13, 5}, {1, 1, 1, 1, 1, 1, 1, 1}, 1, 1, 1},
    {3, {33, 13, 13}, {12, 5}, 12, 1, 1},
    {3, {2, 28, 28}, {1}, 17, 1, 1},
    {3, {5, 32, 32}, {12, 24, 12}, 12, 1, 1},
    {3, {41, 28, 28}, {2, 3}, 4, 1, 1},
    {3, {1, 96, 40}, {6, 3}, 8, 1, 1},
    {3, {2, 64, 33}, {1, 2}, 5, 1, 1},
    {3, {1, 9, 9}, {41, 5, 17, 36, 1}, 24, 1, 1}, /* 100 channels read */
    {3, {2, 5, 5}, {4}, 150, 1, 1},               /* several launches of backward */
    /* Outputs that fill vectors, so that weight gradients are read from the turned gradient; of
     * 160 in both launches, of 144 in neither, for the register tile of the first does not
     * divide the rows of taps of the second. */
    {3, {2, 9, 13}, {5}, 16, 1, 1},
    {3, {3, 5, 1}, {2}, 32, 1, 1},
    {3, {1, 13, 17}, {3}, 48, 1, 1}, /* its second tile begins within a row of the image */
    {3, {2, 5, 5}, {4}, 160, 1, 1},
    {3, {1, 5, 5}, {4}, 144, 1, 1},
    {3, {2, 9, 9}, {12, 4}, 64, 4, 1},
    {1, {1, 1, 1}, {1}, 1, 1, 1},
    {1, {7, 1, 1}, {36}, 10, 1, 1},
    {1, {3, 5, 5}, {3, 1, 7, 2}, 5, 1, 1},
    {1, {1, 7, 7}, {5}, 36, 1, 1},
    {1, {33, 13, 13}, {17}, 1, 1, 1},
    {1, {5, 32, 32}, {41, 5, 17, 36, 1}, 48, 1, 1},
    {1, {41, 28, 28}, {8, 5}, 13, 1, 1},
    {1, {1, 96, 40}, {1}, 17, 1, 1},
    {1, {2, 64, 33}, {24, 12}, 100, 1, 1},
    {1, {3, 9, 9}, {36}, 150, 1, 1}, /* and several work-items of forward side by side */
    /* Groups: narrow and wide ones, one channel each, more than a work-item does. */
    {3, {3, 5, 5}, {3, 1, 7, 1}, 9, 3, 1},
    {3, {2, 28, 28}, {41, 5, 17, 36, 29}, 128, 32, 1},
    {3, {1, 96, 40}, {6, 3}, 9, 9, 1},
    {3, {1, 9, 9}, {60, 52}, 112, 112, 1},
    {3, {1, 9, 9}, {4}, 300, 2, 1},
    {1, {33, 13, 13}, {17, 3}, 30, 5, 1},
    {1, {3, 9, 9}, {36}, 260, 2, 1},
    {1, {2, 7, 7}, {13, 120}, 133, 133, 1},
    /* Stride 2. */
    {1, {1, 1, 1}, {1}, 1, 1, 2},
    {1, {5, 32, 32}, {12, 24}, 48, 1, 2},
    {1, {33, 13, 13}, {17}, 13, 1, 2},
    {1, {3, 9, 10}, {4, 8}, 16, 4, 2},
    {3, {1, 1, 1}, {2}, 1, 1, 2},
    {3, {3, 5, 5}, {3, 1, 7, 2}, 5, 1, 2},
    {3, {33, 13, 13}, {12, 5}, 12, 1, 2},
    {3, {5, 32, 32}, {12, 24, 12}, 16, 1, 2},
    {3, {1, 96, 40}, {6, 3}, 8, 1, 2},
    {3, {2, 63, 33}, {1, 2}, 5, 1, 2}, /* chunks of the input begin with an odd row */
    {3, {2, 28, 28}, {41, 5, 17, 36, 29}, 128, 32, 2},
    {3, {2, 6, 9}, {40, 72}, 112, 112, 2},
    {3, {1, 5, 4}, {110}, 150, 1, 2},
    /* Larger filters, also than the image. */
    {5, {1, 1, 1}, {1}, 1, 1, 1},
    {5, {3, 5, 5}, {3, 1, 7, 2}, 5, 1, 1},
    {5, {41, 28, 28}, {2}, 3, 1, 1},
    {5, {2, 64, 33}, {1, 2}, 5, 1, 2},
    {5, {3, 9, 7}, {4, 8}, 16, 4, 1},
    {7, {2, 64, 64}, {3}, 16, 1, 2},
    {7, {33, 13, 13}, {3}, 4, 1, 1},
    {7, {1, 96, 40}, {1, 1}, 2, 2, 2},
    {9, {2, 6, 20}, {2, 1}, 3, 1, 1},
    {11, {2, 9, 13}, {3, 4}, 5, 1, 1},
    {11, {1, 31, 33}, {2}, 3, 1, 2},
};

#endif
