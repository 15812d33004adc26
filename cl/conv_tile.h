/* conv_tile.h - what a work-item of a convolution walks, and how it reads it. OpenCL C, for conv.cl,
 * conv_gather.cl and conv_phases.cl.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_TILE_H
#define FG_CONV_TILE_H

#include "conv.h"
#include "lanes.h"
#include "sources.h"

#ifndef SIDE
#define SIDE 3 /* of the filter: 1 or 3 */
#endif
#ifndef TILE_CHANNELS
#define TILE_CHANNELS 12 /* rows of the register tile */
#endif
#ifndef VECTORS
#define VECTORS 2 /* float16 in each of them */
#endif
#ifndef STRIDE
#define STRIDE 1 /* of conv.cl: 1 or 2 */
#endif
#ifndef POOLED
#define POOLED 0 /* 1: conv.cl reads means of 2x2 pixels; see conv_pooled.h */
#endif
#ifndef DROPOUT_IN
#define DROPOUT_IN 0 /* of what is read: 1: of elements, 2: of channels of each image */
#endif
#ifndef DROPOUT_OUT
#define DROPOUT_OUT 0 /* of what is written */
#endif

#if SIDE != 1 && SIDE != 3
#error "SIDE is 1 or 3"
#endif
#if STRIDE != 1 && STRIDE != 2
#error "STRIDE is 1 or 2"
#endif
#if POOLED && (STRIDE != 1 || SIDE != 1 || DROPOUT_IN)
#error "only a 1x1 that drops nothing of what it reads is pooled"
#endif

#define TAPS (SIDE * SIDE)
#define COPIES SIDE /* rows that one channel of the output's gradient is packed into ... */
#define INPUT_COPIES \
    (SIDE == 1 ? 1 : SIDE * STRIDE)              /* ... and one of the input: see tap_offset */
#define PHASES (SIDE == 1 ? 1 : STRIDE * STRIDE) /* of the input, that taps read */
#define SKIPS_ROWS (SIDE == 1 && STRIDE == 2)    /* 1: taps read even rows alone */
#define HALVED (POOLED || STRIDE == 2) /* 1: two rows and columns of the input make one */
#define AREA (HALVED ? 4 : 1)          /* pixels of the input for one of the output */

/* What a work-item does: groups first_group .. end_group - 1, and of each of them channels
 * first .. first + count - 1. */
struct share {
    int first_group;
    int end_group;
    int first;
    int count;
};

/* Of `channels` of each group, a.outs at a time; more than one group only if that is all. */
INLINE struct share share_at(int index, int channels, const struct fg_conv_args a)
{
    const int blocks = (channels + a.outs - 1) / a.outs;
    struct share share;
    share.first_group = index / blocks * a.item_groups;
    share.end_group = min(share.first_group + a.item_groups, a.groups);
    share.first = index % blocks * a.outs;
    share.count = min(a.outs, channels - share.first);
    return share;
}

/* The part of a chunk that is walked without a break: all of it for a 1x1, whose pixels do not
 * know their neighbours, and what lies in one image for a 3x3. */
struct run {
    int pixel; /* first, in the batch */
    int pixels;
    int image_pixel; /* first, in its image */
};

INLINE int runs_of(struct fg_chunk chunk)
{
    return SIDE == 1 ? 1 : chunk.images;
}

INLINE struct run run_at(struct fg_chunk chunk, struct fg_chunks chunks, int index)
{
    struct run run;
    run.pixel = chunk.first + index * chunks.height * chunks.width;
    run.pixels = SIDE == 1 ? chunk.images * chunk.pixels : chunk.pixels;
    run.image_pixel = chunk.row * chunks.width;
    return run;
}

/* Where a work-item is in the batch. */
struct tile {
    int pixel;       /* first, in the batch */
    int pixels;      /* of the tile that exist */
    int vectors;     /* that hold them, rounded up to whole register tiles */
    int image_pixel; /* first, in its image */
};

INLINE struct tile tile_at(struct run run, int first, int most)
{
    struct tile tile;
    tile.pixel = run.pixel + first;
    tile.pixels = min(most, run.pixels - first);
    tile.vectors = (tile.pixels + FG_LANES * VECTORS - 1) / (FG_LANES * VECTORS) * VECTORS;
    tile.image_pixel = run.image_pixel + first;
    return tile;
}

/* Where channels first .. end - 1 of the concatenation are in the map. */
struct list {
    __global const struct fg_source *sources;
    __local int *places;
    __local int *adds; /* 1 where the gradient is added to, 0 where it is written; or none */
    int first;
    int end;
    int all; /* the end of what the work-item reads */
};

INLINE struct list list_of(__global const struct fg_source *sources, __local int *places,
                           __local int *adds, int all)
{
    const struct list list = {sources, places, adds, 0, 0, all};
    return list;
}

/* A list that holds channels first .. first + count - 1; of many inputs it has only some at once. */
INLINE struct list list_channels(struct list list, int first, int count, int most)
{
    __global const struct fg_source *source = list.sources;

    if (first >= list.first && first + count <= list.end)
        return list;
    list.first = first;
    list.end = min(first + most, list.all);
    for (int c = 0; c < list.end - list.first; ++c, ++first) {
        for (; first >= source->channels; ++source)
            first -= source->channels;
        list.places[c] = source->first_channel + first;
        if (list.adds)
            list.adds[c] = source->adds & FG_ADDS_GRADIENT;
    }
    return list;
}

INLINE int place_of(struct list list, int channel)
{
    return list.places[channel - list.first];
}

/* Or that of the nearest channel there is in the list, for what is only fetched ahead. */
INLINE int nearest_place(struct list list, int channel)
{
    return place_of(list, clamp(channel, list.first, list.end - 1));
}

/* x times its mask. kind: DROPOUT_IN or DROPOUT_OUT. channel: in the list that is read, or of all
 * outputs. pixel: of lane 0, in the batch. The elements of a map, and the channels of its images,
 * are numbered in the order of the map. */
INLINE float16 drop(float16 x, int kind, struct fg_dropout d, int channel, int pixel,
                    int image_pixels, int images)
{
    if (kind == 0)
        return x;
    if (kind == 1)
        return x * fg_dropout_at16(
                       d, as_uint16(lanes_numbers()) +
                              ((uint)channel * (uint)(images * image_pixels) + (uint)pixel));
    const int16 at = lanes_numbers() + pixel % image_pixels;
    const int16 image =
        image_pixels < FG_LANES ? at / image_pixels : -(at >= (int16)(image_pixels));
    return x * fg_dropout_at16(d, as_uint16(image) +
                                      (uint)(channel * images + pixel / image_pixels));
}

INLINE float16 drop_input(float16 x, int channel, int pixel, const struct fg_conv_args a)
{
    return drop(x, DROPOUT_IN, a.in_dropout, channel, pixel, a.in_height * a.in_width,
                a.chunks.images);
}

INLINE float16 drop_output(float16 x, int channel, int pixel, const struct fg_conv_args a)
{
    return drop(x, DROPOUT_OUT, a.out_dropout, channel, pixel, a.out_height * a.out_width,
                a.chunks.images);
}

/* What is made of a vector of the input. channel: in the list, pixel: in the batch */
INLINE float16 read_input(__global const float *x, struct fg_affine f, int channel, int pixel,
                          const struct fg_conv_args a)
{
    return drop_input(lanes_activate(load16(0, x), f, a.floor), channel, pixel, a);
}

/* The gradient of a vector of what was made, from its g: G, or G + q (y - mean) + c, times its mask.
 * channel: of all outputs */
INLINE float16 finish_gradient(float16 g, __global const float *y, struct fg_coefficients f,
                               int channel, int pixel, const struct fg_conv_args a)
{
    if (a.finish)
        g = lanes_finish(g, load16(0, y), f);
    return drop_output(g, channel, pixel, a);
}

INLINE void clear(__local float *to, int floats)
{
    for (int i = 0; i < floats; i += FG_LANES)
        store16((float16)(0.0f), 0, to + i);
}

/* From the first float of an input channel's packed rows to those that a tap reads for the tile's first
 * pixel; see conv_pack.h and, at stride 2, conv_strided.h. */
INLINE int tap_offset(int tap, struct tile tile, const struct fg_conv_args a)
{
    const int i = tap / SIDE, j = tap % SIDE, width = a.out_width;
    if (SIDE == 1)
        return 0;
    if (STRIDE == 1)
        return j * a.row + i * width;
    return ((i != 1) * SIDE + j) * a.row + (i > 0) * width + tile.image_pixel % width;
}

/* From the first float of an output channel's packed gradient to the pixel that lies (row - 1,
 * column - 1) from the tile's first one. */
INLINE int gradient_offset(int row, int column, const struct fg_conv_args a)
{
    return SIDE == 1 ? 0 : column * a.row + row * a.out_width;
}

#endif
