/* max_pool.cl - maximum of 3x3 pixels at stride 2 with padding 1, behind norm and ReLU, read
 * from sources in place.
 *
 * No index of a maximum is stored: backward finds it again. Of equal maxima the first one
 * counts, row by row. Windows are done 16 at a time: their columns are every second float of a
 * line of the image, which is therefore put into local memory, with padding around it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lanes.h"
#include "pool.h"
#include "sources.h"

#define SIDE 3

/* Element j of a line in local memory is the image's column j - 1. Everything that is outside of
 * the image is -INFINITY, which never wins. */
INLINE void end_line(__local float *line, int width, int stride)
{
    line[0] = -INFINITY;
    for (int j = width + 1; j < stride; ++j)
        line[j] = -INFINITY;
}

/* Columns 2i - 1 + tap of windows first .. first + 15. */
INLINE float16 window_columns(__local const float *line, int first, int tap)
{
    const float16 low = load16(0, line + 2 * first + tap);
    const float16 high = load16(1, line + 2 * first + tap);
    return (float16)(low.s0, low.s2, low.s4, low.s6, low.s8, low.sa, low.sc, low.se, high.s0,
                     high.s2, high.s4, high.s6, high.s8, high.sa, high.sc, high.se);
}

/* out[c][n][y][x] = maximum over i, j in 0..2 of a[c][n][2y - 1 + i][2x - 1 + j],
 * a = max(scale[c] * in[c] + shift[c], floor)
 *
 * in        [channels][in_pitch], through sources
 * out       [..][out_pitch], from out_first_channel on
 * partials  [chunks][channels][2][FG_LANES]: see lanes.h
 * line      FG_MAX_POOL_IN_STRIDE(out_width)
 * grid      x = chunk of the output */

/* line = maximum of image rows 2y - 1 .. 2y + 1. x: the image's first pixel. */
INLINE void maximum_of_rows(__local float *line, __global const float *x, int y,
                            struct fg_affine f, const struct fg_max_pool_args a)
{
    const int first = max(2 * y - 1, 0), last = min(2 * y + 1, a.in_height - 1);

    for (int i = 0; i < a.in_width; i += FG_LANES) {
        float16 most = (float16)(-INFINITY);
        for (int row = first; row <= last; ++row)
            most = lanes_max(most,
                             lanes_activate(load16(0, x + row * a.in_width + i), f, a.floor));
        store16(most, 0, line + 1 + i);
    }
    end_line(line, a.in_width, FG_MAX_POOL_IN_STRIDE(a.out_width));
}

INLINE void add_statistics(__global float *partials, __global const float *y, int pixels)
{
    struct lanes lanes = lanes_none();
    for (int i = 0; i < pixels; i += FG_LANES) {
        const int count = min(FG_LANES, pixels - i);
        lanes_add(&lanes, lanes_load_first(y + i, count), count);
    }
    lanes_store(partials, lanes);
}

__kernel FG_ONE_WORK_ITEM void
max_pool_forward(__global const float *restrict in, __global float *restrict out,
                 __global const struct fg_source *restrict sources,
                 __global const struct fg_affine *restrict affine,
                 __global float *restrict partials, __local float *line,
                 const struct fg_max_pool_args a)
{
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int image = chunk.first / (a.out_height * a.out_width);

    for (int c = 0; c < a.channels; ++c) {
        __global const float *x =
            in + (size_t)fg_sources_channel(sources + a.first_source, c) * a.in_pitch +
            image * a.in_height * a.in_width;
        __global float *y = out + (size_t)(a.out_first_channel + c) * a.out_pitch + chunk.first;
        __global float *to = y;
        for (int n = 0; n < chunk.images; ++n, x += a.in_height * a.in_width)
            for (int row = chunk.row; row < chunk.row + chunk.rows; ++row, to += a.out_width) {
                maximum_of_rows(line, x, row, affine[c], a);
                for (int i = 0; i < a.out_width; i += FG_LANES)
                    lanes_store_first(to + i,
                                      lanes_max(lanes_max(window_columns(line, i, 0),
                                                          window_columns(line, i, 1)),
                                                window_columns(line, i, 2)),
                                      min(FG_LANES, a.out_width - i));
            }
        if (a.statistics)
            add_statistics(partials +
                               ((size_t)get_global_id(0) * a.channels + c) * 2 * FG_LANES,
                           y, chunk.images * chunk.pixels);
    }
}

/* With dy = G + q (y - mean) + c the gradient of the output, z = scale*x + shift and da[p] the
 * sum of dy over the windows, in order, whose first maximum pixel p is:
 *
 *     d = z > floor ? da : 0,  G = or += scale*d,
 *     d_beta = sum over p of d,  d_gamma = sum over p of d * (x - mean) / sigma
 *
 * in, in_gradient    x and G, [channels][in_pitch], through sources
 * out, out_gradient  what dy is made of, [..][out_pitch], from out_first_channel on
 * partials           [chunks][channels][2][FG_LANES]: d_beta, d_gamma; lane = column % FG_LANES
 * lines              3 * FG_MAX_POOL_IN_STRIDE(out_width)
 * wins               2 * FG_MAX_POOL_OUT_STRIDE(out_width)
 * dys                ditto
 * grid               x = chunk of the input */

/* A channel of one image, and what is known of two rows of its windows: row y is at y % 2. */
struct image {
    __global const float *x;
    __global const float *g; /* of the output ... */
    __global const float *y; /* ... and it */
    struct fg_affine f;
    struct fg_coefficients finish;
    __local float *lines;
    __local int *wins; /* which of its pixels is a window's maximum: 3i + j; -1: no window */
    __local float *dys;
};

INLINE void activate_row(__local float *line, struct image image, int row,
                         const struct fg_max_pool_args a)
{
    const int there = row >= 0 && row < a.in_height;
    if (there)
        for (int i = 0; i < a.in_width; i += FG_LANES)
            store16(lanes_activate(load16(0, image.x + row * a.in_width + i), image.f, a.floor),
                    0, line + 1 + i);
    end_line(line, there ? a.in_width : 0, FG_MAX_POOL_IN_STRIDE(a.out_width));
}

/* Finds the maxima of a row of windows. */
INLINE void find_maxima(struct image image, int row, const struct fg_max_pool_args a)
{
    const int stride = FG_MAX_POOL_IN_STRIDE(a.out_width);
    __local int *wins = image.wins + row % 2 * FG_MAX_POOL_OUT_STRIDE(a.out_width);
    __local float *dys = image.dys + row % 2 * FG_MAX_POOL_OUT_STRIDE(a.out_width);

    for (int i = 0; i < SIDE; ++i)
        activate_row(image.lines + i * stride, image, 2 * row - 1 + i, a);
    for (int first = 0; first < a.out_width; first += FG_LANES) {
        const int at = row * a.out_width + first;
        float16 most = (float16)(-INFINITY), dy = load16(0, image.g + at);
        int16 win = (int16)(-1);
        for (int tap = 0; tap < SIDE * SIDE; ++tap) {
            const float16 a_tap =
                window_columns(image.lines + tap / SIDE * stride, first, tap % SIDE);
            const int16 more = a_tap > most;
            most = select(most, a_tap, more);
            win = select(win, (int16)(tap), more);
        }
        if (a.finish)
            dy = lanes_finish(dy, load16(0, image.y + at), image.finish);
        store16(win, 0, wins + first);
        store16(dy, 0, dys + first);
    }
    for (int i = a.out_width; i < FG_MAX_POOL_OUT_STRIDE(a.out_width); ++i) {
        wins[i] = -1;
        dys[i] = 0.0f;
    }
}

/* dy of the windows first .. first + 15 of a row whose maximum is their pixel (i, j) */
INLINE float16 won(struct image image, int row, int first, int i, int j,
                   const struct fg_max_pool_args a)
{
    const int at = row % 2 * FG_MAX_POOL_OUT_STRIDE(a.out_width) + first;
    return select((float16)(0.0f), load16(0, image.dys + at),
                  load16(0, image.wins + at) == (int16)(SIDE * i + j));
}

/* e.s0, o.s0, e.s1, o.s1, ... */
INLINE void store_by_turns(__local float *to, float16 e, float16 o)
{
    const float16 low = (float16)(e.s0, o.s0, e.s1, o.s1, e.s2, o.s2, e.s3, o.s3, e.s4, o.s4,
                                  e.s5, o.s5, e.s6, o.s6, e.s7, o.s7);
    const float16 high = (float16)(e.s8, o.s8, e.s9, o.s9, e.sa, o.sa, e.sb, o.sb, e.sc, o.sc,
                                   e.sd, o.sd, e.se, o.se, e.sf, o.sf);
    store16(low, 0, to);
    store16(high, 1, to);
}

/* da of an image row, in lines. Columns 2x are the middle ones of window x; columns 2x + 1 are
 * the right ones of window x and the left ones of the next. */
INLINE void gather_row(struct image image, int row, const struct fg_max_pool_args a)
{
    const int above = row / 2, below = (row + 1) / 2;
    const int two = above < below && below < a.out_height;
    const int i = row % 2 + 1; /* row of the windows above that is this one */

    for (int first = 0; first < a.out_width; first += FG_LANES) {
        float16 even = won(image, above, first, i, 1, a);
        float16 odd = won(image, above, first, i, 2, a) + won(image, above, first + 1, i, 0, a);
        if (two) {
            even += won(image, below, first, 0, 1, a);
            odd += won(image, below, first, 0, 2, a);
            odd += won(image, below, first + 1, 0, 0, a);
        }
        store_by_turns(image.lines + 2 * first, even, odd);
    }
}

struct parameter_sums {
    float16 d_beta;
    float16 d_gamma;
};

/* da of an image row -> G, d_beta, d_gamma. x and g are at its first pixel. */
INLINE void add_gradient(__global float *g, int adds, struct parameter_sums *sums,
                         __local const float *da, __global const float *x, struct fg_affine f,
                         const struct fg_max_pool_args a)
{
    for (int i = 0; i < a.in_width; i += FG_LANES) {
        const int count = min(FG_LANES, a.in_width - i);
        const float16 xs = load16(0, x + i); /* anything beyond the row's end */
        const float16 z = fma(xs, (float16)(f.scale), (float16)(f.shift));
        const int16 live = lanes_live(z, a.floor) && lanes_below(count);
        const float16 d = select((float16)(0.0f), load16(0, da + i), live);
        sums->d_beta += d;
        sums->d_gamma =
            select(sums->d_gamma, fma(d, (xs - f.mean) * f.inverse, sums->d_gamma), live);
        lanes_give_first(g + i, adds, d * f.scale, count);
    }
}

__kernel FG_ONE_WORK_ITEM void
max_pool_backward(__global const float *restrict in, __global float *restrict in_gradient,
                  __global const float *restrict out,
                  __global const float *restrict out_gradient,
                  __global const struct fg_source *restrict sources,
                  __global const struct fg_affine *restrict affine,
                  __global const struct fg_coefficients *restrict coefficients,
                  __global float *restrict partials, __local float *lines, __local int *wins,
                  __local float *dys, const struct fg_max_pool_args a)
{
    const struct fg_chunk chunk = fg_chunks_at(a.chunks, get_global_id(0));
    const int in_pixels = a.in_height * a.in_width, out_pixels = a.out_height * a.out_width;
    const int first_image = chunk.first / in_pixels;

    for (int c = 0; c < a.channels; ++c) {
        const struct fg_source source = fg_sources_at(sources + a.first_source, c);
        const size_t in_channel = (size_t)source.first_channel * a.in_pitch;
        const size_t out_channel = (size_t)(a.out_first_channel + c) * a.out_pitch;
        struct parameter_sums sums = {(float16)(0.0f), (float16)(0.0f)};
        for (int n = first_image; n < first_image + chunk.images; ++n) {
            const size_t first = in_channel + n * in_pixels;
            struct image image = {in + first,
                                  out_gradient + out_channel + n * out_pixels,
                                  out + out_channel + n * out_pixels,
                                  affine[c],
                                  {0.0f, 0.0f, 0.0f, 0.0f},
                                  lines,
                                  wins,
                                  dys};
            if (a.finish)
                image.finish = coefficients[c];
            int next = chunk.row / 2; /* row of windows, not yet looked at */
            for (int row = chunk.row; row < chunk.row + chunk.rows; ++row) {
                for (; next <= (row + 1) / 2 && next < a.out_height; ++next)
                    find_maxima(image, next, a);
                gather_row(image, row, a);
                add_gradient(in_gradient + first + row * a.in_width,
                             source.adds & FG_ADDS_GRADIENT, &sums, lines,
                             image.x + row * a.in_width, image.f, a);
            }
        }
        if (a.norm) {
            __global float *to =
                partials + ((size_t)get_global_id(0) * a.channels + c) * 2 * FG_LANES;
            store16(sums.d_beta, 0, to);
            store16(sums.d_gamma, 1, to);
        }
    }
}
