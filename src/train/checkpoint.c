/* checkpoint.c - see checkpoint.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/checkpoint.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "plan/model.h"
#include "train/recipe_text.h"
#include "train/weights.h"

#define FORMAT_VERSION "1"

#define KEY_FORMAT "checkpoint_format"
#define KEY_VERSION "filigree_version"
#define KEY_MODEL "model"
#define KEY_RECIPE "recipe"
#define KEY_IMAGES "dataset_images"
#define KEY_CLASSES "dataset_classes"
#define KEY_CHECKSUM "dataset_crc32"
#define KEY_DEVICE "device"
#define KEY_DRIVER "driver"
#define KEY_ALGORITHMS "algorithms"

#define NUMBER_TEXT 16

/* ---- reading ---- */

static fg_status read_text(const char **out, const fg_safetensors *file, const char *key)
{
    *out = fg_safetensors_metadata(file, key);
    if (*out == NULL)
        return fg_fail(FG_ERR_FILE, "%s: is no checkpoint: its metadata has no %s",
                       fg_safetensors_path(file), key);
    return FG_OK;
}

static fg_status read_value(void *out, const fg_safetensors *file, const char *name,
                            fg_dtype dtype)
{
    const fg_safetensor *tensor = NULL;
    const int64_t one = 1;
    const fg_status status = fg_safetensors_expect(&tensor, file, name, dtype, 1, &one);

    if (status == FG_OK)
        memcpy(out, tensor->data, tensor->bytes);
    return status;
}

static fg_status read_count(int64_t *out, const fg_safetensors *file, const char *name,
                            int64_t most)
{
    fg_status status = FG_OK;

    FG_TRY(read_value(out, file, name, FG_DTYPE_I64));
    FG_CHECK(*out >= 0 && *out <= most, FG_ERR_FILE, "%s: %s is %lld, expected 0..%lld",
             fg_safetensors_path(file), name, (long long)*out, (long long)most);

cleanup:
    return status;
}

static fg_status read_state(fg_checkpoint_state *state, const fg_safetensors *file)
{
    fg_status status = FG_OK;
    int64_t epoch = 0, step = 0;

    FG_TRY(read_count(&epoch, file, "state.epoch", INT_MAX - 1));
    FG_TRY(read_count(&step, file, "state.step", INT_MAX));
    FG_TRY(read_count(&state->images, file, "state.images", INT_MAX));
    FG_TRY(read_count(&state->correct, file, "state.correct", state->images));
    FG_TRY(read_count(&state->correct_top, file, "state.correct_top", state->images));
    FG_TRY(read_value(&state->loss, file, "state.loss", FG_DTYPE_F64));
    FG_CHECK(isfinite(state->loss), FG_ERR_FILE, "%s: state.loss is not finite",
             fg_safetensors_path(file));
    state->epoch = (int)epoch;
    state->step = (int)step;

cleanup:
    return status;
}

/* A whole number in the metadata, low..high, in digits of the base. */
static fg_status read_number(long long *out, const fg_safetensors *file, const char *key,
                             int base, long long low, long long high)
{
    fg_status status = FG_OK;
    const char *text = NULL;
    char *end = NULL;

    FG_TRY(read_text(&text, file, key));
    *out = strtoll(text, &end, base);
    FG_CHECK(end != text && *end == '\0' && *out >= low && *out <= high, FG_ERR_FILE,
             "%s: %s is %s", fg_safetensors_path(file), key, text);

cleanup:
    return status;
}

static fg_status read_data(fg_checkpoint_data *out, const fg_safetensors *file)
{
    fg_status status = FG_OK;
    long long images = 0, classes = 0, checksum = 0;

    FG_TRY(read_number(&images, file, KEY_IMAGES, 10, 1, INT_MAX));
    FG_TRY(read_number(&classes, file, KEY_CLASSES, 10, 1, INT_MAX));
    FG_TRY(read_number(&checksum, file, KEY_CHECKSUM, 16, 0, UINT32_MAX));
    *out = (fg_checkpoint_data){(int)images, (int)classes, (uint32_t)checksum};

cleanup:
    return status;
}

fg_status fg_checkpoint_open(fg_checkpoint *out, const char *path)
{
    fg_status status = FG_OK;
    fg_checkpoint checkpoint = {0};
    const char *format = NULL, *recipe = NULL;

    *out = checkpoint;
    FG_TRY(fg_safetensors_open(&checkpoint.file, path));
    FG_TRY(read_text(&format, checkpoint.file, KEY_FORMAT));
    FG_CHECK(strcmp(format, FORMAT_VERSION) == 0, FG_ERR_FILE,
             "%s: has checkpoint format %s, expected " FORMAT_VERSION, path, format);
    FG_TRY(read_text(&checkpoint.model, checkpoint.file, KEY_MODEL));
    const fg_model model = fg_model_split(checkpoint.model);
    FG_CHECK(model.text != NULL || !fg_model_is_file(&model), FG_ERR_FILE,
             "%s: its model \"%.80s\" is a file's path, expected a name or a file's text", path,
             checkpoint.model);
    FG_TRY(read_text(&checkpoint.device, checkpoint.file, KEY_DEVICE));
    FG_TRY(read_text(&checkpoint.driver, checkpoint.file, KEY_DRIVER));
    checkpoint.algorithms = fg_safetensors_metadata(checkpoint.file, KEY_ALGORITHMS);
    if (checkpoint.algorithms == NULL)
        checkpoint.algorithms = fg_algorithm_names[FG_ALGORITHM_DIRECT];
    FG_TRY(read_data(&checkpoint.data, checkpoint.file));
    FG_TRY(read_text(&recipe, checkpoint.file, KEY_RECIPE));
    status = fg_recipe_text_parse(&checkpoint.recipe, recipe);
    if (status != FG_OK) {
        fg_fail_prefix(status, "%s: ", path);
        goto cleanup;
    }
    FG_CHECK(checkpoint.recipe.normalisation.channels > 0, FG_ERR_FILE,
             "%s: recipe: has no normalisation", path);
    FG_TRY(read_state(&checkpoint.state, checkpoint.file));
    *out = checkpoint;
    checkpoint.file = NULL;

cleanup:
    fg_safetensors_free(checkpoint.file);
    return status;
}

void fg_checkpoint_close(fg_checkpoint *checkpoint)
{
    fg_safetensors_free(checkpoint->file);
    *checkpoint = (fg_checkpoint){0};
}

fg_status fg_checkpoint_restore(const fg_checkpoint *checkpoint, fg_net *net)
{
    fg_status status = FG_OK;

    FG_TRY(fg_weights_check(net, checkpoint->file, true));
    FG_TRY(fg_weights_apply(net, checkpoint->file, true));

cleanup:
    return status;
}

fg_status fg_checkpoint_recipe(const char *path, char **model, fg_recipe *recipe)
{
    fg_status status = FG_OK;
    fg_checkpoint checkpoint = {0};
    char *copy = NULL;

    if (model != NULL)
        *model = NULL;
    FG_TRY(fg_checkpoint_open(&checkpoint, path));
    if (model != NULL) {
        copy = fg_text_copy(checkpoint.model);
        if (copy == NULL) {
            status = FG_ERR_MEMORY;
            goto cleanup;
        }
        *model = copy;
    }
    if (recipe != NULL)
        *recipe = checkpoint.recipe;

cleanup:
    fg_checkpoint_close(&checkpoint);
    return status;
}

/* ---- writing ---- */

static fg_status write_data(fg_safetensors_writer *writer, const fg_checkpoint_data *data)
{
    fg_status status = FG_OK;
    char text[NUMBER_TEXT];

    snprintf(text, sizeof text, "%d", data->images);
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_IMAGES, text));
    snprintf(text, sizeof text, "%d", data->classes);
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_CLASSES, text));
    snprintf(text, sizeof text, "%08x", (unsigned)data->checksum);
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_CHECKSUM, text));

cleanup:
    return status;
}

static fg_status write_metadata(fg_safetensors_writer *writer, const fg_net *net,
                                const fg_device_info *device, const fg_recipe *recipe,
                                const fg_checkpoint_data *data)
{
    fg_status status = FG_OK;
    char *text = NULL, *algorithms = NULL;

    FG_TRY(fg_recipe_text_make(&text, recipe));
    FG_TRY(fg_net_algorithms(&algorithms, net));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_FORMAT, FORMAT_VERSION));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_VERSION, fg_version()));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_MODEL,
                                          fg_plan_information(fg_net_plan(net)).source));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_RECIPE, text));
    FG_TRY(write_data(writer, data));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_DEVICE, device->name));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_DRIVER, device->driver));
    FG_TRY(fg_safetensors_writer_metadata(writer, KEY_ALGORITHMS, algorithms));

cleanup:
    fg_text_free(algorithms);
    fg_text_free(text);
    return status;
}

fg_status fg_checkpoint_write(const char *path, fg_net *net, const fg_device_info *device,
                              const fg_recipe *recipe, const fg_checkpoint_state *state,
                              const fg_checkpoint_data *data)
{
    fg_status status = FG_OK;
    fg_safetensors_writer *writer = NULL;
    const int64_t one = 1;
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {{"state.epoch", state->epoch},
                  {"state.step", state->step},
                  {"state.images", state->images},
                  {"state.correct", state->correct},
                  {"state.correct_top", state->correct_top}};
    const size_t count = sizeof counts / sizeof *counts;

    FG_TRY(fg_safetensors_writer_create(&writer));
    FG_TRY(write_metadata(writer, net, device, recipe, data));
    for (size_t i = 0; i < count; ++i)
        FG_TRY(fg_safetensors_writer_declare(writer, counts[i].name, FG_DTYPE_I64, 1, &one));
    FG_TRY(fg_safetensors_writer_declare(writer, "state.loss", FG_DTYPE_F64, 1, &one));
    FG_TRY(fg_weights_declare(writer, net, "", FG_WEIGHTS_ALL));
    FG_TRY(fg_weights_declare(writer, net, FG_WEIGHTS_MOMENTUM, FG_WEIGHTS_TRAINED));

    FG_TRY(fg_safetensors_writer_open(writer, path));
    for (size_t i = 0; i < count; ++i)
        FG_TRY(fg_safetensors_writer_append(writer, &counts[i].value));
    FG_TRY(fg_safetensors_writer_append(writer, &state->loss));
    FG_TRY(fg_weights_append(writer, net, fg_net_read, FG_WEIGHTS_ALL));
    FG_TRY(fg_weights_append(writer, net, fg_net_read_momentum, FG_WEIGHTS_TRAINED));
    FG_TRY(fg_safetensors_writer_commit(writer));

cleanup:
    fg_safetensors_writer_free(writer);
    return status;
}
