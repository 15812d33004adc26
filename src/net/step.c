/* step.c - the calls of the public header: forward, backward, update, and a step that does all
 * three.
 *
 * Nothing here waits for the device unless the caller asks for a number: a batch is copied into
 * one of two host buffers, and a step's result is on its way back before anybody asks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/event.h"
#include "net/net.h"

/* ---- uploads ---- */

static fg_status check_batch(const fg_net *net, fg_mode mode, int images)
{
    fg_status status = FG_OK;

    FG_REQUIRE(images >= 1 && images <= net->plan->images,
               "the batch has %d images, expected 1..%d as the network was created", images,
               net->plan->images);
    FG_REQUIRE(mode == FG_MODE_EVALUATION || net->plan->training,
               "the network was created without training");
    FG_REQUIRE(
        mode == FG_MODE_EVALUATION || images >= fg_plan_smallest_training_batch(net->plan),
        "a training batch of 1 image leaves one value per channel, which has no variance; "
        "expected at least 2");

cleanup:
    return status;
}

static fg_status check_labels(const fg_net *net, const int32_t *labels, int images)
{
    fg_status status = FG_OK;

    for (int i = 0; i < images; ++i)
        FG_REQUIRE(labels[i] >= 0 && labels[i] < net->plan->network.classes,
                   "label of image %d is %d, expected 0..%d", i, (int)labels[i],
                   net->plan->network.classes - 1);

cleanup:
    return status;
}

/* The next host buffer of a ring, once the device has taken everything from it. */
static fg_status next_upload(fg_upload **out, fg_upload_ring *ring)
{
    fg_status status = FG_OK;
    fg_upload *upload = &ring->uploads[ring->next];

    if (upload->taken != NULL) {
        FG_TRY(fg_event_wait(upload->taken));
        fg_event_free(&upload->taken);
    }
    ring->next = (ring->next + 1) % FG_NET_UPLOADS;
    *out = upload;

cleanup:
    return status;
}

/* pixels: image n of channel c at [c * channel_stride + n * image_stride] */
static fg_status upload_pixels(fg_net *net, const float *pixels, size_t channel_stride,
                               size_t image_stride, int images)
{
    fg_status status = FG_OK;
    const fg_map *input = &net->plan->maps[net->plan->input_map];
    const size_t side = (size_t)(input->height * input->width);
    const size_t floats = (size_t)input->channels * (size_t)input->pitch;
    fg_upload *upload = NULL;

    FG_TRY(next_upload(&upload, &net->pixels));
    float *to = upload->data;
    for (int c = 0; c < input->channels; ++c)
        for (int n = 0; n < images; ++n)
            memcpy(to + (size_t)c * (size_t)input->pitch + (size_t)n * side,
                   pixels + (size_t)c * channel_stride + (size_t)n * image_stride,
                   side * sizeof(float));
    FG_TRY(fg_buffer_write(net->maps[net->plan->input_map].values, 0, upload->data,
                           floats * sizeof(float), &upload->taken));

cleanup:
    return status;
}

static fg_status upload_labels(fg_net *net, const int32_t *labels, int images)
{
    fg_status status = FG_OK;
    fg_upload *upload = NULL;

    FG_TRY(next_upload(&upload, &net->labels));
    memcpy(upload->data, labels, (size_t)images * sizeof *labels);
    FG_TRY(fg_buffer_write(net->parts[FG_PART_LABELS], 0, upload->data,
                           (size_t)images * sizeof *labels, &upload->taken));

cleanup:
    return status;
}

/* ---- passes ---- */

static fg_status read_logits(fg_net *net, float *logits, int images)
{
    fg_status status = FG_OK;
    const fg_map *map = &net->plan->maps[net->plan->logits_map];
    const size_t floats = (size_t)map->channels * (size_t)map->pitch;
    float *values = NULL;

    FG_ALLOC(values, floats);
    FG_TRY(fg_buffer_read(net->maps[net->plan->logits_map].values, 0, values,
                          floats * sizeof(float)));
    for (int n = 0; n < images; ++n)
        for (int k = 0; k < map->channels; ++k)
            logits[(size_t)n * (size_t)map->channels + (size_t)k] =
                values[(size_t)k * (size_t)map->pitch + (size_t)n];

cleanup:
    free(values);
    return status;
}

static fg_status forward(fg_net *net, fg_mode mode, float *logits, const float *pixels,
                         size_t channel_stride, size_t image_stride, int images)
{
    fg_status status = FG_OK;

    FG_TRY(check_batch(net, mode, images));
    net->backward_ready = false;
    net->passes += mode == FG_MODE_TRAINING;
    FG_TRY(upload_pixels(net, pixels, channel_stride, image_stride, images));
    FG_TRY(fg_net_walk_forward(net, mode, images));
    FG_TRY(fg_device_flush(net->device));
    net->images = images;
    net->backward_ready = mode == FG_MODE_TRAINING;
    if (logits != NULL)
        FG_TRY(read_logits(net, logits, images));

cleanup:
    return status;
}

/* Backward pass whose result is read as that of a new step. sgd: may be NULL where gradients are
 * kept. */
static fg_status backward(fg_net *net, const int32_t *labels, const fg_sgd *sgd)
{
    fg_status status = FG_OK;
    const int entry = (int)((net->steps + 1) % FG_STEP_RESULTS);
    cl_event *read = &net->results_read[entry];

    FG_REQUIRE(net->backward_ready,
               "a backward pass needs a forward pass in training mode just before it");
    FG_TRY(check_labels(net, labels, net->images));
    net->backward_ready = false;
    if (*read != NULL) {
        FG_TRY(fg_event_wait(*read));
        fg_event_free(read);
    }
    FG_TRY(upload_labels(net, labels, net->images));
    FG_TRY(fg_net_walk_backward(net, entry, sgd));
    FG_TRY(fg_buffer_read_later(net->parts[FG_PART_RESULTS],
                                (size_t)entry * sizeof net->results[0], &net->results[entry],
                                sizeof net->results[0], read));
    ++net->steps;

cleanup:
    return status;
}

static fg_status check_sgd(const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    FG_REQUIRE(isfinite(sgd->rate) && sgd->rate >= 0,
               "rate is %g, expected a finite number >= 0", (double)sgd->rate);
    FG_REQUIRE(sgd->momentum >= 0 && sgd->momentum < 1,
               "momentum is %g, expected 0 <= momentum < 1", (double)sgd->momentum);
    FG_REQUIRE(isfinite(sgd->weight_decay) && sgd->weight_decay >= 0,
               "weight_decay is %g, expected a finite number >= 0", (double)sgd->weight_decay);

cleanup:
    return status;
}

/* ---- public ---- */

fg_status fg_net_forward(fg_net *net, fg_mode mode, float *logits, const float *pixels,
                         int images)
{
    const fg_map *input = &net->plan->maps[net->plan->input_map];
    const size_t side = (size_t)(input->height * input->width);

    return forward(net, mode, logits, pixels, side, side * (size_t)input->channels, images);
}

fg_status fg_net_forward_prepared(fg_net *net, fg_mode mode, float *logits, const float *pixels,
                                  int images)
{
    const fg_map *input = &net->plan->maps[net->plan->input_map];
    const size_t side = (size_t)(input->height * input->width);

    return forward(net, mode, logits, pixels, side * (size_t)images, side, images);
}

fg_status fg_net_backward(fg_net *net, float *loss, const int32_t *labels)
{
    fg_status status = FG_OK;
    fg_step_result result;

    FG_REQUIRE(net->plan->training, "the network was created without training");
    FG_REQUIRE(net->plan->keep_gradients,
               "the network was created without keep_gradients: only a step goes backward, and "
               "updates on its way");
    FG_TRY(backward(net, labels, NULL));
    FG_TRY(fg_device_flush(net->device));
    if (loss != NULL) {
        FG_TRY(fg_net_step_result(net, net->steps, &result));
        *loss = (float)result.loss;
    }

cleanup:
    return status;
}

fg_status fg_net_update(fg_net *net, const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    FG_REQUIRE(net->plan->training, "the network was created without training");
    FG_REQUIRE(net->plan->keep_gradients,
               "the network was created without keep_gradients: only a step updates it");
    FG_REQUIRE(net->steps > 0, "an update needs a backward pass before it");
    FG_TRY(check_sgd(sgd));
    FG_TRY(fg_sgd_update(&net->sgd, net->parts[FG_PART_PARAMETERS],
                         net->parts[FG_PART_MOMENTUM], net->parts[FG_PART_GRADIENTS], 0, 0,
                         net->plan->parameter_elements, sgd));
    FG_TRY(fg_device_flush(net->device));

cleanup:
    return status;
}

/* All checks come first, so that a refused step changes nothing. */
static fg_status check_step(const fg_net *net, const int32_t *labels, int images,
                            const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    FG_TRY(check_batch(net, FG_MODE_TRAINING, images));
    FG_TRY(check_labels(net, labels, images));
    FG_TRY(check_sgd(sgd));

cleanup:
    return status;
}

static fg_status finish_step(fg_net *net, uint64_t *number, const int32_t *labels,
                             const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    FG_TRY(backward(net, labels, sgd));
    if (net->plan->keep_gradients)
        FG_TRY(fg_net_update(net, sgd));
    else
        FG_TRY(fg_device_flush(net->device));
    if (number != NULL)
        *number = net->steps;

cleanup:
    return status;
}

fg_status fg_net_step(fg_net *net, uint64_t *number, const float *pixels, const int32_t *labels,
                      int images, const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    FG_TRY(check_step(net, labels, images, sgd));
    FG_TRY(fg_net_forward(net, FG_MODE_TRAINING, NULL, pixels, images));
    FG_TRY(finish_step(net, number, labels, sgd));

cleanup:
    return status;
}

fg_status fg_net_step_prepared(fg_net *net, uint64_t *number, const float *pixels,
                               const int32_t *labels, int images, const fg_sgd *sgd)
{
    fg_status status = FG_OK;

    FG_TRY(check_step(net, labels, images, sgd));
    FG_TRY(fg_net_forward_prepared(net, FG_MODE_TRAINING, NULL, pixels, images));
    FG_TRY(finish_step(net, number, labels, sgd));

cleanup:
    return status;
}

fg_status fg_net_step_result(fg_net *net, uint64_t number, fg_step_result *out)
{
    fg_status status = FG_OK;
    const int entry = (int)(number % FG_STEP_RESULTS);

    FG_REQUIRE(number >= 1 && number <= net->steps && net->steps - number < FG_STEP_RESULTS,
               "step is %llu, expected one of the last %d up to %llu",
               (unsigned long long)number, FG_STEP_RESULTS, (unsigned long long)net->steps);
    FG_TRY(fg_event_wait(net->results_read[entry]));
    *out = (fg_step_result){
        .loss = (double)net->results[entry].loss,
        .images = net->results[entry].images,
        .correct = net->results[entry].correct,
        .correct_top = net->results[entry].correct_top,
    };
    FG_CHECK(isfinite(out->loss), FG_ERR_NOT_FINITE, "the loss of step %llu is not finite",
             (unsigned long long)number);

cleanup:
    return status;
}

fg_status fg_net_finish(fg_net *net)
{
    return fg_device_finish(net->device);
}
