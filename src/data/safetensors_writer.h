/* safetensors_writer.h - writes a safetensors file tensor by tensor.
 *
 * First metadata and declarations in any number, then fg_safetensors_writer_open, which writes
 * the header, then the tensors in the order of their declarations, then
 * fg_safetensors_writer_commit. The same calls give the same bytes. The file appears with the
 * commit, or not at all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DATA_SAFETENSORS_WRITER_H
#define FG_DATA_SAFETENSORS_WRITER_H

#include "data/safetensors.h"

typedef struct fg_safetensors_writer fg_safetensors_writer;

fg_status fg_safetensors_writer_create(fg_safetensors_writer **out);
void fg_safetensors_writer_free(fg_safetensors_writer *writer);

fg_status fg_safetensors_writer_metadata(fg_safetensors_writer *writer, const char *key,
                                         const char *value);

/* Tensors of 8-byte elements come before those of 4-byte ones, so that all are aligned. */
fg_status fg_safetensors_writer_declare(fg_safetensors_writer *writer, const char *name,
                                        fg_dtype dtype, int dimensions, const int64_t *shape);

fg_status fg_safetensors_writer_open(fg_safetensors_writer *writer, const char *path);

/* data: all of the next tensor. */
fg_status fg_safetensors_writer_append(fg_safetensors_writer *writer, const void *data);
fg_status fg_safetensors_writer_commit(fg_safetensors_writer *writer);

#endif
