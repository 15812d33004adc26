/* launch.c - sets a kernel's arguments in order and enqueues it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/launch.h"

#include <assert.h>

#include "device/trace.h"

fg_launch fg_launch_of(const fg_kernel *kernel)
{
    return (fg_launch){kernel, 0, CL_SUCCESS};
}

void fg_launch_value(fg_launch *launch, const void *value, size_t bytes)
{
    if (launch->code != CL_SUCCESS)
        return;
    launch->code = clSetKernelArg(launch->kernel->kernel, launch->next, bytes, value);
    if (launch->code == CL_SUCCESS)
        ++launch->next;
}

void fg_launch_buffer(fg_launch *launch, const fg_buffer *buffer)
{
    fg_launch_value(launch, buffer != NULL ? &buffer->memory : NULL, sizeof(cl_mem));
}

fg_status fg_launch_run(fg_launch *launch, size_t x, size_t y)
{
    const fg_device *device = launch->kernel->device;
    const char *name = fg_kernel_name(launch->kernel->id);
    const size_t global[2] = {x, y};
    const size_t local[2] = {1, 1};
    cl_event event = NULL;
    cl_int code;

    assert(x > 0 && y > 0);
    if (launch->code != CL_SUCCESS)
        return fg_fail(FG_ERR_DEVICE, "argument %u of kernel %s: %s (%d)", launch->next, name,
                       fg_opencl_name(launch->code), (int)launch->code);
    code = clEnqueueNDRangeKernel(device->queue, launch->kernel->kernel, 2, NULL, global, local,
                                  0, NULL, device->trace != NULL ? &event : NULL);
    if (code != CL_SUCCESS)
        return fg_fail(FG_ERR_DEVICE, "kernel %s, %zu x %zu work-items: %s (%d)", name, x, y,
                       fg_opencl_name(code), (int)code);
    if (device->trace != NULL)
        fg_trace_add(device->trace, name, event);
    return FG_OK;
}
