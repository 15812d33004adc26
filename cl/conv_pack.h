/* conv_pack.h - tiles of a 1x1 or 3x3 convolution's input in local memory: contiguous, finished,
 * zero outside the image. OpenCL C, for conv.cl and conv_gather.cl.
 *
 * A packed row of a 1x1 is the tile. A packed row of a 3x3 has an image row before and behind
 * the tile too, and is there three times: moved by one pixel to the right, as it is, and moved
 * to the left. So a tap is an offset, for every width of image; see tap_offset. At stride 2 the
 * gradient is packed in the same way, the input as conv_strided.h says.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_PACK_H
#define FG_CONV_PACK_H

#include "conv_pooled.h"
#include "conv_strided.h"
#include "conv_tile.h"

/* Local memory that packing needs: for a 3x3 a line and the marks of both columns. */
struct pack_space {
    __local float *line;
    __local int *left;  /* -1 where a packed pixel has a left neighbour in its row, else 0 */
    __local int *right; /* ... a right neighbour */
};

#if SIDE == 3
/* A line holds what three packed rows are made of: element j is the image's pixel first + j. */
struct line {
    int first;  /* may be negative: the line begins a row and a pixel before the tile */
    int from;   /* first element that lies in the image, */
    int to;     /* ... and the one behind the last */
    int length; /* floats of a packed row */
};

INLINE struct line line_of(struct tile tile, struct fg_chunks chunks)
{
    struct line line;
    line.first = tile.image_pixel - chunks.width - 1;
    line.length = tile.vectors * FG_LANES + 2 * chunks.width;
    line.from = max(0, -line.first);
    line.to = min(line.length + 2, chunks.height * chunks.width - line.first);
    return line;
}

INLINE void mark_columns(struct pack_space space, struct line line, int width)
{
    int column = ((line.first + 1) % width + width) % width;
    for (int i = 0; i < line.length + FG_LANES; ++i) {
        space.left[i] = column > 0 ? -1 : 0;
        space.right[i] = column < width - 1 ? -1 : 0;
        column = column + 1 < width ? column + 1 : 0;
    }
}

/* Zeros where the line leaves the image; vectors were stored past its end. */
INLINE void clear_border(__local float *at, struct line line)
{
    for (int j = 0; j < line.from; ++j)
        at[j] = 0.0f;
    for (int j = max(line.to, 0); j < line.length + 2 + FG_LANES; ++j)
        at[j] = 0.0f;
}

INLINE void spread(__local float *row, int stride, struct pack_space space, int length)
{
    for (int i = 0; i < length; i += FG_LANES) {
        const float16 left = load16(0, space.line + i);
        const float16 same = load16(0, space.line + i + 1);
        const float16 right = load16(0, space.line + i + 2);
        store16(select((float16)(0.0f), left, load16(0, space.left + i)), 0, row + i);
        store16(same, 0, row + stride + i);
        store16(select((float16)(0.0f), right, load16(0, space.right + i)), 0,
                row + 2 * stride + i);
    }
}
#endif

/* Once per tile, before its channels are packed. */
INLINE void pack_begin(struct pack_space space, struct tile tile, struct fg_chunks chunks)
{
#if SIDE == 3
    mark_columns(space, line_of(tile, chunks), chunks.width);
#else
    (void)space, (void)tile, (void)chunks;
#endif
}

/* What is made of one channel of the input: the tile alone, with zeros behind its pixels. x: the
 * channel's first pixel of the tile */
INLINE void read_tile(__local float *row, __global const float *x, struct fg_affine f,
                      int channel, struct tile tile, const struct fg_conv_args a)
{
    if (POOLED) {
        read_means(row, x, f, tile, a);
        return;
    }
    for (int i = 0; i < tile.vectors * FG_LANES; i += FG_LANES)
        store16(i < tile.pixels ? read_input(x + i, f, channel, tile.pixel + i, a)
                                : (float16)(0.0f),
                0, row + i);
}

/* Packs one channel of the input: x is its first pixel of the tile. */
INLINE void pack_input(__local float *row, __global const float *x, struct fg_affine f,
                       int channel, struct pack_space space, struct tile tile,
                       const struct fg_conv_args a)
{
#if STRIDE == 2
    (void)space;
    pack_phases(row, x, f, channel, tile, a);
#elif SIDE == 1
    (void)space;
    read_tile(row, x, f, channel, tile, a);
#else
    const struct line line = line_of(tile, a.chunks);
    const int before = a.chunks.width + 1;
    for (int j = line.from; j < line.to; j += FG_LANES)
        store16(read_input(x + j - before, f, channel, tile.pixel + j - before, a), 0,
                space.line + j);
    clear_border(space.line, line);
    spread(row, a.row, space, line.length);
#endif
}

/* Packs one channel of the output's gradient: g and y are its first pixel of the tile. */
INLINE void pack_gradient(__local float *row, __global const float *g, __global const float *y,
                          struct fg_coefficients f, int channel, struct pack_space space,
                          struct tile tile, const struct fg_conv_args a)
{
#if SIDE == 1
    (void)space;
    for (int i = 0; i < tile.vectors * FG_LANES; i += FG_LANES) {
        float16 dy = (float16)(0.0f);
        /* Behind the tile the gradient may be one that was handed on in place. */
        if (i < tile.pixels)
            dy = finish_gradient(lanes_load_first(g + i, tile.pixels - i), y + i, f, channel,
                                 tile.pixel + i, a);
        store16(dy, 0, row + i);
    }
#else
    const struct line line = line_of(tile, a.chunks);
    const int before = a.chunks.width + 1;
    for (int j = line.from; j < line.to; j += FG_LANES) {
        const int at = j - before;
        store16(finish_gradient(load16(0, g + at), y + at, f, channel, tile.pixel + at, a), 0,
                space.line + j);
    }
    clear_border(space.line, line);
    spread(row, a.row, space, line.length);
#endif
}

#endif
