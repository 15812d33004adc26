/* info.h - what OpenCL says of a device.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_INFO_H
#define FG_DEVICE_INFO_H

#include "device/opencl.h"

/* FG_NAME_LENGTH bytes each. */
fg_status fg_info_platform(char *name, char *version, cl_platform_id platform);

fg_status fg_info_read(fg_device_info *out, cl_platform_id platform, cl_device_id id);

#endif
