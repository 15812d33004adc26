/* available.h - how much memory this process can still get from the system.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_AVAILABLE_H
#define FG_DEVICE_AVAILABLE_H

#include <stddef.h>

/* The smaller of what the system has free and what this process's control group (version 1 or
 * 2) and its parents leave; SIZE_MAX where nothing says. root is put before every path: "" but
 * in tests. */
size_t fg_available_bytes(const char *root);

/* What of it a CPU device may have: all but what this process needs beside device memory. At
 * least 1, for 0 stands for no limit elsewhere. */
size_t fg_available_to_device(const char *root);

#endif
