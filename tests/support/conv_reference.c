/* conv_reference.c - what a candidate makes of a convolution, against the reference.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/conv_reference.h"

#include <math.h>

#include "ops/batchnorm.h"
#include "ref/batchnorm.h"
#include "ref/conv.h"
#include "ref/reader.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"

/* values *= the masks of [channels][pixels of map] */
static void drop(double *values, struct fg_dropout masks, fg_dropout_kind kind,
                 const fg_conv_map *map, int channels)
{
    const int image = map->device.height * map->device.width;

    for (int i = 0; i < channels * map->pixels; ++i)
        if (kind == FG_DROPOUT_ELEMENTS)
            values[i] *= (double)fg_dropout_at(masks, (fg_u32)i);
        else if (kind == FG_DROPOUT_CHANNELS)
            values[i] *= (double)fg_dropout_at(masks, (fg_u32)(i / image));
}

/* What the convolution reads: [in_channels][pixels]. */
static double *input(const fg_conv_run *run)
{
    const int in = run->call.in.channels;
    const size_t pixels = (size_t)run->in.pixels;
    fg_ref_affine *affine = (fg_ref_affine *)fg_arrays_doubles((size_t)in * 4);
    const fg_ref_reader reader = {run->sources, affine, in, run->in.pixels, run->call.relu};
    double *a = fg_arrays_doubles((size_t)in * pixels);

    for (int c = 0; c < in; ++c)
        affine[c] =
            (fg_ref_affine){(double)run->affine[c].scale, (double)run->affine[c].shift,
                            (double)run->affine[c].mean, (double)run->affine[c].inverse};
    fg_ref_reader_forward(a, &reader,
                          fg_arrays_packed(run->in.values, (size_t)run->in.channels, pixels,
                                           (size_t)run->in.device.pitch));
    drop(a, run->call.in_dropout, run->op.shape.in_dropout, &run->in, in);
    return a;
}

double *fg_conv_reference(const fg_conv_run *run)
{
    const fg_conv_shape *s = &run->op.shape;
    const fg_ref_conv conv = {run->call.images, s->in_height, s->in_width, s->in_channels,
                              s->out_channels,  s->side,      s->stride,   s->groups};
    double *y = fg_arrays_doubles((size_t)s->out_channels * (size_t)run->out.pixels);
    const double *weights =
        fg_arrays_widened(run->parameters + FG_CONV_RUN_MARGIN, (size_t)run->weights);
    const double *bias = run->call.first_bias < 0
                             ? NULL
                             : fg_arrays_widened(run->parameters + run->call.first_bias,
                                                 (size_t)s->out_channels);

    fg_ref_conv_forward(y, &conv, input(run), weights, bias);
    drop(y, run->call.out_dropout, s->out_dropout, &run->out, s->out_channels);
    return y;
}

void fg_conv_reference_check(fg_conv_run *run, double units)
{
    const fg_output *out = &run->call.out;
    const size_t pixels = (size_t)run->out.pixels, pitch = (size_t)run->out.device.pitch;
    const double *expected = fg_conv_reference(run);
    const double largest = fg_arrays_largest(expected, (size_t)out->channels * pixels);

    fg_conv_run_forward(run);
    const float *got = fg_arrays_read(run->out.device.values);
    for (int k = 0; k < out->channels; ++k)
        fg_compare_rounded("the output", got + (size_t)(out->first_channel + k) * pitch,
                           expected + (size_t)k * pixels, pixels, units, largest);
}

void fg_conv_reference_check_statistics(fg_conv_run *run, fg_kernels *kernels)
{
    const fg_output *out = &run->call.out;
    const size_t outs = (size_t)out->channels, pitch = (size_t)run->out.device.pitch;
    const fg_buffer *table = fg_arrays_scratch(2 * ((size_t)out->first_channel + outs));
    double *mean = fg_arrays_doubles(outs), *variance = fg_arrays_doubles(outs);
    fg_batchnorm_op norm;

    fg_conv_run_forward(run);
    FG_EXPECT_OK(fg_batchnorm_prepare(&norm, kernels, true));
    FG_EXPECT_OK(fg_batchnorm_statistics(&norm, table, run->call.partials, out,
                                         run->call.images,
                                         run->candidate->candidate->image_runs));
    const struct fg_statistics *got = fg_arrays_read(table);
    const float *y = fg_arrays_read(run->out.device.values);
    fg_ref_batchnorm_statistics(mean, variance,
                                fg_arrays_packed(y + (size_t)out->first_channel * pitch, outs,
                                                 (size_t)run->out.pixels, pitch),
                                out->channels, run->out.pixels);
    for (int k = 0; k < out->channels; ++k) {
        const struct fg_statistics s = got[out->first_channel + k];
        fg_compare_rounded("mean", &s.mean, &mean[k], 1, 16.0, sqrt(variance[k]));
        fg_compare_rounded("variance", &s.variance, &variance[k], 1, 32.0, 1e-20);
    }
}
