/* spy_transfers.c - the calls that move bytes or wait, forwarded to the real ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include "spy_real.h"

#include <limits.h>

#define KEPT 64

int spy_least_behind = INT_MAX;

static cl_event transfers[KEPT]; /* entry: number of the transfer % KEPT */

static void add_transfer(cl_bool wait, const cl_event *event)
{
    spy.live += event != NULL;
    spy.blocking += wait == CL_TRUE;
    transfers[spy.transfers++ % KEPT] = event != NULL ? *event : NULL;
}

/* A driver may use an event again: the newest one counts. */
static void add_wait(cl_event event)
{
    for (int behind = 0; behind < KEPT && behind < spy.transfers; ++behind)
        if (transfers[(spy.transfers - 1 - behind) % KEPT] == event) {
            if (behind < spy_least_behind)
                spy_least_behind = behind;
            return;
        }
}

/* ---- between host and device ---- */

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                            size_t bytes, const void *data, cl_uint waits,
                            const cl_event *events, cl_event *event)
{
    SPY_REAL(clEnqueueWriteBuffer)
    if (spy_fails(SPY_clEnqueueWriteBuffer))
        return CL_OUT_OF_RESOURCES;
    const cl_int code = real(queue, memory, wait, offset, bytes, data, waits, events, event);
    if (code == CL_SUCCESS)
        add_transfer(wait, event);
    return code;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                           size_t bytes, void *data, cl_uint waits, const cl_event *events,
                           cl_event *event)
{
    SPY_REAL(clEnqueueReadBuffer)
    if (spy_fails(SPY_clEnqueueReadBuffer))
        return CL_OUT_OF_RESOURCES;
    const cl_int code = real(queue, memory, wait, offset, bytes, data, waits, events, event);
    if (code == CL_SUCCESS)
        add_transfer(wait, event);
    return code;
}

cl_int clWaitForEvents(cl_uint count, const cl_event *events)
{
    SPY_REAL(clWaitForEvents)
    for (cl_uint i = 0; i < count; ++i)
        add_wait(events[i]);
    return spy_fails(SPY_clWaitForEvents) ? CL_OUT_OF_RESOURCES : real(count, events);
}

cl_int clFlush(cl_command_queue queue)
{
    SPY_REAL(clFlush)
    return spy_fails(SPY_clFlush) ? CL_OUT_OF_RESOURCES : real(queue);
}

cl_int clFinish(cl_command_queue queue)
{
    SPY_REAL(clFinish)
    return spy_fails(SPY_clFinish) ? CL_OUT_OF_RESOURCES : real(queue);
}

/* ---- copies ---- */

cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
                           size_t to_offset, size_t bytes, cl_uint waits,
                           const cl_event *events, cl_event *event)
{
    SPY_REAL(clEnqueueCopyBuffer)
    ++spy.copies;
    return real(queue, from, to, from_offset, to_offset, bytes, waits, events, event);
}

cl_int clEnqueueCopyBufferRect(cl_command_queue queue, cl_mem from, cl_mem to,
                               const size_t *from_origin, const size_t *to_origin,
                               const size_t *region, size_t from_row, size_t from_slice,
                               size_t to_row, size_t to_slice, cl_uint waits,
                               const cl_event *events, cl_event *event)
{
    SPY_REAL(clEnqueueCopyBufferRect)
    ++spy.copies;
    return real(queue, from, to, from_origin, to_origin, region, from_row, from_slice, to_row,
                to_slice, waits, events, event);
}

cl_int clEnqueueCopyImage(cl_command_queue queue, cl_mem from, cl_mem to,
                          const size_t *from_origin, const size_t *to_origin,
                          const size_t *region, cl_uint waits, const cl_event *events,
                          cl_event *event)
{
    SPY_REAL(clEnqueueCopyImage)
    ++spy.copies;
    return real(queue, from, to, from_origin, to_origin, region, waits, events, event);
}

cl_int clEnqueueCopyImageToBuffer(cl_command_queue queue, cl_mem from, cl_mem to,
                                  const size_t *origin, const size_t *region, size_t offset,
                                  cl_uint waits, const cl_event *events, cl_event *event)
{
    SPY_REAL(clEnqueueCopyImageToBuffer)
    ++spy.copies;
    return real(queue, from, to, origin, region, offset, waits, events, event);
}

cl_int clEnqueueCopyBufferToImage(cl_command_queue queue, cl_mem from, cl_mem to, size_t offset,
                                  const size_t *origin, const size_t *region, cl_uint waits,
                                  const cl_event *events, cl_event *event)
{
    SPY_REAL(clEnqueueCopyBufferToImage)
    ++spy.copies;
    return real(queue, from, to, offset, origin, region, waits, events, event);
}

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern,
                           size_t pattern_bytes, size_t offset, size_t bytes, cl_uint waits,
                           const cl_event *events, cl_event *event)
{
    SPY_REAL(clEnqueueFillBuffer)
    ++spy.copies;
    return real(queue, memory, pattern, pattern_bytes, offset, bytes, waits, events, event);
}

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait,
                         cl_map_flags flags, size_t offset, size_t bytes, cl_uint waits,
                         const cl_event *events, cl_event *event, cl_int *code)
{
    SPY_REAL(clEnqueueMapBuffer)
    ++spy.copies;
    return real(queue, memory, wait, flags, offset, bytes, waits, events, event, code);
}
