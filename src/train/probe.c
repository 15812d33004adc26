/* probe.c - runs one batch through a net with given weights and writes down all that comes out.
 *
 * It asks the net for what training asks it for, so that the same plan, kernels and memory are
 * compared. First the logits in evaluation mode; then one pass forward and backward: logits,
 * loss, grad.*, after1.* (running statistics); then, from the given weights again, steps of
 * gradient descent: losses, after.* (everything).
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/weights.h"

struct probe {
    fg_device *device;
    const fg_probe_config *config;
    fg_safetensors *weights;
    fg_safetensors *batch;
    int images;
    float *pixels; /* [images][channels][side][side] */
    int32_t *labels;
    fg_net *net;
    fg_safetensors_writer *writer;
    float *logits; /* [images][classes] */
    float *losses; /* [steps] */
};

static fg_status check_config(const fg_probe_config *config)
{
    fg_status status = FG_OK;
    const fg_sgd *sgd = &config->sgd;

    FG_REQUIRE(
        config->struct_size == sizeof *config,
        "struct_size of the config is %zu, expected %zu: start from FG_PROBE_CONFIG_INIT",
        config->struct_size, sizeof *config);
    FG_REQUIRE(config->model != NULL && config->weights != NULL && config->batch != NULL &&
                   config->out != NULL,
               "model, weights, batch and out are needed, and one of them is NULL");
    FG_REQUIRE(config->steps >= 0, "steps is %d, expected at least 0", config->steps);
    FG_REQUIRE(isfinite(sgd->rate) && isfinite(sgd->momentum) && isfinite(sgd->weight_decay),
               "rate, momentum or weight_decay is not finite");
    FG_TRY(fg_file_check(config->out));

cleanup:
    return status;
}

/* Who names an input as the output wants to keep it. */
static fg_status check_out(const fg_probe_config *config)
{
    fg_status status = FG_OK;
    const char *const inputs[] = {config->weights, config->batch};

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; ++i) {
        bool same = false;
        FG_TRY(fg_file_same(&same, config->out, inputs[i]));
        FG_REQUIRE(!same, "%s: is an input, and cannot be the output too", config->out);
    }

cleanup:
    return status;
}

/* The files, and how many images there are. */
static fg_status open_inputs(struct probe *probe)
{
    fg_status status = FG_OK;
    const fg_safetensor *images = NULL;
    const int64_t shape[4] = {-1, -1, -1, -1};

    FG_TRY(fg_safetensors_open(&probe->weights, probe->config->weights));
    FG_TRY(fg_safetensors_open(&probe->batch, probe->config->batch));
    FG_TRY(check_out(probe->config));
    FG_TRY(fg_safetensors_expect(&images, probe->batch, "images", FG_DTYPE_F32, 4, shape));
    FG_CHECK(images->shape[0] > 0 && images->shape[0] <= INT32_MAX, FG_ERR_FILE,
             "%s: has %lld images", probe->config->batch, (long long)images->shape[0]);
    probe->images = (int)images->shape[0];

cleanup:
    return status;
}

static fg_status create_net(struct probe *probe)
{
    fg_status status = FG_OK;
    fg_net_config config = FG_NET_CONFIG_INIT;

    config.model = probe->config->model;
    config.images = probe->images;
    config.keep_gradients = 1;
    config.memory_target = probe->config->memory_target;
    FG_TRY(fg_net_create(&probe->net, probe->device, &config));
    FG_TRY(fg_weights_check(probe->net, probe->weights, false));
    FG_TRY(fg_weights_apply(probe->net, probe->weights, false));

cleanup:
    return status;
}

/* Pixels and labels, now that the network says what they must be. */
static fg_status read_batch(struct probe *probe)
{
    fg_status status = FG_OK;
    const fg_plan_info plan = fg_plan_information(fg_net_plan(probe->net));
    const int64_t shape[4] = {probe->images, plan.image_channels, plan.image_side,
                              plan.image_side};
    const fg_safetensor *pixels = NULL, *labels = NULL;

    FG_TRY(fg_safetensors_expect(&pixels, probe->batch, "images", FG_DTYPE_F32, 4, shape));
    FG_TRY(fg_safetensors_expect(&labels, probe->batch, "labels", FG_DTYPE_I64, 1, shape));
    FG_ALLOC(probe->pixels, pixels->elements);
    FG_ALLOC(probe->labels, probe->images);
    memcpy(probe->pixels, pixels->data, pixels->bytes);
    for (int n = 0; n < probe->images; ++n) {
        int64_t label;
        memcpy(&label, (const char *)labels->data + (size_t)n * sizeof label, sizeof label);
        FG_CHECK(label >= 0 && label < plan.classes, FG_ERR_FILE,
                 "%s: label %d is %lld, expected 0..%d", probe->config->batch, n,
                 (long long)label, plan.classes - 1);
        probe->labels[n] = (int32_t)label;
    }

cleanup:
    return status;
}

static fg_status declare(struct probe *probe)
{
    fg_status status = FG_OK;
    const fg_plan_info plan = fg_plan_information(fg_net_plan(probe->net));
    const int64_t logits[2] = {probe->images, plan.classes};
    const int64_t one = 1, steps = probe->config->steps;
    fg_safetensors_writer *writer = probe->writer;

    FG_TRY(fg_safetensors_writer_metadata(writer, "model", plan.source));
    FG_TRY(fg_safetensors_writer_declare(writer, "eval_logits", FG_DTYPE_F32, 2, logits));
    FG_TRY(fg_safetensors_writer_declare(writer, "logits", FG_DTYPE_F32, 2, logits));
    FG_TRY(fg_safetensors_writer_declare(writer, "loss", FG_DTYPE_F32, 1, &one));
    FG_TRY(fg_weights_declare(writer, probe->net, "grad.", FG_WEIGHTS_TRAINED));
    FG_TRY(fg_weights_declare(writer, probe->net, "after1.", FG_WEIGHTS_RUNNING));
    if (steps > 0) {
        FG_TRY(fg_safetensors_writer_declare(writer, "losses", FG_DTYPE_F32, 1, &steps));
        FG_TRY(fg_weights_declare(writer, probe->net, "after.", FG_WEIGHTS_ALL));
    }

cleanup:
    return status;
}

static fg_status run_pass(struct probe *probe)
{
    fg_status status = FG_OK;
    fg_safetensors_writer *writer = probe->writer;
    float loss = 0;

    FG_TRY(fg_net_forward(probe->net, FG_MODE_EVALUATION, probe->logits, probe->pixels,
                          probe->images));
    FG_TRY(fg_safetensors_writer_append(writer, probe->logits));
    FG_TRY(fg_net_forward(probe->net, FG_MODE_TRAINING, probe->logits, probe->pixels,
                          probe->images));
    FG_TRY(fg_net_backward(probe->net, &loss, probe->labels));
    FG_TRY(fg_safetensors_writer_append(writer, probe->logits));
    FG_TRY(fg_safetensors_writer_append(writer, &loss));
    FG_TRY(fg_weights_append(writer, probe->net, fg_net_read_gradient, FG_WEIGHTS_TRAINED));
    FG_TRY(fg_weights_append(writer, probe->net, fg_net_read, FG_WEIGHTS_RUNNING));

cleanup:
    return status;
}

/* Nothing has been updated so far, so all momentum is still 0. */
static fg_status run_steps(struct probe *probe)
{
    fg_status status = FG_OK;

    FG_TRY(fg_weights_apply(probe->net, probe->weights, false));
    for (int i = 0; i < probe->config->steps; ++i) {
        fg_step_result result;
        uint64_t number = 0;
        FG_TRY(fg_net_step(probe->net, &number, probe->pixels, probe->labels, probe->images,
                           &probe->config->sgd));
        FG_TRY(fg_net_step_result(probe->net, number, &result));
        probe->losses[i] = (float)result.loss;
    }
    FG_TRY(fg_safetensors_writer_append(probe->writer, probe->losses));
    FG_TRY(fg_weights_append(probe->writer, probe->net, fg_net_read, FG_WEIGHTS_ALL));

cleanup:
    return status;
}

fg_status fg_probe_run(fg_device *device, const fg_probe_config *config)
{
    fg_status status = FG_OK;
    struct probe probe = {.device = device, .config = config};

    FG_TRY(check_config(config));
    FG_TRY(open_inputs(&probe));
    FG_TRY(create_net(&probe));
    FG_TRY(read_batch(&probe));
    FG_ALLOC(probe.logits, (size_t)probe.images *
                               (size_t)fg_plan_information(fg_net_plan(probe.net)).classes);
    FG_ALLOC(probe.losses, config->steps);
    FG_TRY(fg_safetensors_writer_create(&probe.writer));
    FG_TRY(declare(&probe));
    FG_TRY(fg_safetensors_writer_open(probe.writer, config->out));
    FG_TRY(run_pass(&probe));
    if (config->steps > 0)
        FG_TRY(run_steps(&probe));
    FG_TRY(fg_safetensors_writer_commit(probe.writer));

cleanup:
    fg_safetensors_writer_free(probe.writer);
    free(probe.losses);
    free(probe.logits);
    fg_net_free(probe.net);
    free(probe.labels);
    free(probe.pixels);
    fg_safetensors_free(probe.batch);
    fg_safetensors_free(probe.weights);
    return status;
}
