/* chunks.c - how many chunks a map is cut into, at most. How it is cut is cl/chunks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/chunks.h"

#include "cl/chunks.h"

int fg_chunks_most(int images, int height, int width)
{
    /* Above FG_CHUNK_TARGET images a chunk is whole images: a FG_CHUNK_TARGET-th of them or
     * more, and FG_CHUNK_PIXELS pixels or more. Up to there, images may be cut: try each
     * number. */
    const int tried = images < FG_CHUNK_TARGET ? images : FG_CHUNK_TARGET;
    int most = 0;

    for (int n = 1; n <= tried; ++n) {
        const int chunks = fg_chunks_of(n, height, width).chunks;
        if (chunks > most)
            most = chunks;
    }
    if (images > tried) {
        const int chunk_images = (FG_CHUNK_PIXELS + height * width - 1) / (height * width);
        const int small = (images + chunk_images - 1) / chunk_images;
        const int bound = small < FG_CHUNK_TARGET ? small : FG_CHUNK_TARGET;
        if (bound > most)
            most = bound;
    }
    return most;
}
