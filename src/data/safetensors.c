/* safetensors.c - see safetensors.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are read as they lie");

#define LENGTH_BYTES 8
#define MAX_HEADER_BYTES 100000000

struct fg_safetensors {
    char *path;
    char *content;  /* the whole file; tensors point into it */
    json_t *header; /* owns the names and the metadata */
    fg_safetensor *tensors;
    int count;
};

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [FG_DTYPE_F32] = {"F32", 4}, [FG_DTYPE_F64] = {"F64", 8}, [FG_DTYPE_I64] = {"I64", 8}};

#define DTYPES ((int)(sizeof dtypes / sizeof *dtypes))

const char *fg_safetensors_dtype_name(fg_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t fg_safetensors_dtype_bytes(fg_dtype dtype)
{
    return dtypes[dtype].bytes;
}

/* Reads the header into file->header; *tensors_at is where the tensors begin. */
static fg_status parse_header(fg_safetensors *file, size_t bytes, size_t *tensors_at)
{
    fg_status status = FG_OK;
    uint64_t length = 0;
    json_error_t error;

    FG_CHECK(bytes >= LENGTH_BYTES, FG_ERR_FILE, "%zu bytes are too few for a safetensors file",
             bytes);
    memcpy(&length, file->content, LENGTH_BYTES);
    FG_CHECK(
        length <= bytes - LENGTH_BYTES && length <= MAX_HEADER_BYTES, FG_ERR_FILE,
        "a header of %llu bytes is beyond the file, which is truncated or no safetensors file",
        (unsigned long long)length);
    FG_CHECK(length > 0 && file->content[LENGTH_BYTES] == '{', FG_ERR_FILE,
             "the header does not start with \"{\"; this is no safetensors file");
    file->header = json_loadb(file->content + LENGTH_BYTES, (size_t)length,
                              JSON_REJECT_DUPLICATES, &error);
    FG_CHECK(file->header != NULL, FG_ERR_FILE, "header: %s (byte %d)", error.text,
             error.position);
    *tensors_at = LENGTH_BYTES + (size_t)length;

cleanup:
    return status;
}

static fg_status check_metadata(json_t *metadata)
{
    const char *key;
    json_t *value;

    if (metadata == NULL)
        return FG_OK;
    if (!json_is_object(metadata))
        return fg_fail(FG_ERR_FILE, "__metadata__ is not a map of strings");
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return fg_fail(FG_ERR_FILE, "__metadata__: %s is not a string", key);
    }
    return FG_OK;
}

/* *out = item index of list if that is an integer of 0 or more. */
static bool natural(int64_t *out, const json_t *list, size_t index)
{
    const json_t *item = json_array_get(list, index);

    *out = json_integer_value(item);
    return json_is_integer(item) && *out >= 0;
}

static bool dtype_of(fg_dtype *out, const json_t *item)
{
    for (int i = 0; json_is_string(item) && i < DTYPES; ++i)
        if (strcmp(json_string_value(item), dtypes[i].name) == 0) {
            *out = (fg_dtype)i;
            return true;
        }
    return false;
}

/* Fills tensor from its entry of the header. room: bytes from data to the file's end. */
static fg_status parse_tensor(fg_safetensor *tensor, const json_t *entry, const char *data,
                              size_t room)
{
    fg_status status = FG_OK;
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    int64_t begin = 0, end = 0;
    size_t elements = 1;

    FG_CHECK(json_object_size(entry) == 3 && json_is_array(shape) && json_is_array(offsets),
             FG_ERR_FILE, "%s: needs exactly dtype, shape and data_offsets", tensor->name);
    FG_CHECK(dtype_of(&tensor->dtype, json_object_get(entry, "dtype")), FG_ERR_FILE,
             "%s: dtype is not F32, F64 or I64", tensor->name);
    FG_CHECK(json_array_size(shape) <= FG_SAFETENSORS_MAX_DIMENSIONS, FG_ERR_FILE,
             "%s: has %zu dimensions, at most %d are read", tensor->name,
             json_array_size(shape), FG_SAFETENSORS_MAX_DIMENSIONS);
    tensor->dimensions = (int)json_array_size(shape);
    for (int i = 0; i < tensor->dimensions; ++i) {
        FG_CHECK(natural(&tensor->shape[i], shape, (size_t)i), FG_ERR_FILE,
                 "%s: shape is not a list of integers of 0 or more", tensor->name);
        FG_CHECK(fg_size_mul(&elements, elements, (size_t)tensor->shape[i]), FG_ERR_FILE,
                 "%s: shape is too large", tensor->name);
    }
    FG_CHECK(fg_size_mul(&tensor->bytes, elements, dtypes[tensor->dtype].bytes), FG_ERR_FILE,
             "%s: shape is too large", tensor->name);
    FG_CHECK(json_array_size(offsets) == 2 && natural(&begin, offsets, 0) &&
                 natural(&end, offsets, 1) && begin <= end,
             FG_ERR_FILE, "%s: data_offsets are not two ascending integers", tensor->name);
    FG_CHECK((size_t)end <= room, FG_ERR_FILE,
             "%s: ends %zu bytes behind the file's end, which is truncated", tensor->name,
             (size_t)end - room);
    FG_CHECK((size_t)(end - begin) == tensor->bytes, FG_ERR_FILE,
             "%s: has %lld bytes where its shape needs %zu", tensor->name,
             (long long)(end - begin), tensor->bytes);
    tensor->elements = (int64_t)elements;
    tensor->data = data + begin;

cleanup:
    return status;
}

static int by_place(const void *a, const void *b)
{
    const fg_safetensor *const *left = a, *const *right = b;
    const char *x = (*left)->data, *y = (*right)->data;

    if (x != y)
        return x < y ? -1 : 1;
    return ((*left)->bytes > (*right)->bytes) - ((*left)->bytes < (*right)->bytes);
}

/* Sorted by place, every tensor must begin where the one before it ends. */
static fg_status check_cover(const fg_safetensors *file, const char *data, size_t room)
{
    fg_status status = FG_OK;
    const fg_safetensor **order = NULL;
    size_t position = 0;

    FG_ALLOC(order, file->count);
    for (int i = 0; i < file->count; ++i)
        order[i] = &file->tensors[i];
    qsort(order, (size_t)file->count, sizeof *order, by_place);
    for (int i = 0; i < file->count; ++i) {
        const size_t begin = (size_t)((const char *)order[i]->data - data);
        FG_CHECK(begin >= position, FG_ERR_FILE, "%s: overlaps another tensor", order[i]->name);
        FG_CHECK(begin == position, FG_ERR_FILE, "a hole of %zu bytes before %s",
                 begin - position, order[i]->name);
        position += order[i]->bytes;
    }
    FG_CHECK(position == room, FG_ERR_FILE, "%zu bytes behind the last tensor",
             room - position);

cleanup:
    free(order);
    return status;
}

static fg_status parse(fg_safetensors *file, size_t bytes)
{
    fg_status status = FG_OK;
    size_t tensors_at = 0;
    const char *name;
    json_t *entry;

    FG_TRY(parse_header(file, bytes, &tensors_at));
    FG_TRY(check_metadata(json_object_get(file->header, "__metadata__")));
    FG_ALLOC(file->tensors, json_object_size(file->header));
    json_object_foreach(file->header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        file->tensors[file->count].name = name;
        FG_TRY(parse_tensor(&file->tensors[file->count], entry, file->content + tensors_at,
                            bytes - tensors_at));
        ++file->count;
    }
    FG_TRY(check_cover(file, file->content + tensors_at, bytes - tensors_at));

cleanup:
    return status;
}

fg_status fg_safetensors_open(fg_safetensors **out, const char *path)
{
    fg_status status = FG_OK;
    fg_safetensors *file = NULL;
    size_t bytes = 0;

    *out = NULL;
    FG_ALLOC(file, 1);
    file->path = fg_text_copy(path);
    if (file->path == NULL) {
        status = FG_ERR_MEMORY;
        goto cleanup;
    }
    FG_TRY(fg_file_read(&file->content, &bytes, path));
    status = parse(file, bytes);
    if (status != FG_OK) {
        fg_fail_prefix(status, "%s: ", path);
        goto cleanup;
    }
    *out = file;
    file = NULL;

cleanup:
    fg_safetensors_free(file);
    return status;
}

void fg_safetensors_free(fg_safetensors *file)
{
    if (file == NULL)
        return;
    json_decref(file->header);
    free(file->tensors);
    free(file->content);
    free(file->path);
    free(file);
}

const char *fg_safetensors_path(const fg_safetensors *file)
{
    return file->path;
}

int fg_safetensors_tensors(const fg_safetensors *file)
{
    return file->count;
}

const fg_safetensor *fg_safetensors_tensor(const fg_safetensors *file, int index)
{
    return &file->tensors[index];
}

const fg_safetensor *fg_safetensors_find(const fg_safetensors *file, const char *name)
{
    for (int i = 0; i < file->count; ++i)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

const char *fg_safetensors_metadata(const fg_safetensors *file, const char *key)
{
    return json_string_value(
        json_object_get(json_object_get(file->header, "__metadata__"), key));
}

/* "F32 [64][3][3][3]", a free side as "N". */
static void describe(fg_text *text, fg_dtype dtype, int dimensions, const int64_t *shape)
{
    fg_text_append(text, "%s%s", dtypes[dtype].name, dimensions == 0 ? " []" : " ");
    for (int i = 0; i < dimensions; ++i)
        if (shape[i] < 0)
            fg_text_append(text, "[N]");
        else
            fg_text_append(text, "[%lld]", (long long)shape[i]);
}

fg_status fg_safetensors_expect(const fg_safetensor **out, const fg_safetensors *file,
                                const char *name, fg_dtype dtype, int dimensions,
                                const int64_t *shape)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *line = NULL;
    const fg_safetensor *tensor = fg_safetensors_find(file, name);

    *out = NULL;
    FG_CHECK(tensor != NULL, FG_ERR_FILE, "%s: has no tensor %s", file->path, name);
    bool same = tensor->dtype == dtype && tensor->dimensions == dimensions;
    for (int i = 0; same && i < dimensions; ++i)
        same = shape[i] < 0 || shape[i] == tensor->shape[i];
    if (!same) {
        describe(&text, tensor->dtype, tensor->dimensions, tensor->shape);
        fg_text_append(&text, ", expected ");
        describe(&text, dtype, dimensions, shape);
        FG_TRY(fg_text_take(&line, &text));
        FG_CHECK(false, FG_ERR_FILE, "%s: %s is %s", file->path, name, line);
    }
    *out = tensor;

cleanup:
    fg_text_free(line);
    return status;
}
