/* info.c - what OpenCL says of a device, and what the system does.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/info.h"

#include <stdlib.h>
#include <string.h>

#include "device/available.h"

/* Copies without leading and trailing blanks, cut to fit. */
static void copy_name(char out[FG_NAME_LENGTH], const char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        --length;
    if (length >= FG_NAME_LENGTH)
        length = FG_NAME_LENGTH - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

static fg_status platform_text(char out[FG_NAME_LENGTH], cl_platform_id platform,
                               cl_platform_info what)
{
    fg_status status = FG_OK;
    char *text = NULL;
    size_t bytes = 0;

    FG_TRY_CL(clGetPlatformInfo(platform, what, 0, NULL, &bytes));
    FG_ALLOC(text, bytes + 1);
    FG_TRY_CL(clGetPlatformInfo(platform, what, bytes, text, NULL));
    copy_name(out, text);

cleanup:
    free(text);
    return status;
}

static fg_status device_text(char out[FG_NAME_LENGTH], cl_device_id id, cl_device_info what)
{
    fg_status status = FG_OK;
    char *text = NULL;
    size_t bytes = 0;

    FG_TRY_CL(clGetDeviceInfo(id, what, 0, NULL, &bytes));
    FG_ALLOC(text, bytes + 1);
    FG_TRY_CL(clGetDeviceInfo(id, what, bytes, text, NULL));
    copy_name(out, text);

cleanup:
    free(text);
    return status;
}

/* A simulator says that it is all of them: no CPU then, whose compiler's builtins kernels call. */
static const char *kind_of(cl_device_type type)
{
    if ((type & CL_DEVICE_TYPE_CPU) && !(type & CL_DEVICE_TYPE_GPU))
        return "CPU";
    if (type & CL_DEVICE_TYPE_GPU)
        return "GPU";
    if (type & CL_DEVICE_TYPE_ACCELERATOR)
        return "accelerator";
    return "other";
}

fg_status fg_info_platform(char *name, char *version, cl_platform_id platform)
{
    fg_status status = FG_OK;

    FG_TRY(platform_text(name, platform, CL_PLATFORM_NAME));
    FG_TRY(platform_text(version, platform, CL_PLATFORM_VERSION));

cleanup:
    return status;
}

fg_status fg_info_read(fg_device_info *out, cl_platform_id platform, cl_device_id id)
{
    fg_status status = FG_OK;
    fg_device_info info = {0};
    cl_device_type type = 0;
    cl_uint units = 0, alignment_bits = 0;
    cl_ulong memory = 0, allocation = 0, local = 0;

    FG_TRY(fg_info_platform(info.platform, info.platform_version, platform));
    FG_TRY(device_text(info.name, id, CL_DEVICE_NAME));
    FG_TRY(device_text(info.version, id, CL_DEVICE_VERSION));
    FG_TRY(device_text(info.driver, id, CL_DRIVER_VERSION));
    FG_TRY_CL(clGetDeviceInfo(id, CL_DEVICE_TYPE, sizeof type, &type, NULL));
    FG_TRY_CL(clGetDeviceInfo(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL));
    FG_TRY_CL(clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL));
    FG_TRY_CL(clGetDeviceInfo(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof allocation, &allocation,
                              NULL));
    FG_TRY_CL(clGetDeviceInfo(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof alignment_bits,
                              &alignment_bits, NULL));
    FG_TRY_CL(clGetDeviceInfo(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL));

    strcpy(info.kind, kind_of(type));
    info.compute_units = (int)units;
    info.memory_bytes = (size_t)memory;
    info.allocation_bytes = (size_t)allocation;
    info.alignment_bytes = alignment_bits / 8;
    info.local_bytes = (size_t)local;
    if (type & CL_DEVICE_TYPE_CPU) {
        const size_t available = fg_available_to_device("");
        if (available < info.memory_bytes)
            info.memory_bytes = available;
    }
    *out = info;

cleanup:
    return status;
}
