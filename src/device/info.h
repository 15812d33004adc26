/* info.h - what OpenCL says of a device.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_INFO_H
#define FG_DEVICE_INFO_H

#include "device/opencl.h"

fg_status fg_info_read(fg_device_info *out, cl_platform_id platform, cl_device_id id);

#endif
