/* features.h - a map on the device, and the ranges of it that an operation reads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_FEATURES_H
#define FG_OPS_FEATURES_H

#include "cl/batchnorm.h"
#include "device/buffer.h"

/* Channel-major: [channels][pitch], pixel = (image*height + row)*width + column. */
typedef struct fg_features {
    const fg_buffer *values;
    const fg_buffer *gradients; /* NULL where nobody wants them */
    int height;
    int width;
    int pitch;
    int first_slot; /* of channel 0 in the table of statistics; -1: never normalised */
} fg_features;

/* What an operation reads: a run of the table of sources, of one map. */
typedef struct fg_input {
    const fg_features *map;
    const fg_buffer *sources; /* struct fg_source [] */
    int first_source;
    int sources_count;
    int channels;
} fg_input;

/* Where it writes: channels first_channel .. of a map. */
typedef struct fg_output {
    const fg_features *map;
    int first_channel;
    int channels;
} fg_output;

/* Work-items for kernels that only go over channels: enough for many threads, few enough to be
 * cheap. */
static inline size_t fg_features_work_items(int channels)
{
    return channels < 16 ? 1 : channels < 256 ? (size_t)channels / 8 : 32;
}

#endif
