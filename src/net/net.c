/* net.c - creates and frees a network.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"
#include "device/event.h"

#include <stdlib.h>

static fg_status prepare_ops(fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;
    fg_kernels *kernels = &net->kernels;

    FG_ALLOC(net->convs, plan->conv_count);
    for (int i = 0; i < plan->conv_count; ++i) {
        const fg_conv *conv = &plan->convs[i];
        const fg_map *out = &plan->maps[conv->out_map];
        const fg_conv_shape shape = {
            .side = conv->side,
            .in_channels = conv->reads.channels,
            .out_channels = conv->out_channels,
            /* One pixel per image: the batch is the row. */
            .height = out->height,
            .width = out->width,
            .in_place = conv->reads.map == conv->out_map,
            .backward = plan->training,
            .data = plan->maps[conv->reads.map].gradients >= 0,
        };
        FG_TRY(fg_conv_prepare(&net->convs[i], kernels, &shape));
    }
    FG_TRY(fg_batchnorm_prepare(&net->batchnorm, kernels, plan->training));
    FG_TRY(fg_pool_prepare(&net->pool, kernels, plan->training));
    FG_TRY(fg_head_pool_prepare(&net->head_pool, kernels, plan->training));
    if (plan->training) {
        FG_TRY(fg_linear_prepare(&net->linear, kernels));
        FG_TRY(fg_softmax_loss_prepare(&net->softmax_loss, kernels));
        FG_TRY(fg_sgd_prepare(&net->sgd, kernels));
    }

cleanup:
    return status;
}

static fg_status create_uploads(fg_net *net)
{
    fg_status status = FG_OK;
    const fg_map *input = &net->plan->maps[net->plan->input_map];

    for (int i = 0; i < FG_NET_UPLOADS; ++i) {
        float *pixels = NULL;
        cl_int *labels = NULL;
        FG_ALLOC(pixels, (size_t)input->channels * (size_t)input->pitch);
        net->pixels.uploads[i].data = pixels;
        FG_ALLOC(labels, net->plan->images);
        net->labels.uploads[i].data = labels;
    }

cleanup:
    return status;
}

fg_status fg_net_create(fg_net **out, fg_device *device, const fg_net_config *config)
{
    fg_status status = FG_OK;
    fg_net *net = NULL;

    *out = NULL;
    FG_REQUIRE(config->struct_size == sizeof *config,
               "struct_size of fg_net_config is %zu, expected %zu", config->struct_size,
               sizeof *config);
    FG_ALLOC(net, 1);
    net->device = device;
    net->kernels.device = device;
    net->keep_gradients = config->keep_gradients != 0;

    fg_plan_config plan_config = FG_PLAN_CONFIG_INIT;
    plan_config.model = config->model;
    plan_config.images = config->images;
    plan_config.training = config->training;
    plan_config.memory_bytes = device->info.memory_bytes;
    plan_config.allocation_bytes = device->info.allocation_bytes;
    plan_config.alignment_bytes = device->info.alignment_bytes;
    FG_TRY(fg_plan_create(&net->plan, &plan_config));
    FG_TRY(fg_plan_fits(net->plan));
    FG_TRY(prepare_ops(net));
    FG_TRY(create_uploads(net));
    FG_TRY(fg_net_place(net));
    FG_TRY(fg_net_initialise(net, config->seed));
    FG_TRY(fg_device_finish(device));
    fg_log_line(&device->log, FG_LOG_INFO, "%s: %lld parameters, %zu bytes on %s",
                net->plan->name, (long long)net->plan->parameters, net->plan->device_bytes_peak,
                device->info.name);
    *out = net;
    net = NULL;

cleanup:
    fg_net_free(net);
    return status;
}

static void free_ring(fg_upload_ring *ring)
{
    for (int i = 0; i < FG_NET_UPLOADS; ++i) {
        fg_event_free(&ring->uploads[i].taken);
        free(ring->uploads[i].data);
    }
}

void fg_net_free(fg_net *net)
{
    if (net == NULL)
        return;
    fg_device_finish(net->device);
    free_ring(&net->pixels);
    free_ring(&net->labels);
    for (int i = 0; i < FG_STEP_RESULTS; ++i)
        fg_event_free(&net->results_read[i]);
    fg_net_unplace(net);
    fg_kernels_clear(&net->kernels);
    free(net->convs);
    fg_plan_free(net->plan);
    free(net);
}

const fg_plan *fg_net_plan(const fg_net *net)
{
    return net->plan;
}
