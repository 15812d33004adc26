/* launch.h - sets a kernel's arguments in order and enqueues it.
 *
 *     fg_launch launch = fg_launch_of(op->forward);
 *     fg_launch_buffer(&launch, arena);
 *     fg_launch_value(&launch, &args, sizeof args);
 *     FG_TRY(fg_launch_run(&launch, chunks, 1));
 *
 * The first failed call is remembered and reported by fg_launch_run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_LAUNCH_H
#define FG_DEVICE_LAUNCH_H

#include "device/buffer.h"
#include "device/program.h"

typedef struct fg_launch {
    const fg_kernel *kernel;
    cl_uint next; /* index of the next argument */
    cl_int code;  /* of the first call that failed */
} fg_launch;

fg_launch fg_launch_of(const fg_kernel *kernel);

/* NULL: the kernel gets a null pointer. */
void fg_launch_buffer(fg_launch *launch, const fg_buffer *buffer);
void fg_launch_value(fg_launch *launch, const void *value, size_t bytes);

/* Enqueues x * y work-groups of one work-item each. Does not wait. */
fg_status fg_launch_run(fg_launch *launch, size_t x, size_t y);

#endif
