/* trial.c - one convolution of a shape, alone on the device with made-up numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cl/sources.h"

#define MAP_SLACK 16    /* floats behind a channel's last pixel that vectors may touch */
#define CHECK_IMAGES 2  /* so that a tile goes from one image into the next */
#define FIRST_CHANNEL 1 /* of the output: so that what lies before and behind is seen */

/* Rounding of terms of about 1, of which the errors add up like a random walk: a wrong element is
 * off by far more, and single precision, transformed or not, by far less. */
#define CHECK_ERROR 1e-4

/* Evenly in [-1, 1), the same in every run: Knuth's multiplicative sequence. */
static void fill(float *values, size_t count, uint32_t *state)
{
    for (size_t i = 0; i < count; ++i) {
        *state = *state * 1664525u + 1013904223u;
        values[i] = (float)(*state >> 8) / (float)(1 << 23) - 1.0f;
    }
}

/* A buffer with a copy of data, or as it comes. */
static fg_status add_buffer(const fg_buffer **out, fg_trial *trial, fg_device *device,
                            const void *data, size_t bytes)
{
    fg_status status = FG_OK;
    fg_buffer **slot = trial->buffers;

    while (*slot != NULL)
        ++slot;
    FG_TRY(fg_buffer_create(slot, device, bytes));
    if (data != NULL)
        FG_TRY(fg_buffer_write(*slot, 0, data, bytes, NULL));
    *out = *slot;

cleanup:
    return status;
}

static fg_status add_random(const fg_buffer **out, fg_trial *trial, fg_device *device,
                            size_t floats, uint32_t *state)
{
    fg_status status = FG_OK;
    float *values = NULL;

    FG_ALLOC(values, floats);
    fill(values, floats, state);
    FG_TRY(add_buffer(out, trial, device, values, floats * sizeof *values));

cleanup:
    free(values);
    return status;
}

static fg_features map_of(int images, int height, int width)
{
    const int pixels = images * height * width;
    return (fg_features){.height = height,
                         .width = width,
                         .pitch = (pixels + 2 * MAP_SLACK - 1) / MAP_SLACK * MAP_SLACK};
}

/* Both maps, or the one that both are: the output's channels, one more on either side, and what is
 * read. */
static fg_status add_maps(fg_trial *trial, fg_device *device, const fg_conv_shape *shape,
                          uint32_t *state)
{
    const int ins = shape->in_channels, outs = shape->out_channels + 2 * FIRST_CHANNEL;
    fg_status status = FG_OK;

    trial->in = map_of(shape->images, shape->in_height, shape->in_width);
    trial->out = map_of(shape->images, shape->height, shape->width);
    trial->written = (size_t)(outs + (shape->in_place ? ins : 0)) * (size_t)trial->out.pitch;
    FG_ALLOC(trial->before, trial->written);
    fill(trial->before, trial->written, state);
    FG_TRY(add_buffer(&trial->out.values, trial, device, trial->before,
                      trial->written * sizeof(float)));
    if (shape->in_place)
        trial->in.values = trial->out.values;
    else
        FG_TRY(add_random(&trial->in.values, trial, device,
                          (size_t)ins * (size_t)trial->in.pitch, state));

cleanup:
    return status;
}

/* What is read lies in two parts, the first one behind the second. */
static fg_status add_sources(fg_trial *trial, fg_device *device, const fg_conv_shape *shape)
{
    const int first = shape->in_place ? shape->out_channels + 2 * FIRST_CHANNEL : 0;
    const int half = shape->in_channels / 2, rest = shape->in_channels - half;
    const struct fg_source sources[] = {
        {.first_channel = first + half, .channels = rest, .slot = -1, .scale = -1},
        {.first_channel = first, .channels = half, .slot = -1, .scale = -1},
    };

    trial->call.in = (fg_input){
        .map = &trial->in, .sources_count = half > 0 ? 2 : 1, .channels = shape->in_channels};
    return add_buffer(&trial->call.in.sources, trial, device, sources, sizeof sources);
}

static fg_status add_scratch(fg_trial *trial, fg_device *device, const fg_conv_shape *shape,
                             fg_algorithm algorithm)
{
    const struct fg_chunks chunks = fg_chunks_of(shape->images, shape->height, shape->width);
    const size_t in = (size_t)shape->in_channels, out = (size_t)shape->out_channels;
    const size_t tile = fg_algorithm_tile_bytes(algorithm, shape);
    const size_t library = fg_algorithm_library_bytes(algorithm, shape);
    fg_status status = FG_OK;

    FG_TRY(
        add_buffer(&trial->call.packed, trial, device, NULL,
                   fg_conv_packed_floats(out, in, (size_t)shape->side, (size_t)shape->groups) *
                       sizeof(float)));
    FG_TRY(add_buffer(&trial->call.partials, trial, device, NULL,
                      FG_PARTIALS_FLOATS((size_t)chunks.chunks, out) * sizeof(float)));
    if (tile > 0)
        FG_TRY(add_buffer(&trial->tile, trial, device, NULL, tile));
    if (library > 0)
        FG_TRY(add_buffer(&trial->call.library, trial, device, NULL, library));

cleanup:
    return status;
}

fg_status fg_trial_create(fg_trial *out, fg_device *device, const fg_conv_shape *shape,
                          fg_algorithm algorithm)
{
    const size_t weights = (size_t)shape->out_channels *
                           (size_t)(shape->in_channels / shape->groups) *
                           (size_t)(shape->side * shape->side);
    const bool classifier = shape->in_height * shape->in_width == 1;
    fg_status status = FG_OK;
    uint32_t state = 1;

    *out = (fg_trial){0};
    FG_TRY(add_maps(out, device, shape, &state));
    FG_TRY(add_sources(out, device, shape));
    FG_TRY(add_random(&out->call.affine, out, device,
                      (size_t)shape->in_channels * sizeof(struct fg_affine) / sizeof(float),
                      &state));
    FG_TRY(add_random(&out->call.parameters, out, device, weights + (size_t)shape->out_channels,
                      &state));
    FG_TRY(add_scratch(out, device, shape, algorithm));
    out->call.out = (fg_output){&out->out, FIRST_CHANNEL, shape->out_channels};
    out->call.images = shape->images;
    out->call.relu = true;
    out->call.first_bias = classifier ? (long)weights : -1;

cleanup:
    if (status != FG_OK)
        fg_trial_clear(out);
    return status;
}

fg_status fg_trial_reset(fg_trial *trial)
{
    return fg_buffer_write(trial->out.values, 0, trial->before, trial->written * sizeof(float),
                           NULL);
}

void fg_trial_clear(fg_trial *trial)
{
    for (int i = 0; i < FG_TRIAL_BUFFERS; ++i)
        fg_buffer_free(trial->buffers[i]);
    free(trial->before);
    *trial = (fg_trial){0};
}

/* ---- check ---- */

/* Pixels of the output may differ by an error, all else by nothing. */
static fg_status compare(const fg_trial *trial, const fg_conv_shape *shape, const float *got,
                         const float *expected)
{
    const int terms = shape->in_channels / shape->groups * shape->side * shape->side;
    const double most = CHECK_ERROR * sqrt(terms);
    const size_t pitch = (size_t)trial->out.pitch;
    const size_t pixels = (size_t)(shape->images * shape->height * shape->width);
    fg_status status = FG_OK;

    for (size_t i = 0; i < trial->written; ++i) {
        const size_t channel = i / pitch, pixel = i % pitch;
        const bool output = channel >= FIRST_CHANNEL && pixel < pixels &&
                            channel < (size_t)(FIRST_CHANNEL + shape->out_channels);
        if (output)
            FG_CHECK(fabs((double)got[i] - (double)expected[i]) <= most, FG_ERR_DEVICE,
                     "pixel %zu of output %zu is %g, expected %g", pixel,
                     channel - FIRST_CHANNEL, (double)got[i], (double)expected[i]);
        else
            FG_CHECK(memcmp(&got[i], &trial->before[i], sizeof *got) == 0, FG_ERR_DEVICE,
                     "it writes beside its output");
    }

cleanup:
    return status;
}

fg_status fg_trial_check(fg_kernels *kernels, const fg_candidate *candidate,
                         const fg_conv_shape *of)
{
    fg_conv_shape shape = *of;
    fg_status status = FG_OK;
    fg_trial trial = {0};
    fg_candidate_op op = {0};
    fg_conv_op direct;
    float *got = NULL, *expected = NULL;

    shape.images = shape.images < CHECK_IMAGES ? shape.images : CHECK_IMAGES;
    shape.backward = false;
    FG_TRY(fg_trial_create(&trial, kernels->device, &shape, candidate->algorithm));
    FG_TRY(fg_conv_prepare(&direct, kernels, &shape, NULL));
    FG_TRY(fg_candidate_prepare(&op, kernels, candidate, &shape));
    FG_ALLOC(got, trial.written);
    FG_ALLOC(expected, trial.written);
    FG_TRY(fg_conv_forward(&direct, &trial.call));
    FG_TRY(fg_buffer_read(trial.out.values, 0, expected, trial.written * sizeof(float)));
    FG_TRY(fg_trial_reset(&trial));
    FG_TRY(fg_candidate_forward(&op, &trial.call, trial.tile));
    FG_TRY(fg_buffer_read(trial.out.values, 0, got, trial.written * sizeof(float)));
    FG_TRY(compare(&trial, &shape, got, expected));

cleanup:
    fg_candidate_clear(&op);
    fg_trial_clear(&trial);
    free(got);
    free(expected);
    return status;
}
