/* tensors.c - names, shapes and places of parameters and running statistics.
 *
 * Parameters come first, then running statistics, each in order of execution. Which layers
 * there are is build.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/tensors.h"

#include <assert.h>

#define ALIGNMENT 16 /* elements: every tensor begins at a multiple of a float16 */

fg_status fg_tensors_reserve(fg_plan *plan, int convs, int norms)
{
    fg_status status = FG_OK;

    plan->parameter_tensors = convs + 1 + 2 * norms;
    FG_ALLOC(plan->tensors, plan->parameter_tensors + 2 * norms);
    plan->tensor_count = plan->parameter_tensors + 2 * norms;

cleanup:
    return status;
}

/* The next parameter: each convolution so far has one, each norm two. */
static int next_parameter(const fg_plan *plan)
{
    return plan->conv_count + 2 * plan->norm_count;
}

static fg_status set(fg_plan *plan, int index, fg_tensor_kind kind, const char *owner,
                     const char *suffix)
{
    fg_status status = FG_OK;
    fg_tensor *tensor = &plan->tensors[index];
    fg_text name = {0};

    assert(index < plan->tensor_count && tensor->name == NULL);
    fg_text_append(&name, "%s.%s", owner, suffix);
    FG_TRY(fg_text_take(&tensor->name, &name));
    tensor->kind = kind;

cleanup:
    return status;
}

static void set_shape(fg_tensor *tensor, int dimensions, const int *shape)
{
    tensor->dimensions = dimensions;
    tensor->elements = 1;
    for (int i = 0; i < dimensions; ++i) {
        tensor->shape[i] = shape[i];
        tensor->elements *= (size_t)shape[i];
    }
}

fg_status fg_tensors_add_conv(fg_plan *plan, fg_conv *conv)
{
    const int shape[4] = {conv->out_channels, conv->reads.channels, conv->side, conv->side};
    fg_status status = FG_OK;

    conv->weights = next_parameter(plan);
    conv->bias = -1;
    FG_TRY(set(plan, conv->weights, FG_TENSOR_WEIGHTS, conv->name, "weight"));
    set_shape(&plan->tensors[conv->weights], 4, shape);

cleanup:
    return status;
}

fg_status fg_tensors_add_linear(fg_plan *plan, fg_conv *conv)
{
    const int shape[2] = {conv->out_channels, conv->reads.channels};
    fg_status status = FG_OK;

    conv->weights = next_parameter(plan);
    conv->bias = conv->weights + 1;
    FG_TRY(set(plan, conv->weights, FG_TENSOR_LINEAR, conv->name, "weight"));
    FG_TRY(set(plan, conv->bias, FG_TENSOR_LINEAR_BIAS, conv->name, "bias"));
    set_shape(&plan->tensors[conv->weights], 2, shape);
    set_shape(&plan->tensors[conv->bias], 1, shape);

cleanup:
    return status;
}

fg_status fg_tensors_add_norm(fg_plan *plan, fg_norm *norm, const char *name)
{
    fg_status status = FG_OK;

    norm->scale = next_parameter(plan);
    norm->shift = norm->scale + 1;
    norm->mean = plan->parameter_tensors + 2 * plan->norm_count;
    norm->variance = norm->mean + 1;
    FG_TRY(set(plan, norm->scale, FG_TENSOR_NORM_SCALE, name, "weight"));
    FG_TRY(set(plan, norm->shift, FG_TENSOR_NORM_SHIFT, name, "bias"));
    FG_TRY(set(plan, norm->mean, FG_TENSOR_RUNNING_MEAN, name, "running_mean"));
    FG_TRY(set(plan, norm->variance, FG_TENSOR_RUNNING_VAR, name, "running_var"));
    set_shape(&plan->tensors[norm->scale], 1, &norm->channels);
    set_shape(&plan->tensors[norm->shift], 1, &norm->channels);
    set_shape(&plan->tensors[norm->mean], 1, &norm->channels);
    set_shape(&plan->tensors[norm->variance], 1, &norm->channels);

cleanup:
    return status;
}

void fg_tensors_place(fg_plan *plan)
{
    size_t first = 0;

    plan->parameters = 0;
    for (int i = 0; i < plan->parameter_tensors; ++i) {
        fg_tensor *tensor = &plan->tensors[i];
        tensor->first = first;
        first = fg_size_round_up(first + tensor->elements, ALIGNMENT);
        plan->parameters += (int64_t)tensor->elements;
    }
    plan->parameter_elements = first;

    first = 0;
    for (int i = plan->parameter_tensors; i < plan->tensor_count; ++i) {
        plan->tensors[i].first = first;
        first = fg_size_round_up(first + plan->tensors[i].elements, ALIGNMENT);
    }
    plan->running_elements = first;
}
