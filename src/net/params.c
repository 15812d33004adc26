/* params.c - a network's tensors: initial values, and reading and writing them by number.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "net/net.h"

static fg_status initialise(fg_net *net, const fg_weights_op *op, int index, uint64_t seed)
{
    const fg_tensor *tensor = &net->plan->tensors[index];
    const fg_buffer *values =
        net->parts[index < net->plan->parameter_tensors ? FG_PART_PARAMETERS : FG_PART_RUNNING];

    switch (tensor->initial) {
    case FG_INITIAL_NORMAL:
        return fg_weights_normal(op, values, tensor->first, tensor->elements, tensor->size,
                                 seed, (uint32_t)index);
    case FG_INITIAL_UNIFORM:
        return fg_weights_uniform(op, values, tensor->first, tensor->elements, tensor->size,
                                  seed, (uint32_t)index);
    case FG_INITIAL_CONSTANT:
        return fg_buffer_fill(values, tensor->first, tensor->elements, tensor->size);
    }
    return fg_fail(FG_ERR_ARGUMENT, "tensor %s has no initial value", tensor->name);
}

fg_status fg_net_initialise(fg_net *net, uint64_t seed)
{
    fg_status status = FG_OK;
    fg_weights_op op;

    FG_TRY(fg_weights_prepare(&op, &net->kernels));
    for (int i = 0; i < net->plan->tensor_count; ++i)
        FG_TRY(initialise(net, &op, i, seed));
    if (net->plan->training)
        FG_TRY(fg_buffer_fill(net->parts[FG_PART_MOMENTUM], 0, net->plan->parameter_elements,
                              0.0f));
    /* A feature that only some of a map's readers normalise keeps its sums at 0. */
    if (net->plan->training)
        FG_TRY(fg_buffer_fill(net->parts[FG_PART_SUMS], 0,
                              net->plan->part_bytes[FG_PART_SUMS] / sizeof(float), 0.0f));

cleanup:
    return status;
}

int fg_net_tensors(const fg_net *net)
{
    return net->plan->tensor_count;
}

fg_tensor_info fg_net_tensor(const fg_net *net, int index)
{
    if (index < 0 || index >= net->plan->tensor_count)
        return (fg_tensor_info){0};
    const fg_tensor *tensor = &net->plan->tensors[index];
    fg_tensor_info info = {
        .name = tensor->name,
        .dimensions = tensor->dimensions,
        .elements = (int64_t)tensor->elements,
        .trained = index < net->plan->parameter_tensors,
    };

    memcpy(info.shape, tensor->shape, sizeof info.shape);
    return info;
}

int fg_net_find(const fg_net *net, const char *name)
{
    for (int i = 0; name != NULL && i < net->plan->tensor_count; ++i)
        if (strcmp(net->plan->tensors[i].name, name) == 0)
            return i;
    return -1;
}

/* The tensor's bytes in part, which for FG_PART_PARAMETERS stands for the running statistics
 * too. */
static fg_status locate(const fg_buffer **buffer, size_t *offset, size_t *bytes,
                        const fg_net *net, int index, enum fg_part part)
{
    fg_status status = FG_OK;
    const fg_plan *plan = net->plan;

    FG_REQUIRE(index >= 0 && index < plan->tensor_count, "tensor is number %d, expected 0..%d",
               index, plan->tensor_count - 1);
    const fg_tensor *tensor = &plan->tensors[index];
    const bool trained = index < plan->parameter_tensors;
    FG_REQUIRE(trained || part == FG_PART_PARAMETERS,
               "%s is a running statistic: it has no gradient and no momentum", tensor->name);
    FG_REQUIRE(plan->training || part == FG_PART_PARAMETERS,
               "the network was created without training: it has no gradients and no momentum");
    FG_REQUIRE(part != FG_PART_GRADIENTS || net->steps > 0,
               "there are no gradients before the first backward pass");
    *buffer = net->parts[trained ? part : FG_PART_RUNNING];
    *offset = (part == FG_PART_GRADIENTS ? tensor->gradient : tensor->first) * sizeof(float);
    *bytes = tensor->elements * sizeof(float);

cleanup:
    return status;
}

static fg_status read_part(fg_net *net, int index, float *values, enum fg_part part)
{
    fg_status status = FG_OK;
    const fg_buffer *buffer = NULL;
    size_t offset = 0, bytes = 0;

    FG_TRY(locate(&buffer, &offset, &bytes, net, index, part));
    FG_TRY(fg_buffer_read(buffer, offset, values, bytes));

cleanup:
    return status;
}

static fg_status write_part(fg_net *net, int index, const float *values, enum fg_part part)
{
    fg_status status = FG_OK;
    const fg_buffer *buffer = NULL;
    size_t offset = 0, bytes = 0;

    FG_TRY(locate(&buffer, &offset, &bytes, net, index, part));
    net->kept = false;
    FG_TRY(fg_buffer_write(buffer, offset, values, bytes, NULL));

cleanup:
    return status;
}

fg_status fg_net_read(fg_net *net, int index, float *values)
{
    return read_part(net, index, values, FG_PART_PARAMETERS);
}

fg_status fg_net_write(fg_net *net, int index, const float *values)
{
    return write_part(net, index, values, FG_PART_PARAMETERS);
}

fg_status fg_net_read_gradient(fg_net *net, int index, float *values)
{
    if (!net->plan->keep_gradients)
        return fg_fail(FG_ERR_ARGUMENT, "the network was created without keep_gradients");
    return read_part(net, index, values, FG_PART_GRADIENTS);
}

fg_status fg_net_read_momentum(fg_net *net, int index, float *values)
{
    return read_part(net, index, values, FG_PART_MOMENTUM);
}

fg_status fg_net_write_momentum(fg_net *net, int index, const float *values)
{
    return write_part(net, index, values, FG_PART_MOMENTUM);
}
