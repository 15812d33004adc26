/* safetensors_writer.c - see safetensors_writer.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/safetensors_writer.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define ALIGNMENT 8

struct fg_safetensors_writer {
    json_t *metadata; /* NULL until there is some */
    json_t *tensors;  /* their entries of the header, in order */
    size_t end;       /* of the last declared tensor */
    fg_dtype last;    /* its type */
    fg_file *file;
    size_t next; /* index of the next tensor to append */
};

static fg_status out_of_memory(void)
{
    return fg_fail(FG_ERR_MEMORY, "host memory ran out while a file's header was made");
}

fg_status fg_safetensors_writer_create(fg_safetensors_writer **out)
{
    fg_status status = FG_OK;
    fg_safetensors_writer *writer = NULL;

    *out = NULL;
    FG_ALLOC(writer, 1);
    writer->tensors = json_array();
    if (writer->tensors == NULL) {
        status = out_of_memory();
        goto cleanup;
    }
    *out = writer;
    writer = NULL;

cleanup:
    fg_safetensors_writer_free(writer);
    return status;
}

void fg_safetensors_writer_free(fg_safetensors_writer *writer)
{
    if (writer == NULL)
        return;
    fg_file_free(writer->file);
    json_decref(writer->metadata);
    json_decref(writer->tensors);
    free(writer);
}

fg_status fg_safetensors_writer_metadata(fg_safetensors_writer *writer, const char *key,
                                         const char *value)
{
    assert(writer->file == NULL);
    if (writer->metadata == NULL)
        writer->metadata = json_object();
    json_t *text = json_string(value);
    if (text == NULL) /* jansson takes UTF-8 alone */
        return fg_fail(FG_ERR_ARGUMENT, "the text for %s is not UTF-8", key);
    if (json_object_set_new(writer->metadata, key, text) != 0)
        return out_of_memory();
    return FG_OK;
}

fg_status fg_safetensors_writer_declare(fg_safetensors_writer *writer, const char *name,
                                        fg_dtype dtype, int dimensions, const int64_t *shape)
{
    size_t bytes = fg_safetensors_dtype_bytes(dtype);
    json_t *sides = json_array();
    int failed = 0;

    assert(writer->file == NULL && dimensions <= FG_SAFETENSORS_MAX_DIMENSIONS);
    assert(json_array_size(writer->tensors) == 0 ||
           bytes <= fg_safetensors_dtype_bytes(writer->last));
    for (int i = 0; i < dimensions; ++i) {
        failed |= !fg_size_mul(&bytes, bytes, (size_t)shape[i]);
        failed |= json_array_append_new(sides, json_integer(shape[i])) != 0;
    }
    json_t *tensor = json_pack("{s:s,s:{s:s,s:o,s:[I,I]}}", "name", name, "entry", "dtype",
                               fg_safetensors_dtype_name(dtype), "shape", sides, "data_offsets",
                               (json_int_t)writer->end, (json_int_t)(writer->end + bytes));
    if (failed || json_array_append_new(writer->tensors, tensor) != 0)
        return out_of_memory();
    writer->end += bytes;
    writer->last = dtype;
    return FG_OK;
}

/* The header's text for free(), padded with spaces to a multiple of ALIGNMENT bytes. */
static char *header_text(const fg_safetensors_writer *writer, size_t *length)
{
    json_t *header = json_object();
    int failed = 0;
    size_t i;
    json_t *tensor;

    if (writer->metadata != NULL)
        failed |= json_object_set(header, "__metadata__", writer->metadata);
    json_array_foreach(writer->tensors, i, tensor)
    {
        failed |= json_object_set(header, json_string_value(json_object_get(tensor, "name")),
                                  json_object_get(tensor, "entry"));
    }
    char *json = failed ? NULL : json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    char *text = NULL;
    if (json != NULL) {
        const size_t used = strlen(json);
        *length = fg_size_round_up(used, ALIGNMENT);
        text = malloc(*length);
        if (text != NULL) {
            memset(text, ' ', *length);
            memcpy(text, json, used);
        }
    }
    free(json);
    json_decref(header);
    return text;
}

fg_status fg_safetensors_writer_open(fg_safetensors_writer *writer, const char *path)
{
    fg_status status = FG_OK;
    size_t length = 0;
    char *text = header_text(writer, &length);

    if (text == NULL)
        return out_of_memory();
    const uint64_t stored = length;
    FG_TRY(fg_file_create(&writer->file, path));
    FG_TRY(fg_file_write(writer->file, &stored, sizeof stored));
    FG_TRY(fg_file_write(writer->file, text, length));

cleanup:
    free(text);
    return status;
}

fg_status fg_safetensors_writer_append(fg_safetensors_writer *writer, const void *data)
{
    const json_t *tensor = json_array_get(writer->tensors, writer->next);
    const json_t *offsets = json_object_get(json_object_get(tensor, "entry"), "data_offsets");
    const json_int_t begin = json_integer_value(json_array_get(offsets, 0));
    const json_int_t end = json_integer_value(json_array_get(offsets, 1));

    assert(writer->file != NULL && tensor != NULL);
    ++writer->next;
    return fg_file_write(writer->file, data, (size_t)(end - begin));
}

fg_status fg_safetensors_writer_commit(fg_safetensors_writer *writer)
{
    assert(writer->next == json_array_size(writer->tensors));
    return fg_file_commit(writer->file);
}
