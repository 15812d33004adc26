/* safetensors.h - reads a safetensors file whole and checks every rule of the format.
 *
 * The file: 8 bytes little-endian length of the header; the header, JSON; the tensors. The
 * header maps each name to {"dtype", "shape", "data_offsets": [begin, end]}, offsets counted
 * from the header's end, and "__metadata__" to a map of strings. Tensors cover the rest without
 * hole, overlap or anything behind the last one. safetensors_writer.h writes such files.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_SAFETENSORS_H
#define FG_DATA_SAFETENSORS_H

#include <stdbool.h>

#include "base/status.h"

typedef enum fg_dtype { FG_DTYPE_F32, FG_DTYPE_F64, FG_DTYPE_I64 } fg_dtype;

/* "F32" and so on, and the bytes of one element. */
const char *fg_safetensors_dtype_name(fg_dtype dtype);
size_t fg_safetensors_dtype_bytes(fg_dtype dtype);

#define FG_SAFETENSORS_MAX_DIMENSIONS 8

typedef struct fg_safetensor {
    const char *name;
    fg_dtype dtype;
    int dimensions; /* 0: a single value */
    int64_t shape[FG_SAFETENSORS_MAX_DIMENSIONS];
    int64_t elements;
    size_t bytes;
    const void *data; /* aligned to no more than a byte: copy it */
} fg_safetensor;

typedef struct fg_safetensors fg_safetensors;

/* FG_ERR_FILE  not readable, or not what the format allows; the message names path */
fg_status fg_safetensors_open(fg_safetensors **out, const char *path);
void fg_safetensors_free(fg_safetensors *file);

const char *fg_safetensors_path(const fg_safetensors *file);
int fg_safetensors_tensors(const fg_safetensors *file);

/* In the order of the header. */
const fg_safetensor *fg_safetensors_tensor(const fg_safetensors *file, int index);

/* NULL where there is none. */
const fg_safetensor *fg_safetensors_find(const fg_safetensors *file, const char *name);
const char *fg_safetensors_metadata(const fg_safetensors *file, const char *key);

/* Finds a tensor and checks its type and shape.
 *
 * shape  a side of -1 may be anything
 *
 * FG_ERR_FILE  missing or different; the message names path and tensor, and has both shapes */
fg_status fg_safetensors_expect(const fg_safetensor **out, const fg_safetensors *file,
                                const char *name, fg_dtype dtype, int dimensions,
                                const int64_t *shape);

#endif
