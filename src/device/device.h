/* device.h - one OpenCL device with its context, its in-order queue and its programs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_DEVICE_H
#define FG_DEVICE_DEVICE_H

#include <pthread.h>
#include <stdatomic.h>
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
    atomic_size_t held_bytes; /* of the device's memory, by buffers that there are */
    fg_log log;
    char *tuning;              /* path of a file of tuning; NULL: the cache folder's */
    atomic_bool tuning_warned; /* the log says that the cache folder's file cannot be used */
    double tuning_seconds;     /* that a net may take to tune at its first use */
    bool is_cpu;
    bool poison;   /* FG_POISON: new memory, and memory whose last reader is done, is NaN */
    bool prefetch; /* kernels may call __builtin_prefetch: cl/prefetch.h */
    bool keeps_programs;  /* in the cache folder; program_cache.h */
    fg_program *programs; /* built so far; program.c */
    pthread_mutex_t programs_lock;
    fg_trace *trace; /* NULL unless FG_TRACE, or one that is traced */
};

/* As fg_device_create, with a trace even without FG_TRACE. */
fg_status fg_device_create_traced(fg_device **out, const fg_device_config *config);

/* Bytes that can still be allocated: what its information says, less what its buffers hold; on CPU
 * devices at most what the system has free now, for others take of it too. At least 1. */
size_t fg_device_memory(const fg_device *device);

/* Starts what was enqueued, which a driver may put off until somebody waits. */
fg_status fg_device_flush(fg_device *device);

/* Waits for all that was enqueued. */
fg_status fg_device_finish(fg_device *device);

#endif
