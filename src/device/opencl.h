/* opencl.h - OpenCL's header, and how a failed OpenCL call becomes a status.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_OPENCL_H
#define FG_DEVICE_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "base/status.h"

/* "CL_INVALID_VALUE" and so on; "unknown OpenCL error" for a code without a name. */
const char *fg_opencl_name(cl_int code);

/* Message "clCall: CL_NAME (code)"; FG_ERR_DEVICE. */
fg_status fg_opencl_fail(const char *call, cl_int code);

/* For a call that returns cl_int. */
#define FG_TRY_CL(call)                              \
    do {                                             \
        const cl_int fg_code = (call);               \
        if (fg_code != CL_SUCCESS) {                 \
            status = fg_opencl_fail(#call, fg_code); \
            goto cleanup;                            \
        }                                            \
    } while (0)

#endif
