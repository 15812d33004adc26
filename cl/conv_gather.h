/* conv_gather.h - tiles of a convolution of any side, at stride 1 or 2, in local memory. OpenCL C,
 * for conv_gather.cl and conv_phases.cl.
 *
 * Each channel gets a packed row per tap: what the tap reads for each pixel of the tile. So the
 * multiplication is that of a 1x1 whose channels are the rows (channel, tap).
 *
 * Rows are copied from a line: the channel's rows of pixels around the tile, activated or
 * finished once. At stride 2 the line has four planes, (row % 2, column % 2) of the input, each
 * as wide as the output. So pixels that neighbours in the output read are neighbours too, for
 * every tap, and a packed row is a part of a plane from some float on, with zeros where the tap
 * leaves the image.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_GATHER_H
#define FG_CONV_GATHER_H

#include "conv_tile.h"
#include "prefetch.h"

#define NOWHERE \
    (-(1 << 20)) /* the row of a pixel that is not there: no tap leads into the image */

struct gather_space {
    __local float *line;
    __local int *pixels; /* of the tile: [rows, columns][tile], in the output's map */
    __local char *marks; /* [rows, columns][side][tile]: -1 where a tap stays inside, or 0 */
};

/* The parts of what a kernel gets. */
INLINE struct gather_space gather_space_of(__local float *line, __local int *ints,
                                           const struct fg_conv_args a)
{
    const struct gather_space space = {line, ints, (__local char *)(ints + 2 * a.tile)};
    return space;
}

/* What is in the line: whole rows of the output's map, or of the pixels of the input that they
 * read. Rows are counted through the batch. */
struct span {
    int first; /* pixel of the output's map at float 0: a row and some pixels before the rows */
    int from;  /* first row, */
    int to;    /* and the one behind the last */
};

/* Rows and columns that a tap leads away from a pixel of the output's map. */
INLINE int reach_of(const struct fg_conv_args a)
{
    return (a.side / 2 + a.stride - 1) / a.stride;
}

INLINE struct span span_of(struct tile tile, const struct fg_conv_args a)
{
    const int row = tile.pixel / a.out_width, reach = reach_of(a);
    const int last = (tile.pixel + tile.pixels - 1) / a.out_width;
    struct span span;
    span.first = (row - reach) * a.out_width - reach;
    span.from = max(row - reach, 0);
    span.to = min(last + reach + 1, a.chunks.images * a.out_height);
    return span;
}

/* From a pixel of a phase to the output's pixel whose gradient tap i takes to it; rows or columns.
 * Tap i reaches pixels of one phase only; see conv_phases.cl. */
INLINE int offset_back(int i, const struct fg_conv_args a)
{
    const int border = a.side / 2, phase = (border + i) & (a.stride - 1);
    return (border - i + phase) / a.stride;
}

/* Marks of one direction. places: of the tile's pixels in it, offset: of the tap */
INLINE void mark_tap(__local char *marks, __local const int *places, int step, int offset,
                     int size, int vectors)
{
    for (int v = 0; v < vectors; ++v) {
        const int16 at = load16(v, places) * step + offset;
        store16(convert_char16(as_uint16(at) < (uint16)(size)), v, marks);
    }
}

/* Once per tile. back: the gradient is read, which is moved the other way */
INLINE void mark_pixels(struct gather_space space, struct tile tile, int back,
                        const struct fg_conv_args a)
{
    int row = tile.pixel / a.out_width % a.out_height, column = tile.pixel % a.out_width;

    for (int i = 0; i < tile.vectors * FG_LANES; ++i) {
        space.pixels[i] = i < tile.pixels ? row : NOWHERE;
        space.pixels[a.tile + i] = column;
        if (++column == a.out_width) {
            column = 0;
            row = row + 1 < a.out_height ? row + 1 : 0;
        }
    }
    for (int i = 0; i < a.side; ++i) {
        const int offset = back ? offset_back(i, a) : i - a.side / 2;
        mark_tap(space.marks + i * a.tile, space.pixels, back ? 1 : a.stride, offset,
                 back ? a.out_height : a.in_height, tile.vectors);
        mark_tap(space.marks + (a.side + i) * a.tile, space.pixels + a.tile,
                 back ? 1 : a.stride, offset, back ? a.out_width : a.in_width, tile.vectors);
    }
}

/* One channel of the input, at stride 1. x: its first pixel in the batch, channel: in the list;
 * ahead: another channel's, which is fetched meanwhile */
INLINE void load_input(__local float *line, __global const float *x,
                       __global const float *ahead, struct fg_affine f, int channel,
                       struct span span, const struct fg_conv_args a)
{
    const int to = span.to * a.out_width - span.first;
    for (int i = span.from * a.out_width - span.first; i < to; i += FG_LANES) {
        FG_PREFETCH(ahead + span.first + i);
        store16(read_input(x + span.first + i, f, channel, span.first + i, a), 0, line + i);
    }
}

/* At stride 2: even and odd columns into two planes, of even and of odd rows. A vector that goes
 * beyond its row is overwritten by the next row, or lies outside the image. */
INLINE void split_input(__local float *line, __global const float *x,
                        __global const float *ahead, struct fg_affine f, int channel,
                        struct span span, const struct fg_conv_args a)
{
    for (int t = span.from; t < span.to; ++t)
        for (int phase = 0; phase < 2; ++phase) {
            const int row = t % a.out_height * 2 + phase;
            const int from = (t / a.out_height * a.in_height + row) * a.in_width;
            __local float *to = line + phase * 2 * a.line + t * a.out_width - span.first;
            if (row >= a.in_height)
                continue;
            for (int i = 0; i < a.out_width; i += FG_LANES) {
                const int at = from + 2 * i;
                const float16 l = read_input(x + at, f, channel, at, a);
                float16 r = l; /* a map has room for one vector behind its last pixel only */
                FG_PREFETCH(ahead + at);
                FG_PREFETCH(ahead + at + FG_LANES);
                if (2 * i + FG_LANES < a.in_width)
                    r = read_input(x + at + FG_LANES, f, channel, at + FG_LANES, a);
                store16(lanes_even(l, r), 0, to + i);
                store16(lanes_odd(l, r), 0, to + a.line + i);
            }
        }
}

/* One channel of the output's gradient; fetches what comes two channels later. g, y: its first
 * pixel in the batch, channel: of all outputs */
INLINE void load_gradient(__local float *line, __global const float *g, __global const float *y,
                          struct fg_coefficients f, int channel, struct span span,
                          const struct fg_conv_args a)
{
    const int to = span.to * a.out_width - span.first;
    for (int i = span.from * a.out_width - span.first; i < to; i += FG_LANES) {
        const int at = span.first + i;
        FG_PREFETCH(g + at + 2 * (size_t)a.out_pitch);
        if (a.finish)
            FG_PREFETCH(y + at + 2 * (size_t)a.out_pitch);
        store16(finish_gradient(load16(0, g + at), y + at, f, channel, at, a), 0, line + i);
    }
}

/* One packed row, of tap (i, j). from: what is read for the tile's first pixel */
INLINE void gather_row(__local float *to, __local const float *from, int i, int j,
                       struct gather_space space, int vectors, const struct fg_conv_args a)
{
    __local const char *rows = space.marks + i * a.tile;
    __local const char *columns = space.marks + (a.side + j) * a.tile;

    for (int v = 0; v < vectors; ++v) {
        const int16 inside = convert_int16(load16(v, rows) & load16(v, columns));
        store16(as_float16(as_int16(load16(v, from)) & inside), v, to);
    }
}

#endif
