/* buffer.c - device memory: create, view, copy in and out, fill.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/buffer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "device/launch.h"
#include "device/pages.h"
#include "device/trace.h"

#define FILL_PARTS \
    64 /* work-items of a big fill: enough for every thread, few enough to start */
#define FILL_LEAST 4096 /* floats that are worth a work-item */

static void CL_CALLBACK unmap(cl_mem memory, void *pages)
{
    (void)memory;
    fg_pages_unmap(pages);
}

/* On a CPU device the memory is the host's, so that it can be ours, in large pages. The driver gives
 * it back when nothing uses the buffer any more. */
static fg_status allocate(cl_mem *out, const fg_device *device, size_t bytes)
{
    fg_status status = FG_OK;
    fg_pages *pages = device->is_cpu ? fg_pages_map(bytes) : NULL;
    cl_mem memory = NULL;
    cl_int code = CL_SUCCESS;

    *out = NULL;
    memory = clCreateBuffer(device->context,
                            CL_MEM_READ_WRITE | (pages != NULL ? CL_MEM_USE_HOST_PTR : 0),
                            bytes, pages != NULL ? fg_pages_first(pages) : NULL, &code);
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "an allocation of %zu bytes: %s (%d)", bytes,
             fg_opencl_name(code), (int)code);
    if (pages != NULL)
        FG_TRY_CL(clSetMemObjectDestructorCallback(memory, unmap, pages));
    pages = NULL;
    *out = memory;
    memory = NULL;

cleanup:
    if (memory != NULL)
        clReleaseMemObject(memory);
    fg_pages_unmap(pages);
    return status;
}

fg_status fg_buffer_create(fg_buffer **out, fg_device *device, size_t bytes)
{
    fg_status status = FG_OK;
    fg_buffer *buffer = NULL;

    assert(bytes > 0 && bytes % sizeof(float) == 0);
    *out = NULL;
    FG_ALLOC(buffer, 1);
    buffer->device = device;
    buffer->bytes = bytes;
    FG_TRY(allocate(&buffer->memory, device, bytes));
    buffer->whole = buffer->memory;
    buffer->held_bytes = bytes;
    atomic_fetch_add(&device->held_bytes, bytes);
    /* Drivers allocate lazily: what is not there must be missed now, not in the first step. */
    FG_TRY(fg_buffer_fill(buffer, 0, bytes / sizeof(float), device->poison ? NAN : 0.0f));
    *out = buffer;
    buffer = NULL;

cleanup:
    fg_buffer_free(buffer);
    return status;
}

fg_status fg_buffer_view(fg_buffer **out, const fg_buffer *parent, size_t offset, size_t bytes)
{
    fg_status status = FG_OK;
    fg_buffer *buffer = NULL;
    const cl_buffer_region region = {parent->offset + offset, bytes};
    cl_int code = CL_SUCCESS;

    assert(bytes > 0 && offset <= parent->bytes && bytes <= parent->bytes - offset);
    *out = NULL;
    FG_ALLOC(buffer, 1);
    buffer->device = parent->device;
    buffer->bytes = bytes;
    buffer->whole = parent->whole;
    buffer->offset = region.origin;
    buffer->memory = clCreateSubBuffer(parent->whole, CL_MEM_READ_WRITE,
                                       CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "a view of %zu bytes at %zu of %zu: %s (%d)",
             bytes, offset, parent->bytes, fg_opencl_name(code), (int)code);
    *out = buffer;
    buffer = NULL;

cleanup:
    fg_buffer_free(buffer);
    return status;
}

void fg_buffer_free(fg_buffer *buffer)
{
    if (buffer == NULL)
        return;
    if (buffer->memory != NULL)
        clReleaseMemObject(buffer->memory);
    atomic_fetch_sub(&buffer->device->held_bytes, buffer->held_bytes);
    free(buffer);
}

/* Hands an event to the trace, where there is one, and to the caller, where it wants it. */
static void give_event(const fg_device *device, const char *label, cl_event event,
                       cl_event *done)
{
    if (device->trace != NULL) {
        if (done != NULL)
            clRetainEvent(event);
        fg_trace_add(device->trace, label, event);
    } else if (done == NULL) {
        fg_event_free(&event);
    }
    if (done != NULL)
        *done = event;
}

fg_status fg_buffer_write(const fg_buffer *buffer, size_t offset, const void *data,
                          size_t bytes, cl_event *done)
{
    fg_status status = FG_OK;
    cl_event event = NULL;

    assert(offset <= buffer->bytes && bytes <= buffer->bytes - offset);
    FG_TRY_CL(clEnqueueWriteBuffer(buffer->device->queue, buffer->memory, done == NULL, offset,
                                   bytes, data, 0, NULL, &event));
    give_event(buffer->device, "write", event, done);

cleanup:
    return status;
}

static fg_status enqueue_read(const fg_buffer *buffer, size_t offset, void *data, size_t bytes,
                              cl_event *done)
{
    fg_status status = FG_OK;
    cl_event event = NULL;

    assert(offset <= buffer->bytes && bytes <= buffer->bytes - offset);
    FG_TRY_CL(clEnqueueReadBuffer(buffer->device->queue, buffer->memory, done == NULL, offset,
                                  bytes, data, 0, NULL, &event));
    give_event(buffer->device, "read", event, done);

cleanup:
    return status;
}

fg_status fg_buffer_read(const fg_buffer *buffer, size_t offset, void *data, size_t bytes)
{
    return enqueue_read(buffer, offset, data, bytes, NULL);
}

fg_status fg_buffer_read_later(const fg_buffer *buffer, size_t offset, void *data, size_t bytes,
                               cl_event *done)
{
    return enqueue_read(buffer, offset, data, bytes, done);
}

fg_status fg_buffer_fill(const fg_buffer *buffer, size_t first, size_t count, float value)
{
    fg_status status = FG_OK;
    fg_kernel *kernel = NULL;
    fg_launch launch;
    size_t parts = (count + FILL_LEAST - 1) / FILL_LEAST;
    const cl_ulong first_index = first, length = count;

    assert(first <= buffer->bytes / sizeof(float));
    assert(count > 0 && count <= buffer->bytes / sizeof(float) - first);
    if (parts > FILL_PARTS)
        parts = FILL_PARTS;
    FG_TRY(fg_kernel_create(&kernel, buffer->device, FG_KERNEL_fill, ""));
    launch = fg_launch_of(kernel);
    fg_launch_buffer(&launch, buffer);
    fg_launch_value(&launch, &first_index, sizeof first_index);
    fg_launch_value(&launch, &length, sizeof length);
    fg_launch_value(&launch, &value, sizeof value);
    FG_TRY(fg_launch_run(&launch, parts, 1));

cleanup:
    fg_kernel_free(kernel);
    return status;
}
