/* tensors.c - names, shapes, places and initial values of parameters and running statistics.
 *
 * Parameters come first, then running statistics, each in order of execution. Which layers
 * there are is build.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16 /* elements: every tensor begins at a multiple of a float16 */

static void set_shape(fg_tensor *tensor, int dimensions, const int *shape)
{
    tensor->dimensions = dimensions;
    tensor->elements = 1;
    for (int i = 0; i < dimensions; ++i) {
        tensor->shape[i] = shape[i];
        tensor->elements *= (size_t)shape[i];
    }
}

/* Appends a tensor that has all but its name to a list; *out is its index there. */
static fg_status append(int *out, fg_tensor **list, int *count, fg_tensor tensor,
                        const char *owner, const char *suffix)
{
    fg_status status = FG_OK;
    fg_text name = {0};

    FG_GROW(*list, *count);
    fg_text_append(&name, "%s.%s", owner, suffix);
    FG_TRY(fg_text_take(&tensor.name, &name));
    (*list)[*count] = tensor;
    *out = (*count)++;

cleanup:
    return status;
}

static fg_status add_parameter(int *out, fg_plan *plan, fg_tensor tensor, const char *owner,
                               const char *suffix)
{
    return append(out, &plan->tensors, &plan->tensor_count, tensor, owner, suffix);
}

/* n_out counts all output channels of a grouped convolution, n_in those of a group. */
static void set_initial(fg_tensor *weights, fg_initialiser initialiser)
{
    const float taps = (float)(weights->shape[2] * weights->shape[3]);
    const float n_out = taps * (float)weights->shape[0];
    const float n_in = taps * (float)weights->shape[1];

    switch (initialiser) {
    case FG_INIT_HE_OUT_NORMAL:
        weights->initial = FG_INITIAL_NORMAL;
        weights->size = sqrtf(2.0f / n_out);
        break;
    case FG_INIT_HE_IN_NORMAL:
        weights->initial = FG_INITIAL_NORMAL;
        weights->size = sqrtf(2.0f / n_in);
        break;
    case FG_INIT_HE_OUT_UNIFORM:
        weights->initial = FG_INITIAL_UNIFORM;
        weights->size = sqrtf(6.0f / n_out);
        break;
    }
}

static fg_status add_linear(fg_plan *plan, fg_op *op)
{
    const int shape[2] = {op->out_channels, op->in[0].channels};
    const bool by_inputs = plan->network.linear_initialiser == FG_INIT_LINEAR_INPUTS;
    fg_tensor weights = {.kind = FG_TENSOR_LINEAR, .initial = FG_INITIAL_UNIFORM};
    fg_tensor bias = {.kind = FG_TENSOR_LINEAR_BIAS};
    fg_status status = FG_OK;

    weights.size = by_inputs ? 1.0f / sqrtf((float)shape[1]) : sqrtf(3.0f / (float)shape[0]);
    set_shape(&weights, 2, shape);
    set_shape(&bias, 1, shape);
    FG_TRY(add_parameter(&op->weights, plan, weights, op->name, "weight"));
    FG_TRY(add_parameter(&op->bias, plan, bias, op->name, "bias"));

cleanup:
    return status;
}

fg_status fg_tensors_add_conv(fg_plan *plan, fg_op *op)
{
    const int shape[4] = {op->out_channels, op->in[0].channels / op->groups, op->side,
                          op->side};
    fg_tensor weights = {.kind = FG_TENSOR_WEIGHTS};

    if (fg_op_out(plan, op)->kind == FG_MAP_LOGITS)
        return add_linear(plan, op);
    set_shape(&weights, 4, shape);
    if (!op->zero)
        set_initial(&weights, plan->network.initialiser);
    return add_parameter(&op->weights, plan, weights, op->name, "weight");
}

fg_status fg_tensors_add_norm(fg_plan *plan, fg_norm *norm, const char *name, float scale)
{
    static const struct {
        fg_tensor_kind kind;
        const char *suffix;
    } tensors[] = {{FG_TENSOR_NORM_SCALE, "weight"},
                   {FG_TENSOR_NORM_SHIFT, "bias"},
                   {FG_TENSOR_RUNNING_MEAN, "running_mean"},
                   {FG_TENSOR_RUNNING_VAR, "running_var"}};
    int *const out[] = {&norm->scale, &norm->shift, &norm->mean, &norm->variance};
    const float values[] = {scale, 0.0f, 0.0f, 1.0f};
    fg_status status = FG_OK;

    for (int i = 0; i < 4; ++i) {
        fg_tensor tensor = {.kind = tensors[i].kind, .size = values[i]};
        set_shape(&tensor, 1, &norm->channels);
        if (i < 2)
            FG_TRY(add_parameter(out[i], plan, tensor, name, tensors[i].suffix));
        else
            FG_TRY(append(out[i], &plan->building, &plan->building_count, tensor, name,
                          tensors[i].suffix));
    }

cleanup:
    return status;
}

static size_t place(fg_tensor *tensors, int count)
{
    size_t first = 0;

    for (int i = 0; i < count; ++i) {
        tensors[i].first = first;
        first = fg_size_round_up(first + tensors[i].elements, ALIGNMENT);
    }
    return first;
}

fg_status fg_tensors_place(fg_plan *plan)
{
    fg_status status = FG_OK;
    const int parameters = plan->tensor_count;
    fg_tensor *all = NULL;

    FG_ALLOC(all, parameters + plan->building_count);
    memcpy(all, plan->tensors, (size_t)parameters * sizeof *all);
    memcpy(all + parameters, plan->building, (size_t)plan->building_count * sizeof *all);
    for (int i = 0; i < plan->norm_count; ++i) {
        plan->norms[i].mean += parameters;
        plan->norms[i].variance += parameters;
    }
    free(plan->tensors);
    free(plan->building);
    plan->tensors = all;
    plan->parameter_tensors = parameters;
    plan->tensor_count = parameters + plan->building_count;
    plan->building = NULL;
    plan->building_count = 0;

    plan->parameter_elements = place(plan->tensors, parameters);
    plan->running_elements = place(plan->tensors + parameters, plan->tensor_count - parameters);
    /* Kernels count them in an int. */
    FG_REQUIRE(plan->parameter_elements <= INT32_MAX && plan->running_elements <= INT32_MAX,
               "it has %zu parameters and %zu running statistics, expected at most %d of each",
               plan->parameter_elements, plan->running_elements, INT32_MAX);
    plan->parameters = 0;
    for (int i = 0; i < parameters; ++i)
        plan->parameters += (int64_t)plan->tensors[i].elements;

cleanup:
    return status;
}
