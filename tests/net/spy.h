/* spy.h - counts, records and, when told to, fails the OpenCL calls of a test program and of
 * the libraries that it links.
 *
 * spy.c and spy_transfers.c define the calls themselves and forward them with dlsym(RTLD_NEXT): what a program
 * defines comes before what its libraries do, for shared libraries' calls too. For programs of
 * one OpenCL thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_SPY_H
#define FG_TESTS_SPY_H

#include <stdbool.h>
#include <stddef.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

/* ---- counts ---- */

/* Every call that may fail while a network is made or runs. */
#define SPY_CALL_LIST(X)         \
    X(clCreateBuffer)            \
    X(clCreateSubBuffer)         \
    X(clCreateProgramWithSource) \
    X(clBuildProgram)            \
    X(clCreateKernel)            \
    X(clSetKernelArg)            \
    X(clEnqueueNDRangeKernel)    \
    X(clEnqueueWriteBuffer)      \
    X(clEnqueueReadBuffer)       \
    X(clWaitForEvents)           \
    X(clFlush)                   \
    X(clFinish)

enum spy_call {
#define SPY_CALL(name) SPY_##name,
    SPY_CALL_LIST(SPY_CALL)
#undef SPY_CALL
        SPY_CALLS
};

typedef struct spy_counts {
    int calls[SPY_CALLS];
    int copies;     /* clEnqueueCopy*, clEnqueueFillBuffer, clEnqueueMap* */
    int live;       /* objects created or retained, less those released */
    int transfers;  /* clEnqueueWriteBuffer and clEnqueueReadBuffer */
    int blocking;   /* of them: those that wait until they are done */
    size_t bytes;   /* sum of the sizes given to clCreateBuffer */
    size_t largest; /* of them */
} spy_counts;

/* Since the program's start; take differences. */
extern spy_counts spy;

/* Of the waits for a transfer since it was set to INT_MAX: the fewest transfers that had been enqueued
 * behind the one that was waited for. Waits for one more than 64 transfers back do not count. */
extern int spy_least_behind;

/* ---- failures ---- */

/* The number-th call from now on, counting from 1, fails; every other call is forwarded. */
void spy_fail(enum spy_call call, int number);

/* Whether it has, or is still to come; in that case it will not. */
bool spy_failed(void);

/* ---- memory ---- */

typedef struct spy_memory {
    cl_mem handle; /* NULL: released */
    cl_mem parent; /* NULL: an allocation of its own */
    size_t origin; /* bytes from the parent's start */
    size_t bytes;
} spy_memory;

#define SPY_MOST_MEMORIES 4096

extern spy_memory spy_memories[SPY_MOST_MEMORIES]; /* in order of creation */
extern int spy_memories_count;

/* NULL where there is no such object. */
const spy_memory *spy_memory_of(cl_mem handle);

/* What the memory holds when all that has been enqueued is done. Counts nowhere. */
void spy_read(cl_command_queue queue, cl_mem handle, size_t offset, void *data, size_t bytes);

/* ---- launches ---- */

#define SPY_MOST_ARGUMENTS 16
#define SPY_NAME_LENGTH 48

typedef struct spy_launch {
    char name[SPY_NAME_LENGTH];
    size_t global[2];
    size_t local[2];
    cl_command_queue queue;
    cl_mem memories[SPY_MOST_ARGUMENTS]; /* arguments that are memory, in order */
    int memories_count;
} spy_launch;

/* Called after every launch that was enqueued; NULL: nothing is. */
extern void (*spy_hook)(const spy_launch *launch);

bool spy_launch_uses(const spy_launch *launch, cl_mem handle);

#endif
