/* filigree_opencl.h - for applications that use OpenCL themselves: a device on their own queue.
 *
 * Apart from filigree.h, so that only who needs it needs OpenCL's headers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FILIGREE_OPENCL_H
#define FILIGREE_OPENCL_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

#include "filigree.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a device that enqueues all its work on the caller's queue. Retains what it is given
 * until fg_device_free. config may be NULL; its match is not used.
 *
 * queue  in order; of this context and this device
 *
 * FG_ERR_ARGUMENT  the queue is out of order, or belongs to another context or device
 * FG_ERR_DEVICE    a driver call failed */
FG_API fg_status fg_device_create_opencl(fg_device **out, cl_context context, cl_device_id id,
                                         cl_command_queue queue,
                                         const fg_device_config *config);

#ifdef __cplusplus
}
#endif

#endif
