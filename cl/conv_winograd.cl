/* conv_winograd.cl - 3x3 convolution at stride 1 by Winograd's minimal filtering, forward: 16
 * multiplications for four outputs of a channel, where the direct sum has 36.
 *
 * Reads its sources in place and leaves the partial statistics that conv.cl leaves. One work-item
 * per work-group, which walks one chunk of pixels in tiles: some rows of squares of one image, or
 * some images as far as they lie in the chunk. Blocks of input channels are transformed into local
 * memory (conv_winograd_transform.h); at each of the 16 positions a register tile of TILE_CHANNELS
 * rows of VECTORS vectors then runs over them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef IN_PLACE
#define IN_PLACE \
    0 /* 1: input and output are channels of one map, which the kernel gets once \
       */
#endif

#include "conv_winograd_transform.h"

#define POSITIONS FG_WINOGRAD_POSITIONS
#define SUMS (TILE_CHANNELS * VECTORS) /* registers of the register tile */

/* ---- weights ----
 *
 *     packed[k / tile_channels][position][c][k % tile_channels] = (G weights[k][c] G^T)[position]
 *     G g = (g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2)
 *
 * and zero beyond the last output channel.
 * grid: x = k / tile_channels, y = `share` input channels */

INLINE void transform_filter(float *to, int stride, float g0, float g1, float g2)
{
    to[0] = g0;
    to[stride] = 0.5f * (g0 + g1 + g2);
    to[2 * stride] = 0.5f * (g0 - g1 + g2);
    to[3 * stride] = g2;
}

INLINE void transform_weights(float *u, __global const float *g)
{
    float rows[4 * 3];
#pragma unroll
    for (int j = 0; j < 3; ++j)
        transform_filter(rows + j, 3, g[j], g[3 + j], g[6 + j]);
#pragma unroll
    for (int i = 0; i < 4; ++i)
        transform_filter(u + 4 * i, 1, rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]);
}

__kernel FG_ONE_WORK_ITEM void conv_winograd_pack(__global float *restrict packed,
                                                  __global const float *restrict parameters,
                                                  const struct fg_winograd_weights_args a)
{
    const int first = get_global_id(0) * a.tile_channels;
    const int first_in = get_global_id(1) * a.share;
    const int end_in = min(first_in + a.share, a.in_channels);
    const size_t position = (size_t)a.in_channels * a.tile_channels;

    packed += first * (size_t)a.in_channels * POSITIONS;
    for (int i = 0; i < a.tile_channels; ++i)
        for (int c = first_in; c < end_in; ++c) {
            const size_t filter = (size_t)(first + i) * a.in_channels + c;
            float u[POSITIONS] = {0.0f};
            if (first + i < a.out_channels)
                transform_weights(u, parameters + a.first_weight + filter * 9);
            for (int p = 0; p < POSITIONS; ++p)
                packed[p * position + (size_t)c * a.tile_channels + i] = u[p];
        }
}

/* ---- forward ---- */

/* Floats of a channel's transform, with a vector more than it has: channels shall not fall into
 * one cache set. */
INLINE int stride_of(const struct fg_winograd_args a)
{
    return POSITIONS * a.lanes + FG_LANES;
}

/* Some images of a chunk, and some rows of each of them. */
struct tile_part {
    int first; /* image, in the chunk */
    int end;
    int row; /* first, in the chunk's part of an image */
};

INLINE struct band band_at(struct fg_chunk chunk, struct tile_part part, int image,
                           const struct fg_winograd_args a)
{
    const int width = a.conv.out_width, rows = min(2 * a.rows, chunk.rows - part.row);
    struct band band;
    band.image = chunk.first + (image * a.conv.out_height - chunk.row) * width;
    band.row = chunk.row + part.row;
    band.rows = (rows + 1) / 2;
    band.pixel = band.image + band.row * width;
    band.pixels = rows * width;
    band.lane = (image - part.first) * band.rows * a.columns;
    return band;
}

/* Transforms `block` channels from c0 on, which are in the list. */
INLINE void transform_block(__local float *inputs, __global const float *in,
                            __global const struct fg_affine *affine, struct list list, int c0,
                            int block, struct fg_chunk chunk, struct tile_part part,
                            const struct fg_winograd_args a)
{
    for (int c = c0; c < c0 + block; ++c, inputs += stride_of(a)) {
        const size_t place = place_of(list, c), next = nearest_place(list, c + 1);
        for (int r = part.first; r < part.end; ++r) {
            const struct band band = band_at(chunk, part, r, a);
            transform_input(inputs + band.lane, in + place * a.conv.in_pitch + band.image,
                            in + next * a.conv.in_pitch + band.image, affine[c], c, band, a);
        }
    }
}

/* What is transformed next, to fetch it while the present block is multiplied. */
struct next {
    __global const float *in; /* at its first pixel */
    struct list list;
    int first; /* channel in the list */
    int lines; /* of each of them */
};

/* Adds `block` input channels from c0 on to the sums of all outputs.
 *
 * products  [outs][stride]
 * inputs    [block][stride]
 * weights   [outs / TILE_CHANNELS][POSITIONS][in_channels][TILE_CHANNELS] */
INLINE void multiply(__local float *products, __local const float *inputs,
                     __global const float *weights, int outs, int c0, int block, int vectors,
                     struct next next, const struct fg_winograd_args a)
{
    const int stride = stride_of(a), in_channels = a.conv.in_channels;
    const int tiles = (outs + TILE_CHANNELS - 1) / TILE_CHANNELS;
    const int steps = POSITIONS * tiles * (vectors / VECTORS);
    const int lines_per_step = (next.lines + steps - 1) / steps;
    int line = 0;

    for (int p = 0; p < POSITIONS; ++p)
        for (int k = 0; k < tiles; ++k)
            for (int v = 0; v < vectors; v += VECTORS, line += lines_per_step) {
                const int at = p * a.lanes + v * FG_LANES;
                const int last_line = min(line + lines_per_step, next.lines);
                __global const float *w =
                    weights + ((size_t)(k * POSITIONS + p) * in_channels + c0) * TILE_CHANNELS;
                __local const float *from = inputs + at;
                __local float *to = products + k * TILE_CHANNELS * stride + at;
                float16 sum[SUMS];
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    sum[i] = c0 > 0 ? load16(i % VECTORS, to + i / VECTORS * stride)
                                    : (float16)(0.0f);
                for (int c = 0; c < block; ++c, w += TILE_CHANNELS, from += stride) {
                    const size_t channel = nearest_place(next.list, next.first + c);
                    for (int i = line; i < last_line; ++i)
                        FG_PREFETCH(next.in + channel * a.conv.in_pitch + i * FG_LANES);
                    float16 x[VECTORS];
#pragma unroll
                    for (int i = 0; i < VECTORS; ++i)
                        x[i] = load16(i, from);
#pragma unroll
                    for (int i = 0; i < SUMS; ++i)
                        sum[i] = fma((float16)(w[i / VECTORS]), x[i % VECTORS], sum[i]);
                }
#pragma unroll
                for (int i = 0; i < SUMS; ++i)
                    store16(sum[i], i % VECTORS, to + i / VECTORS * stride);
            }
}

/* Local memory that finishing needs. */
struct finish_space {
    __local float *lines;   /* [2][line] */
    __local float *results; /* a band of one channel ... */
    __local float *shares;  /* ... and what part of the mean each of its values is */
};

/* The outputs of one band: stored, and their statistics added. */
INLINE void finish_band(__global float *out, __global float *partials,
                        __global const float *bias, __local const float *products,
                        struct finish_space space, struct share share, struct fg_chunk chunk,
                        struct band band, int image, const struct fg_winograd_args a)
{
    const int first = (band.row - chunk.row) * a.conv.out_width;
    const int16 before = (chunk.pixels - lanes_numbers() + FG_LANES - 1) / FG_LANES;

    make_shares(space.shares, convert_float16(image * before + first / FG_LANES), band.pixels);
    for (int k = 0; k < share.count; ++k) {
        const int channel = share.first + k;
        __global float *to = out + (size_t)channel * a.conv.out_pitch + band.pixel;
        for (int i = 0; i < band.pixels; i += FG_LANES)
            FG_PREFETCH(to + 2 * (size_t)a.conv.out_pitch + i);
        transform_outputs(space.results, space.lines, products + k * stride_of(a),
                          a.conv.bias >= 0 ? bias[channel] : 0.0f, band, a);
        for (int i = 0; DROPOUT_OUT && i < band.pixels; i += FG_LANES)
            store16(drop_output(load16(0, space.results + i), channel, band.pixel + i, a.conv),
                    0, space.results + i);
        store_row(to, space.results, band.pixels);
        if (a.conv.statistics)
            add_statistics(partials + channel * 2 * FG_LANES, space.results, space.shares,
                           band.pixels, image + first == 0);
    }
}

/*     z[c][p]   = max(scale[c] * in[c][p] + shift[c], floor)
 *     out[k][p] = bias[k] + sum over c, tap of weights[k][c][tap] * z[c][p + tap]
 *
 * computed as A^T ((G weights G^T) * (B^T z B)) A, summed over c in between.
 *
 * in, out   maps [channels][pitch]; with IN_PLACE one map. Dropout is that of conv_forward
 * affine    [in_channels]
 * weights   packed
 * partials  [chunks][out_channels][2][FG_LANES]: as conv_forward's
 * grid      x = chunk, y = block of `outs` output channels */
__kernel FG_ONE_WORK_ITEM void conv_winograd_forward(
#if !IN_PLACE
    __global const float *restrict in,
#endif
    __global float *out, __global const struct fg_source *restrict sources,
    __global const struct fg_affine *restrict affine, __global const float *restrict weights,
    __global const float *restrict parameters, __global float *restrict partials,
    __local float *inputs, __local float *products, __local float *results,
    __local int *channels, const struct fg_winograd_args a)
{
#if IN_PLACE
    __global const float *in = out;
#endif
    const struct fg_conv_args c = a.conv;
    const struct fg_chunk chunk = fg_chunks_at(c.chunks, get_global_id(0));
    const struct share share = share_at(get_global_id(1), c.out_channels, c);
    const struct finish_space space = {results + 2 * c.tile, results, results + c.tile};
    struct list list = list_of(sources + c.first_source, channels, 0, c.in_channels);

    out += (size_t)c.out_first_channel * c.out_pitch;
    weights += (size_t)share.first * c.in_channels * POSITIONS;
    partials += (size_t)get_global_id(0) * c.out_channels * 2 * FG_LANES;
    /* Lanes behind the last square are multiplied, too. */
    for (int i = 0; i < c.block * stride_of(a); i += FG_LANES)
        store16((float16)(0.0f), 0, inputs + i);

    for (int first = 0; first < chunk.images; first += a.images)
        for (int row = 0; row < chunk.rows; row += 2 * a.rows) {
            const struct tile_part part = {first, min(first + a.images, chunk.images), row};
            const struct band band = band_at(chunk, part, first, a);
            const int images = part.end - first, pixels = images * band.pixels;
            const int squares = images * band.rows * a.columns;
            const int vectors =
                (squares + FG_LANES * VECTORS - 1) / (FG_LANES * VECTORS) * VECTORS;

            for (int c0 = 0; c0 < c.in_channels; c0 += c.block) {
                const int block = min(c.block, c.in_channels - c0);
                const int last = c0 + block == c.in_channels;
                list = list_channels(list, c0, block, c.listed);
                transform_block(inputs, in, affine, list, c0, block, chunk, part, a);
                /* The row above is there already; one below is read, too. */
                const struct next next = {in + band.pixel + c.in_width + (last ? pixels : 0),
                                          list, last ? 0 : c0 + block, pixels / FG_LANES};
                multiply(products, inputs, weights, share.count, c0, block, vectors, next, a);
            }
            for (int r = first; r < part.end; ++r) {
                const struct band each = band_at(chunk, part, r, a);
                finish_band(out, partials, parameters + c.bias, products + each.lane, space,
                            share, chunk, each, r, a);
            }
        }
}
