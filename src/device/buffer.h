/* buffer.h - device memory: create, view, copy in and out, fill.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_BUFFER_H
#define FG_DEVICE_BUFFER_H

#include "device/device.h"
#include "device/event.h"

typedef struct fg_buffer {
    fg_device *device;
    cl_mem memory;
    size_t bytes;
    size_t held_bytes; /* of the device's memory; a view holds none */
    cl_mem whole;      /* what a view is cut from, */
    size_t offset;     /* ... and where; otherwise the buffer itself, and 0 */
} fg_buffer;

/* Allocates and touches every page: filled with 0, or with NaN under FG_POISON. bytes > 0 and a
 * multiple of 4. */
fg_status fg_buffer_create(fg_buffer **out, fg_device *device, size_t bytes);

/* A sub-buffer of parent, which must outlive it. offset is a multiple of the device's
 * alignment. OpenCL has none of sub-buffers: where parent is a view, this is another one of what that
 * is cut from. */
fg_status fg_buffer_view(fg_buffer **out, const fg_buffer *parent, size_t offset, size_t bytes);
void fg_buffer_free(fg_buffer *buffer);

/* Copies in. done NULL: waits. Otherwise data must stay as it is until *done, which the caller
 * frees with fg_event_free. */
fg_status fg_buffer_write(const fg_buffer *buffer, size_t offset, const void *data,
                          size_t bytes, cl_event *done);

/* Copies out, and waits. */
fg_status fg_buffer_read(const fg_buffer *buffer, size_t offset, void *data, size_t bytes);

/* Copies out without waiting: data is there at *done, which the caller frees with
 * fg_event_free. */
fg_status fg_buffer_read_later(const fg_buffer *buffer, size_t offset, void *data, size_t bytes,
                               cl_event *done);

/* Sets count floats from index first on to value with a kernel (clEnqueueFillBuffer runs on one
 * thread in PoCL). Does not wait. */
fg_status fg_buffer_fill(const fg_buffer *buffer, size_t first, size_t count, float value);

#endif
