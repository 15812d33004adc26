/* chunks.h - how sums over pixels are cut. C11 and OpenCL C.
 *
 * Statistics, d_gamma, d_beta and weight gradients are sums over all pixels of a map. Each is
 * summed per chunk, in pixel order, and the chunks are added in order; so the bits depend on
 * the chunks and on nothing else: not on threads, not on tiles. A chunk is a run of pixels that
 * depends on the image's side and the batch alone: some whole images, or some whole rows of one
 * image. A launch that sums nothing may be cut in another way: src/ops/cut.h.
 *
 * Changing anything here changes the bits of every training run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CHUNKS_H
#define FG_CHUNKS_H

#include "shared.h"

#define FG_CHUNK_TARGET 32 /* so many chunks keep many threads busy ... */
#define FG_CHUNK_PIXELS \
    512 /* ... but a chunk's own partial sums must stay small beside its pixels */

struct fg_chunks {
    fg_i32 images; /* of the batch */
    fg_i32 height;
    fg_i32 width;
    fg_i32 chunk_images; /* whole images in a chunk; 1 where a chunk is rows of one image */
    fg_i32 chunk_rows;   /* rows of each of them in the chunk */
    fg_i32 bands;        /* chunks per image, 1 where chunk_rows == height */
    fg_i32 chunks;
};
FG_SHARED_ASSERT(sizeof(struct fg_chunks) == 28, chunks_size);

/* Chunks of about `target` pixels. */
static inline struct fg_chunks fg_chunks_cut(fg_i32 images, fg_i32 height, fg_i32 width,
                                             fg_i32 target)
{
    const fg_i32 image = height * width;
    struct fg_chunks c;

    c.images = images;
    c.height = height;
    c.width = width;
    c.chunk_images = 1;
    c.chunk_rows = height;
    if (image >= 2 * target)
        c.chunk_rows = (target + width - 1) / width;
    else
        c.chunk_images = (target + image - 1) / image;
    if (c.chunk_images > images)
        c.chunk_images = images;
    c.bands = (height + c.chunk_rows - 1) / c.chunk_rows;
    c.chunks = c.bands > 1 ? images * c.bands : (images + c.chunk_images - 1) / c.chunk_images;
    return c;
}

/* The chunks of a sum. */
static inline struct fg_chunks fg_chunks_of(fg_i32 images, fg_i32 height, fg_i32 width)
{
    const fg_i32 target = (images * height * width + FG_CHUNK_TARGET - 1) / FG_CHUNK_TARGET;
    return fg_chunks_cut(images, height, width,
                         target < FG_CHUNK_PIXELS ? FG_CHUNK_PIXELS : target);
}

/* A chunk is `images` runs of `pixels` consecutive pixels, the first one at `first`, one image
 * apart; in a batch's pixel order they are one run of images * pixels. */
struct fg_chunk {
    fg_i32 first; /* pixel in the batch: (image * height + row) * width + column */
    fg_i32 images;
    fg_i32 row; /* first row of each image */
    fg_i32 rows;
    fg_i32 pixels; /* rows * width */
};

static inline struct fg_chunk fg_chunks_at(struct fg_chunks c, fg_i32 index)
{
    struct fg_chunk chunk;
    if (c.bands > 1) {
        const fg_i32 image = index / c.bands;
        chunk.images = 1;
        chunk.row = (index % c.bands) * c.chunk_rows;
        chunk.rows = c.height - chunk.row < c.chunk_rows ? c.height - chunk.row : c.chunk_rows;
        chunk.first = (image * c.height + chunk.row) * c.width;
    } else {
        const fg_i32 image = index * c.chunk_images;
        chunk.images = c.images - image < c.chunk_images ? c.images - image : c.chunk_images;
        chunk.row = 0;
        chunk.rows = c.height;
        chunk.first = image * c.height * c.width;
    }
    chunk.pixels = chunk.rows * c.width;
    return chunk;
}

#endif
