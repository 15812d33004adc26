/* batchnorm.cl - statistics of features, what readers make of them, and the sums of the
 * backward pass.
 *
 * The large passes over pixels are in the kernels that write and read features; here is what
 * remains per channel.
 *
 * SPDX-License-Identifier: MIT
 */
#include "batchnorm.h"
#include "sources.h"
#include "vectors.h"

/* Values that each lane of a chunk has seen; see conv_forward. */
static inline float16 lane_counts(struct fg_chunk chunk, int image_runs)
{
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const int runs = image_runs ? chunk.images : 1;
    const int pixels = image_runs ? chunk.pixels : chunk.images * chunk.pixels;
    return convert_float16(runs * ((pixels - lane + 15) / FG_LANES));
}

/* Merges the partial means and sums of squares of a feature: over chunks lane by lane, then
 * over lanes, always in the same order. Chan, Golub, LeVeque, "Updating formulae", 1979.
 *
 * partials: [chunks][channels][2][FG_LANES]
 * grid: x = some work-items, which share the channels */
__kernel FG_ONE_WORK_ITEM void
batchnorm_statistics(__global struct fg_statistics *restrict statistics,
                     __global const float *restrict partials, const struct fg_batchnorm_args a)
{
    for (int c = get_global_id(0); c < a.channels; c += get_global_size(0)) {
        __global const float *p = partials + c * 2 * FG_LANES;
        float16 count = 0.0f, mean = 0.0f, squares = 0.0f;
        for (int i = 0; i < a.chunks.chunks; ++i, p += a.channels * 2 * FG_LANES) {
            const float16 more = lane_counts(fg_chunks_at(a.chunks, i), a.image_runs);
            const float16 both = count + more;
            const float16 share = select((float16)(0.0f), more / both, both > 0.0f);
            const float16 off = load16(0, p) - mean;
            const int16 any = more > 0.0f;
            mean = select(mean, fma(off, share, mean), any);
            squares =
                select(squares, squares + fma(off * off, count * share, load16(1, p)), any);
            count = both;
        }
        float n[FG_LANES], m[FG_LANES], s[FG_LANES];
        store16(count, 0, n);
        store16(mean, 0, m);
        store16(squares, 0, s);
        for (int i = 1; i < FG_LANES; ++i)
            if (n[i] > 0.0f) {
                const float both = n[0] + n[i];
                const float off = m[i] - m[0];
                m[0] = fma(off, n[i] / both, m[0]);
                s[0] += fma(off * off, n[0] * (n[i] / both), s[i]);
                n[0] = both;
            }
        statistics[a.first_slot + c].mean = m[0];
        statistics[a.first_slot + c].variance = s[0] / n[0];
    }
}

/* affine[c] = the norm of channel c's source, with the mean and the variance of the mode:
 *     scale = gamma / sigma, shift = beta - mean * scale
 * and the identity for sources without a norm.
 * grid: x = some work-items, which share the channels; each walks the list once */
__kernel FG_ONE_WORK_ITEM void
batchnorm_affine(__global struct fg_affine *restrict affine,
                 __global const struct fg_source *restrict sources,
                 __global const struct fg_statistics *restrict statistics,
                 __global const float *restrict parameters,
                 __global const float *restrict running, const struct fg_batchnorm_args a)
{
    const int step = get_global_size(0);
    __global const struct fg_source *source = sources + a.first_source;
    int k = get_global_id(0); /* channel of the source */

    for (int c = k; c < a.channels; c += step, k += step) {
        for (; k >= source->channels; ++source)
            k -= source->channels;
        struct fg_affine f = {1.0f, 0.0f, 0.0f, 1.0f};
        if (source->scale >= 0) {
            struct fg_statistics s;
            if (a.mode == FG_AFFINE_BATCH) {
                s = statistics[source->slot + k];
            } else {
                s.mean = running[source->mean + k];
                s.variance = running[source->variance + k];
            }
            f.mean = s.mean;
            f.inverse = 1.0f / sqrt(s.variance + FG_NORM_EPSILON);
            f.scale = parameters[source->scale + k] * f.inverse;
            f.shift = fma(-f.mean, f.scale, parameters[source->shift + k]);
        }
        affine[c] = f;
    }
}

/* running = 0.9 running + 0.1 batch, with the variance divided by n - 1.
 * grid: x = some work-items, which share all channels of all norms */
__kernel FG_ONE_WORK_ITEM void
batchnorm_running(__global float *restrict running,
                  __global const struct fg_running *restrict table,
                  __global const struct fg_statistics *restrict statistics, const int channels,
                  const int images)
{
    for (int i = get_global_id(0); i < channels; i += get_global_size(0)) {
        const struct fg_running t = table[i];
        const struct fg_statistics s = statistics[t.slot];
        const float n = (float)images * (float)t.pixels;
        running[t.mean] =
            fma(FG_NORM_MOMENTUM, s.mean, (1.0f - FG_NORM_MOMENTUM) * running[t.mean]);
        running[t.variance] = fma(FG_NORM_MOMENTUM, s.variance * (n / (n - 1.0f)),
                                  (1.0f - FG_NORM_MOMENTUM) * running[t.variance]);
    }
}

/* Adds lanes in pairs: l and l + 8, l + 4, l + 2, l + 1. */
static inline float lane_sum(float16 sums)
{
    float lanes[FG_LANES];
    store16(sums, 0, lanes);
    for (int middle = FG_LANES / 2; middle > 0; middle /= 2)
        for (int l = 0; l < middle; ++l)
            lanes[l] += lanes[l + middle];
    return lanes[0];
}

/* For each channel of a reader that has a norm: merges d_beta and d_gamma over chunks and
 * lanes, and writes or adds, as the source says,
 *     gradients of beta and gamma: d_beta, d_gamma
 *     sums of the feature:         gamma * d_beta, gamma * d_gamma
 *
 * partials: [chunks][channels][2][FG_LANES]; nothing is read for channels without a norm
 * grid: x = some work-items, which share the channels; each walks the list once */
__kernel FG_ONE_WORK_ITEM void
batchnorm_backward(__global float *restrict gradients, __global struct fg_sums *restrict sums,
                   __global const struct fg_source *restrict sources,
                   __global const float *restrict parameters,
                   __global const float *restrict partials, const struct fg_batchnorm_args a)
{
    const int step = get_global_size(0);
    __global const struct fg_source *source = sources + a.first_source;
    int k = get_global_id(0); /* channel of the source */

    for (int c = k; c < a.channels; c += step, k += step) {
        for (; k >= source->channels; ++source)
            k -= source->channels;
        if (source->scale < 0)
            continue;
        __global const float *p = partials + c * 2 * FG_LANES;
        float16 beta = load16(0, p), gamma = load16(1, p);
        for (int i = 1; i < a.chunks.chunks; ++i) {
            p += a.channels * 2 * FG_LANES;
            beta += load16(0, p);
            gamma += load16(1, p);
        }
        const float d_beta = lane_sum(beta), d_gamma = lane_sum(gamma);
        const float scale = parameters[source->scale + k];

        __global float *to_beta = gradients + source->shift_gradient + k;
        __global float *to_gamma = gradients + source->scale_gradient + k;
        const int adds_parameters = source->adds & FG_ADDS_PARAMETERS;
        *to_beta = adds_parameters ? *to_beta + d_beta : d_beta;
        *to_gamma = adds_parameters ? *to_gamma + d_gamma : d_gamma;

        __global struct fg_sums *s = sums + source->slot + k;
        struct fg_sums old = {0.0f, 0.0f};
        if (source->adds & FG_ADDS_SUMS)
            old = *s;
        s->gamma_d_beta = fma(scale, d_beta, old.gamma_d_beta);
        s->gamma_d_gamma = fma(scale, d_gamma, old.gamma_d_gamma);
    }
}

/* With A and B the sums of a channel and M its pixels:
 * q = -B / (M sigma^2), c = -A / (M sigma).
 * grid: x = some work-items, which share the channels */
__kernel FG_ONE_WORK_ITEM void
batchnorm_coefficients(__global struct fg_coefficients *restrict coefficients,
                       __global const struct fg_sums *restrict sums,
                       __global const struct fg_statistics *restrict statistics,
                       const struct fg_batchnorm_args a)
{
    const float pixels = (float)a.chunks.images * (float)(a.chunks.height * a.chunks.width);
    for (int k = get_global_id(0); k < a.channels; k += get_global_size(0)) {
        const struct fg_statistics s = statistics[a.first_slot + k];
        const float inverse = 1.0f / sqrt(s.variance + FG_NORM_EPSILON);
        struct fg_coefficients f;
        f.q = -sums[a.first_slot + k].gamma_d_gamma * inverse * inverse / pixels;
        f.mean = s.mean;
        f.c = -sums[a.first_slot + k].gamma_d_beta * inverse / pixels;
        f.unused = 0.0f;
        coefficients[k] = f;
    }
}
