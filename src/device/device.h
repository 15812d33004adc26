/* device.h - one OpenCL device with its context, its in-order queue and its programs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_DEVICE_H
#define FG_DEVICE_DEVICE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/log.h"
#include "device/opencl.h"

typedef struct fg_program fg_program;
typedef struct fg_trace fg_trace;

struct fg_device {
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue; /* in order; profiling is on if trace is not NULL */
    fg_device_info info;
    fg_log log;
    bool is_cpu;
    bool poison;   /* FG_POISON: new memory, and memory whose last reader is done, is NaN */
    bool prefetch; /* kernels may call __builtin_prefetch: cl/prefetch.h */
    fg_program *programs; /* built so far; program.c */
    pthread_mutex_t programs_lock;
    fg_trace *trace; /* NULL unless FG_TRACE */
};

/* Starts what was enqueued, which a driver may put off until somebody waits. */
fg_status fg_device_flush(fg_device *device);

/* Waits for all that was enqueued. */
fg_status fg_device_finish(fg_device *device);

#endif
