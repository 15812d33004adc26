/* weights.c - see weights.h; and fg_net_load and fg_net_save, which live here because a net
 * knows no files.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/weights.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASSIFIER_BIAS "head.linear.bias"

/* Room for the largest tensor. */
static fg_status create_values(float **out, const fg_net *net)
{
    int64_t most = 0;

    for (int i = 0; i < fg_net_tensors(net); ++i)
        if (fg_net_tensor(net, i).elements > most)
            most = fg_net_tensor(net, i).elements;
    *out = fg_memory_zeroed((size_t)most, sizeof **out);
    return *out == NULL ? FG_ERR_MEMORY : FG_OK;
}

/* prefix and name, for fg_text_free. */
static fg_status name_of(char **out, const char *prefix, const char *name)
{
    fg_text text = {0};

    fg_text_append(&text, "%s%s", prefix, name);
    return fg_text_take(out, &text);
}

static void shape_of(int64_t shape[4], const fg_tensor_info *tensor)
{
    for (int i = 0; i < tensor->dimensions; ++i)
        shape[i] = tensor->shape[i];
}

static bool all_finite(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; ++i)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* ---- from a file ---- */

/* values: room for the tensor */
static fg_status check_tensor(const fg_safetensors *file, const char *prefix,
                              const fg_tensor_info *tensor, float *values)
{
    fg_status status = FG_OK;
    char *name = NULL;
    const fg_safetensor *stored = NULL;
    int64_t shape[4];

    shape_of(shape, tensor);
    FG_TRY(name_of(&name, prefix, tensor->name));
    FG_TRY(fg_safetensors_expect(&stored, file, name, FG_DTYPE_F32, tensor->dimensions, shape));
    memcpy(values, stored->data, stored->bytes);
    FG_CHECK(all_finite(values, stored->elements), FG_ERR_FILE,
             "%s: %s has a value that is not finite", fg_safetensors_path(file), name);

cleanup:
    fg_text_free(name);
    return status;
}

fg_status fg_weights_check(const fg_net *net, const fg_safetensors *file, bool momentum)
{
    fg_status status = FG_OK;
    float *values = NULL;

    FG_TRY(create_values(&values, net));
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        FG_TRY(check_tensor(file, "", &tensor, values));
        if (momentum && tensor.trained)
            FG_TRY(check_tensor(file, FG_WEIGHTS_MOMENTUM, &tensor, values));
    }

cleanup:
    free(values);
    return status;
}

typedef fg_status write_function(fg_net *net, int index, const float *values);

/* The copy is there because a file's tensor may lie at any byte. */
static fg_status apply_tensor(fg_net *net, int index, write_function *write,
                              const fg_safetensors *file, const char *prefix, float *values)
{
    fg_status status = FG_OK;
    char *name = NULL;

    FG_TRY(name_of(&name, prefix, fg_net_tensor(net, index).name));
    const fg_safetensor *stored = fg_safetensors_find(file, name);
    memcpy(values, stored->data, stored->bytes);
    FG_TRY(write(net, index, values));

cleanup:
    fg_text_free(name);
    return status;
}

fg_status fg_weights_apply(fg_net *net, const fg_safetensors *file, bool momentum)
{
    fg_status status = FG_OK;
    float *values = NULL;

    FG_TRY(create_values(&values, net));
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        FG_TRY(apply_tensor(net, i, fg_net_write, file, "", values));
        if (momentum && fg_net_tensor(net, i).trained)
            FG_TRY(
                apply_tensor(net, i, fg_net_write_momentum, file, FG_WEIGHTS_MOMENTUM, values));
    }

cleanup:
    free(values);
    return status;
}

fg_status fg_weights_classes(int *out, const char *path)
{
    fg_status status = FG_OK;
    fg_safetensors *file = NULL;
    const fg_safetensor *bias = NULL;
    const int64_t any = -1;

    FG_TRY(fg_safetensors_open(&file, path));
    FG_TRY(fg_safetensors_expect(&bias, file, CLASSIFIER_BIAS, FG_DTYPE_F32, 1, &any));
    FG_CHECK(bias->shape[0] > 0 && bias->shape[0] <= INT_MAX, FG_ERR_FILE,
             "%s: " CLASSIFIER_BIAS " has %lld elements", path, (long long)bias->shape[0]);
    *out = (int)bias->shape[0];

cleanup:
    fg_safetensors_free(file);
    return status;
}

fg_status fg_net_load(fg_net *net, const char *path)
{
    fg_status status = FG_OK;
    fg_safetensors *file = NULL;

    FG_TRY(fg_safetensors_open(&file, path));
    FG_TRY(fg_weights_check(net, file, false));
    FG_TRY(fg_weights_apply(net, file, false));

cleanup:
    fg_safetensors_free(file);
    return status;
}

/* ---- to a file ---- */

fg_status fg_weights_finite(fg_net *net)
{
    fg_status status = FG_OK;
    float *values = NULL;

    FG_TRY(create_values(&values, net));
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        FG_TRY(fg_net_read(net, i, values));
        FG_CHECK(all_finite(values, tensor.elements), FG_ERR_NOT_FINITE,
                 "%s has a value that is not finite", tensor.name);
    }

cleanup:
    free(values);
    return status;
}

static bool is_in(fg_weights_part part, int trained)
{
    return part == FG_WEIGHTS_ALL || (part == FG_WEIGHTS_TRAINED) == (trained != 0);
}

fg_status fg_weights_declare(fg_safetensors_writer *writer, const fg_net *net,
                             const char *prefix, fg_weights_part part)
{
    fg_status status = FG_OK;
    char *name = NULL;

    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        int64_t shape[4];
        if (!is_in(part, tensor.trained))
            continue;
        shape_of(shape, &tensor);
        FG_TRY(name_of(&name, prefix, tensor.name));
        FG_TRY(fg_safetensors_writer_declare(writer, name, FG_DTYPE_F32, tensor.dimensions,
                                             shape));
        fg_text_free(name);
        name = NULL;
    }

cleanup:
    fg_text_free(name);
    return status;
}

fg_status fg_weights_append(fg_safetensors_writer *writer, fg_net *net, fg_weights_read *read,
                            fg_weights_part part)
{
    fg_status status = FG_OK;
    float *values = NULL;

    FG_TRY(create_values(&values, net));
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        if (!is_in(part, fg_net_tensor(net, i).trained))
            continue;
        FG_TRY(read(net, i, values));
        FG_TRY(fg_safetensors_writer_append(writer, values));
    }

cleanup:
    free(values);
    return status;
}

fg_status fg_net_save(fg_net *net, const char *path)
{
    fg_status status = FG_OK;
    fg_safetensors_writer *writer = NULL;

    FG_TRY(fg_weights_finite(net));
    FG_TRY(fg_safetensors_writer_create(&writer));
    FG_TRY(fg_safetensors_writer_metadata(writer, "model",
                                          fg_plan_information(fg_net_plan(net)).source));
    FG_TRY(fg_weights_declare(writer, net, "", FG_WEIGHTS_ALL));
    FG_TRY(fg_safetensors_writer_open(writer, path));
    FG_TRY(fg_weights_append(writer, net, fg_net_read, FG_WEIGHTS_ALL));
    FG_TRY(fg_safetensors_writer_commit(writer));

cleanup:
    fg_safetensors_writer_free(writer);
    return status;
}
