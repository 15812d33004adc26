/* conv_run.c - everything that one convolution on the device needs, filled with random numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/conv_run.h"

#include <math.h>
#include <string.h>

#include "ops/dropout.h"
#include "support/arrays.h"
#include "support/compare.h"
#include "support/device_fixture.h"

#define MARGIN FG_CONV_RUN_MARGIN

bool fg_conv_run_possible(const fg_conv_case *shape, fg_conv_place place)
{
    if (place == FG_CONV_POOLED)
        return shape->side == 1 && shape->stride == 1 && shape->map.height > 1 &&
               shape->map.width > 1;
    return place != FG_CONV_IN_STAGE || shape->stride == 1;
}

static int weights_of(const fg_conv_run *run)
{
    return run->shape->out_channels * (run->call.in.channels / run->shape->groups) *
           run->shape->side * run->shape->side;
}

static bool has_norm(const fg_conv_run *run)
{
    return run->place == FG_CONV_IN_STAGE || run->place == FG_CONV_BETWEEN ||
           run->place == FG_CONV_POOLED;
}

const fg_conv_map *fg_conv_run_walked(const fg_conv_run *run)
{
    const bool halved = run->shape->stride > 1 && !fg_conv_gathers(run->shape->side);
    return run->place == FG_CONV_POOLED || halved ? &run->out : &run->in;
}

static int chunks_of(const fg_conv_run *run, const fg_conv_map *map)
{
    return fg_chunks_of(run->shape->map.images, map->device.height, map->device.width).chunks;
}

/* As the plan pads it: an odd multiple of 128 floats, with room for a vector behind the last
 * pixel. */
static int pitch_of(int pixels)
{
    return ((pixels + FG_LANES + 127) / 128 | 1) * 128;
}

/* Side of the map that is written. */
static int out_side(const fg_conv_run *run, int side)
{
    return run->place == FG_CONV_POOLED ? side / 2 : (side - 1) / run->shape->stride + 1;
}

static void make_map(fg_conv_map *map, const fg_conv_run *run, int channels, int height,
                     int width)
{
    const fg_map_shape in = run->shape->map;
    const int pitch = pitch_of(in.images * height * width);

    map->channels = channels;
    map->pixels = in.images * height * width;
    map->values = fg_arrays_floats((size_t)channels * (size_t)pitch);
    map->gradients = fg_arrays_floats((size_t)channels * (size_t)pitch);
    map->device = (fg_features){.height = height, .width = width, .pitch = pitch};
}

static void fill_channels(float *values, const fg_conv_map *map, int first, int channels)
{
    const size_t pitch = (size_t)map->device.pitch;
    for (int c = first; c < first + channels; ++c)
        fg_arrays_fill_random(values + (size_t)c * pitch, (size_t)map->pixels, -1.0f, 1.0f);
}

/* Every second source, from the last one back, and then the others: with a channel before each.
 * Only one bit of what a source adds to is a convolution's. */
static int place_sources(fg_conv_run *run, int first)
{
    int count = 0, channel = first;
    while (run->shape->widths[count] != 0)
        ++count;
    run->sources = (struct fg_source *)fg_arrays_floats((size_t)count * sizeof *run->sources /
                                                        sizeof(float));
    for (int parity = 0; parity < 2; ++parity)
        for (int i = count - 1; i >= 0; --i)
            if (i % 2 == parity) {
                run->sources[i] = (struct fg_source){
                    .first_channel = channel + 1,
                    .channels = run->shape->widths[i],
                    .adds = i % 3 == 1 ? FG_ADDS_GRADIENT : FG_ADDS_SUMS | FG_ADDS_PARAMETERS,
                };
                channel += 1 + run->shape->widths[i];
            }
    run->call.in.sources_count = count;
    for (int i = 0; i < count; ++i)
        run->call.in.channels += run->sources[i].channels;
    return channel;
}

static void make_maps(fg_conv_run *run)
{
    const bool in_stage = run->place == FG_CONV_IN_STAGE;
    const fg_map_shape in = run->shape->map;
    const int outs = run->shape->out_channels;
    const int out_first = 2;
    /* In a stage the output lies before what it reads, where an overrun would do harm. */
    const int end = place_sources(run, in_stage ? out_first + outs : 0) + 1;

    make_map(&run->in, run, end, in.height, in.width);
    if (in_stage)
        run->out = run->in;
    else
        make_map(&run->out, run, out_first + outs + 1, out_side(run, in.height),
                 out_side(run, in.width));
    for (int i = 0; i < run->call.in.sources_count; ++i) {
        const struct fg_source source = run->sources[i];
        fill_channels(run->in.values, &run->in, source.first_channel, source.channels);
        if (source.adds & FG_ADDS_GRADIENT)
            fill_channels(run->in.gradients, &run->in, source.first_channel, source.channels);
    }
    fill_channels(run->out.values, &run->out, out_first, outs);
    fill_channels(run->out.gradients, &run->out, out_first, outs);
    run->call.out = (fg_output){NULL, out_first, outs};
}

static void make_parameters(fg_conv_run *run)
{
    const int in = run->call.in.channels, outs = run->shape->out_channels;
    const size_t count = (size_t)(run->weights + outs);

    run->affine = (struct fg_affine *)fg_arrays_floats((size_t)in * 4);
    for (int c = 0; c < in; ++c) {
        const float gamma = (float)fg_arrays_next(0.5, 1.5),
                    beta = (float)fg_arrays_next(-0.5, 0.5);
        struct fg_affine f = {1.0f, 0.0f, 0.0f, 1.0f};
        if (run->place == FG_CONV_LINEAR || has_norm(run)) {
            f.mean = (float)fg_arrays_next(-0.5, 0.5);
            f.inverse = (float)fg_arrays_next(0.5, 2.0);
            f.scale = gamma * f.inverse;
            f.shift = beta - f.mean * f.scale;
        }
        run->affine[c] = f;
    }
    run->coefficients = (struct fg_coefficients *)fg_arrays_floats((size_t)outs * 4);
    for (int k = 0; k < outs; ++k)
        run->coefficients[k] = (struct fg_coefficients){(float)fg_arrays_next(-1.0, 1.0),
                                                        (float)fg_arrays_next(-1.0, 1.0),
                                                        (float)fg_arrays_next(-1.0, 1.0), NAN};
    run->parameters_count = count + 2 * MARGIN;
    run->parameters = fg_arrays_floats(run->parameters_count);
    run->gradients = fg_arrays_floats(run->parameters_count);
    fg_arrays_fill_random(run->parameters + MARGIN, count, -1.0f, 1.0f);
    run->call.first_weight = MARGIN;
    run->call.first_gradient = FG_CONV_RUN_GRADIENT;
    run->call.first_bias = run->place == FG_CONV_LINEAR ? MARGIN + run->weights : -1;
}

/* Scratch of the size that the plan gives it, and a margin. */
static fg_buffer *make_scratch(size_t floats)
{
    return fg_arrays_scratch(floats + MARGIN);
}

static void check_scratch(const char *what, const fg_buffer *buffer)
{
    float margin[MARGIN];
    FG_EXPECT_OK(fg_buffer_read(buffer, buffer->bytes - sizeof margin, margin, sizeof margin));
    fg_compare_poisoned(what, margin, MARGIN);
}

static fg_buffer *make_partials(const fg_conv_run *run, const fg_conv_map *map, int channels)
{
    return make_scratch(FG_PARTIALS_FLOATS((size_t)chunks_of(run, map), (size_t)channels));
}

static const fg_buffer *upload_map(const float *values, const fg_conv_map *map)
{
    return fg_arrays_buffer(values,
                            (size_t)map->channels * (size_t)map->device.pitch * sizeof(float));
}

static void upload(fg_conv_run *run)
{
    const size_t in = (size_t)run->call.in.channels, outs = (size_t)run->shape->out_channels;
    const size_t parameters_bytes = run->parameters_count * sizeof(float);
    fg_conv_call *call = &run->call;

    run->in.device.values = upload_map(run->in.values, &run->in);
    if (run->place != FG_CONV_FIRST)
        run->in.device.gradients = upload_map(run->in.gradients, &run->in);
    if (run->place == FG_CONV_IN_STAGE) {
        run->out.device = run->in.device;
    } else {
        run->out.device.values = upload_map(run->out.values, &run->out);
        run->out.device.gradients = upload_map(run->out.gradients, &run->out);
    }
    call->in.map = &run->in.device;
    call->out.map = &run->out.device;
    call->in.sources =
        fg_arrays_buffer(run->sources, (size_t)call->in.sources_count * sizeof *run->sources);
    call->affine = fg_arrays_buffer(run->affine, in * sizeof *run->affine);
    call->coefficients =
        run->place == FG_CONV_LINEAR
            ? NULL
            : fg_arrays_buffer(run->coefficients, outs * sizeof *run->coefficients);
    call->parameters = fg_arrays_buffer(run->parameters, parameters_bytes);
    call->gradients = fg_arrays_buffer(run->gradients, parameters_bytes);
    call->packed = make_scratch(
        fg_conv_packed_floats(outs, in, (size_t)run->shape->side, (size_t)run->shape->groups));
    call->weight_partials = make_scratch(
        fg_conv_weight_partials_floats((size_t)chunks_of(run, &run->out), outs, in,
                                       (size_t)run->shape->side, (size_t)run->shape->groups));
    call->partials = NULL;
}

void fg_conv_run_create(fg_conv_run *out, fg_kernels *kernels, const fg_conv_case *shape,
                        fg_conv_place place)
{
    fg_conv_run_create_dropping(out, kernels, shape, place, FG_DROPOUT_NONE, FG_DROPOUT_NONE);
}

void fg_conv_run_create_dropping(fg_conv_run *out, fg_kernels *kernels,
                                 const fg_conv_case *shape, fg_conv_place place,
                                 fg_dropout_kind in_dropout, fg_dropout_kind out_dropout)
{
    const fg_map_shape map = shape->map;

    *out = (fg_conv_run){.shape = shape, .place = place};
    make_maps(out);
    out->weights = weights_of(out);
    make_parameters(out);
    out->call.images = map.images;
    out->call.in_dropout = fg_dropout_of(0.3, 1, 2, 3);
    out->call.out_dropout = fg_dropout_of(0.1, 1, 2, 4);
    out->call.relu = place == FG_CONV_RELU || has_norm(out);
    FG_EXPECT_OK(fg_conv_prepare(&out->op, kernels,
                                 &(fg_conv_shape){.side = shape->side,
                                                  .stride = shape->stride,
                                                  .groups = shape->groups,
                                                  .in_channels = out->call.in.channels,
                                                  .out_channels = shape->out_channels,
                                                  .height = out->out.device.height,
                                                  .width = out->out.device.width,
                                                  .in_height = map.height,
                                                  .in_width = map.width,
                                                  .images = map.images,
                                                  .in_dropout = in_dropout,
                                                  .out_dropout = out_dropout,
                                                  .pooled = place == FG_CONV_POOLED,
                                                  .in_place = place == FG_CONV_IN_STAGE,
                                                  .backward = true,
                                                  .data = place != FG_CONV_FIRST},
                                 NULL));
}

/* Channels [first, first + channels) of the map may differ from what the host put there, but
 * only in their pixels. */
static void allow(float *before, const float *after, const fg_conv_map *map, int first,
                  int channels)
{
    const size_t pitch = (size_t)map->device.pitch;
    for (int c = first; c < first + channels; ++c)
        memcpy(before + (size_t)c * pitch, after + (size_t)c * pitch,
               (size_t)map->pixels * sizeof *before);
}

static float *copy_map(const float *values, const fg_conv_map *map)
{
    const size_t floats = (size_t)map->channels * (size_t)map->device.pitch;
    float *copy = fg_arrays_floats(floats);
    memcpy(copy, values, floats * sizeof *copy);
    return copy;
}

static void check_map(const char *what, const fg_buffer *buffer, const float *expected)
{
    fg_compare_bits(what, fg_arrays_read(buffer), expected, buffer->bytes / sizeof(float));
}

static void run_candidate(fg_conv_run *run)
{
    const fg_algorithm algorithm = run->candidate->candidate->algorithm;
    const size_t bytes = fg_algorithm_tile_bytes(algorithm, &run->op.shape);
    const size_t library = fg_algorithm_library_bytes(algorithm, &run->op.shape);
    const fg_buffer *tile = make_scratch(bytes / sizeof(float));

    run->call.library = library > 0 ? make_scratch(library / sizeof(float)) : NULL;
    FG_EXPECT_OK(fg_candidate_forward(run->candidate, &run->call, tile));
    check_scratch("scratch behind the tile", tile);
    if (library > 0)
        check_scratch("scratch behind the library's", run->call.library);
}

void fg_conv_run_forward(fg_conv_run *run)
{
    fg_conv_call *call = &run->call;
    float *expected = copy_map(run->out.values, &run->out);

    upload(run);
    call->partials = run->place == FG_CONV_LINEAR
                         ? NULL
                         : make_partials(run, &run->out, run->shape->out_channels);
    if (run->candidate != NULL)
        run_candidate(run);
    else
        FG_EXPECT_OK(fg_conv_forward(&run->op, call));
    allow(expected, fg_arrays_read(call->out.map->values), &run->out, call->out.first_channel,
          call->out.channels);
    check_map("the output's map", call->out.map->values, expected);
    check_scratch("scratch behind packed weights", call->packed);
    if (call->partials != NULL)
        check_scratch("scratch behind partial statistics", call->partials);
}

void fg_conv_run_backward(fg_conv_run *run)
{
    fg_conv_call *call = &run->call;
    const size_t end = FG_CONV_RUN_GRADIENT + (size_t)run->weights;

    upload(run);
    call->partials =
        has_norm(run) ? make_partials(run, fg_conv_run_walked(run), call->in.channels) : NULL;
    FG_EXPECT_OK(fg_conv_backward(&run->op, call));

    check_map("the input's map", call->in.map->values, run->in.values);
    if (run->place != FG_CONV_IN_STAGE) {
        check_map("the output's map", call->out.map->values, run->out.values);
        if (call->shortcut != &run->out.device)
            check_map("the output's gradients", call->out.map->gradients, run->out.gradients);
    }
    if (call->in.map->gradients != NULL) {
        float *expected = copy_map(run->in.gradients, &run->in);
        const float *got = fg_arrays_read(call->in.map->gradients);
        for (int i = 0; i < call->in.sources_count; ++i)
            allow(expected, got, &run->in, run->sources[i].first_channel,
                  run->sources[i].channels);
        check_map("the input's gradients", call->in.map->gradients, expected);
    }
    const float *gradients = fg_arrays_read(call->gradients);
    fg_compare_poisoned("before the weights' gradients", gradients, FG_CONV_RUN_GRADIENT);
    fg_compare_poisoned("behind the weights' gradients", gradients + end,
                        run->parameters_count - end);
    check_scratch("scratch behind packed weights", call->packed);
    check_scratch("scratch behind partial gradients of weights", call->weight_partials);
    if (call->partials != NULL)
        check_scratch("scratch behind partial sums", call->partials);
}
