/* measure.c - how long one pass of a convolution takes, in the memory of its net.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/measure.h"

#include <math.h>
#include <time.h>

#include "net/pass.h"

#define RUNS 5           /* a run is as many launches as last RUN_SECONDS, ... */
#define RUN_SECONDS 2e-3 /* ... since a launch alone may be too short for the clock */
#define MOST_LAUNCHES 16

double fg_measure_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static const fg_step *step_of(const fg_plan *plan, int op, bool forward)
{
    int i = forward ? op : plan->op_count;

    while (plan->steps[i].op != op ||
           plan->steps[i].kind != (forward ? FG_STEP_FORWARD : FG_STEP_BACKWARD))
        ++i;
    return &plan->steps[i];
}

/* Scratch of so many bytes in place of what is there. */
static fg_status replace(fg_buffer **buffer, fg_device *device, size_t bytes)
{
    fg_status status = FG_OK;

    fg_buffer_free(*buffer);
    *buffer = NULL;
    if (bytes > 0)
        FG_TRY(fg_buffer_create(buffer, device, fg_size_round_up(bytes, sizeof(float))));

cleanup:
    return status;
}

static size_t packed_bytes(const fg_conv_shape *shape)
{
    return sizeof(float) * fg_conv_packed_floats((size_t)shape->out_channels,
                                                 (size_t)shape->in_channels,
                                                 (size_t)shape->side, (size_t)shape->groups);
}

fg_status fg_measure_begin(fg_measure *out, fg_net *net, int op, bool forward)
{
    fg_status status = FG_OK;
    const fg_mode mode = net->plan->training ? FG_MODE_TRAINING : FG_MODE_EVALUATION;
    fg_pass pass;

    *out = (fg_measure){.forward = forward,
                        .shape = fg_conv_shape_of(net->plan, &net->plan->ops[op])};
    FG_TRY(fg_pass_begin(&pass, net, step_of(net->plan, op, forward), mode, net->plan->images));
    out->call = forward ? fg_pass_conv_forward(&pass) : fg_pass_conv_backward(&pass);
    if (mode == FG_MODE_EVALUATION)
        out->call.partials = NULL;
    if (out->call.packed == NULL) { /* a candidate's operation has none */
        FG_TRY(replace(&out->packed, net->device, packed_bytes(&out->shape)));
        out->call.packed = out->packed;
    }

cleanup:
    return status;
}

void fg_measure_end(fg_measure *measure)
{
    fg_buffer_free(measure->packed);
    fg_buffer_free(measure->tile);
    fg_buffer_free(measure->library);
    *measure = (fg_measure){0};
}

fg_status fg_measure_scratch(fg_measure *measure, fg_algorithm algorithm)
{
    fg_status status = FG_OK;
    fg_device *device = measure->call.parameters->device;

    FG_TRY(
        replace(&measure->tile, device, fg_algorithm_tile_bytes(algorithm, &measure->shape)));
    FG_TRY(replace(&measure->library, device,
                   fg_algorithm_library_bytes(algorithm, &measure->shape)));
    measure->call.library = measure->library;

cleanup:
    return status;
}

static fg_status launch(const fg_measure *measure, const fg_conv_op *conv,
                        const fg_candidate_op *candidate)
{
    if (candidate != NULL)
        return fg_candidate_forward(candidate, &measure->call, measure->tile);
    return (measure->forward ? fg_conv_forward : fg_conv_backward)(conv, &measure->call);
}

/* Milliseconds of one of so many launches. */
static fg_status run(double *ms, const fg_measure *measure, const fg_conv_op *conv,
                     const fg_candidate_op *candidate, fg_device *device, int launches)
{
    fg_status status = FG_OK;
    const double begun = fg_measure_seconds();

    for (int i = 0; i < launches; ++i)
        FG_TRY(launch(measure, conv, candidate));
    FG_TRY(fg_device_finish(device));
    *ms = (fg_measure_seconds() - begun) * 1e3 / launches;

cleanup:
    return status;
}

fg_status fg_measure_run(double *ms, const fg_measure *measure, const fg_conv_op *conv,
                         const fg_candidate_op *candidate, double interesting_ms)
{
    fg_status status = FG_OK;
    fg_device *device = measure->call.parameters->device;
    double once = 0.0;
    int launches = 1;

    *ms = INFINITY;
    FG_TRY(run(&once, measure, conv, candidate, device, 1)); /* drivers compile now */
    for (int i = 0; i < RUNS; ++i) {
        FG_TRY(run(&once, measure, conv, candidate, device, launches));
        *ms = fmin(*ms, once);
        if (*ms > 1.5 * interesting_ms)
            break;
        launches = (int)fmin(MOST_LAUNCHES, ceil(RUN_SECONDS * 1e3 / once));
    }

cleanup:
    return status;
}
