/* net.c - creates and frees a network.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"

#include <stdlib.h>
#include <zlib.h>

#include "device/event.h"
#include "net/tune.h"

/* Kernels with options, of all operations, beyond which tuned tiles get none of their own: each may be
 * a program, which a start has to build, and a deep network may have tiles for very many shapes. By
 * rule there are about ten; networks tuned here had up to 19. */
#define MOST_TUNED 24

fg_status fg_net_tile(fg_net *net, int index)
{
    const fg_conv_shape shape = fg_conv_shape_of(net->plan, &net->plan->ops[index]);
    fg_conv_variant variant;
    fg_status status = FG_OK;

    FG_TRY(fg_tuning_variant(&variant, &net->tuning, &shape));
    net->kernels.most = MOST_TUNED;
    status = fg_conv_prepare(&net->convs[index], &net->kernels, &shape, &variant);
    net->kernels.most = 0;
    if (status == FG_ERR_FIT) {
        fg_log_line(&net->device->log, FG_LOG_INFO, "%s: %s: tiled by rule",
                    net->plan->ops[index].name, fg_error_message());
        status = fg_conv_prepare(&net->convs[index], &net->kernels, &shape, NULL);
    }

cleanup:
    return status;
}

static fg_status prepare_conv(fg_net *net, int index)
{
    const fg_op *op = &net->plan->ops[index];
    const fg_conv_shape shape = fg_conv_shape_of(net->plan, op);
    fg_status status = FG_OK;

    FG_TRY(fg_net_tile(net, index));
    FG_TRY(fg_candidate_prepare(&net->candidates[index], &net->kernels,
                                net->choice.candidates[op->algorithm], &shape));

cleanup:
    return status;
}

static fg_status prepare_sum(fg_net *net, int index)
{
    const fg_op *op = &net->plan->ops[index];
    const fg_sum_shape shape = {.in_map = {op->in[0].map, op->in[1].map},
                                .out_map = op->out_map,
                                .training = net->plan->training};

    return fg_sum_prepare(&net->sums[index], &net->kernels, &shape);
}

static fg_status prepare_ops(fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;
    fg_kernels *kernels = &net->kernels;

    FG_ALLOC(net->convs, plan->op_count);
    FG_ALLOC(net->candidates, plan->op_count);
    FG_ALLOC(net->sums, plan->op_count);
    /* The first convolution, whose backward makes no gradient of its input, finds programs of
     * others. */
    for (int i = plan->op_count - 1; i >= 0; --i) {
        if (plan->ops[i].kind == FG_OP_CONV)
            FG_TRY(prepare_conv(net, i));
        else if (plan->ops[i].kind == FG_OP_SUM && !plan->ops[i].folded)
            FG_TRY(prepare_sum(net, i));
        else if (plan->ops[i].kind == FG_OP_MAX_POOL)
            FG_TRY(fg_max_pool_prepare(&net->max_pool, kernels, plan->training));
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
    net->seed = config->seed;

    fg_plan_config plan_config = FG_PLAN_CONFIG_INIT;
    plan_config.model = config->model;
    plan_config.images = config->images;
    plan_config.training = config->training;
    plan_config.keep_gradients = config->keep_gradients;
    plan_config.memory_bytes = fg_device_memory(device);
    plan_config.allocation_bytes = device->info.allocation_bytes;
    plan_config.alignment_bytes = device->info.alignment_bytes;
    plan_config.memory_target = config->memory_target;
    FG_TRY(fg_tuning_open(&net->tuning, device, device->tuning));
    FG_TRY(fg_choice_create(&net->choice, &net->kernels, &net->tuning));
    const fg_chooser chooser = fg_choice_chooser(&net->choice);
    FG_TRY(fg_plan_create_chosen(&net->plan, &plan_config, &chooser));
    FG_TRY(fg_plan_fits(net->plan));
    FG_TRY(fg_net_place(net));
    FG_TRY(prepare_ops(net)); /* while the device touches its memory */
    FG_TRY(create_uploads(net));
    FG_TRY(fg_net_write_tables(net));
    FG_TRY(fg_tune_first_use(net, device->tuning_seconds));
    FG_TRY(fg_net_initialise(net, config->seed));
    FG_TRY(fg_device_finish(device));
    fg_log_line(&device->log, FG_LOG_INFO, "%s: %lld parameters, %zu bytes on %s",
                net->plan->network.name, (long long)net->plan->parameters,
                net->plan->device_bytes_peak, device->info.name);
    fg_choice_log(&net->choice, net->plan);
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
    for (int i = 0; net->candidates != NULL && i < net->plan->op_count; ++i)
        fg_candidate_clear(&net->candidates[i]);
    fg_choice_clear(&net->choice);
    fg_tuning_close(&net->tuning);
    fg_kernels_clear(&net->kernels);
    free(net->convs);
    free(net->candidates);
    free(net->sums);
    fg_plan_free(net->plan);
    free(net);
}

fg_status fg_net_algorithms(char **out, const fg_net *net)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;
    fg_text text = {0};
    uLong digest = crc32(0, NULL, 0);
    const int direct = fg_algorithm_count(plan, FG_ALGORITHM_DIRECT);
    int others = 0;

    for (int i = 0; i < plan->op_count; ++i) {
        const Bytef algorithm = (Bytef)plan->ops[i].algorithm;
        digest = crc32(digest, &algorithm, 1);
    }
    for (int i = FG_ALGORITHM_DIRECT + 1; i < FG_ALGORITHMS; ++i) {
        const int count = fg_algorithm_count(plan, (fg_algorithm)i);
        if (count > 0)
            fg_text_append(&text, "%s%s %d", others > 0 ? ", " : "", fg_algorithm_names[i],
                           count);
        others += count;
    }
    if (others > 0)
        fg_text_append(&text, " of %d (%08lx)", direct + others, (unsigned long)digest);
    else
        fg_text_append(&text, "%s", fg_algorithm_names[FG_ALGORITHM_DIRECT]);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    return status;
}

void fg_net_resume(fg_net *net, uint64_t passes)
{
    net->passes = passes;
}

const fg_plan *fg_net_plan(const fg_net *net)
{
    return net->plan;
}
