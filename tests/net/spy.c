/* spy.c - the calls that make, retain, release and launch, forwarded to the real ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include "spy_real.h"

#include <string.h>

spy_counts spy;
spy_memory spy_memories[SPY_MOST_MEMORIES];
int spy_memories_count;
void (*spy_hook)(const spy_launch *launch);

/* ---- failures ---- */

static enum spy_call fail_call;
static int fail_number; /* 0: none */

void spy_fail(enum spy_call call, int number)
{
    fail_call = call;
    fail_number = number;
}

bool spy_failed(void)
{
    const bool failed = fail_number == 0;
    fail_number = 0;
    return failed;
}

bool spy_fails(enum spy_call call)
{
    ++spy.calls[call];
    if (fail_number == 0 || call != fail_call)
        return false;
    return --fail_number == 0;
}

static void set(cl_int *code, cl_int value)
{
    if (code != NULL)
        *code = value;
}

/* An object that may have been made. */
static void count_live(const void *object)
{
    spy.live += object != NULL;
}

/* ---- memory ---- */

static void add_memory(cl_mem handle, cl_mem parent, size_t origin, size_t bytes)
{
    if (handle == NULL)
        return;
    SPY_EXPECT(spy_memories_count < SPY_MOST_MEMORIES);
    spy_memories[spy_memories_count++] = (spy_memory){handle, parent, origin, bytes};
    ++spy.live;
}

const spy_memory *spy_memory_of(cl_mem handle)
{
    for (int i = spy_memories_count - 1; i >= 0; --i)
        if (spy_memories[i].handle == handle)
            return &spy_memories[i];
    return NULL;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t bytes, void *host,
                      cl_int *code)
{
    SPY_REAL(clCreateBuffer)
    if (spy_fails(SPY_clCreateBuffer)) {
        set(code, CL_MEM_OBJECT_ALLOCATION_FAILURE);
        return NULL;
    }
    cl_mem memory = real(context, flags, bytes, host, code);
    spy.bytes += bytes;
    if (bytes > spy.largest)
        spy.largest = bytes;
    add_memory(memory, NULL, 0, bytes);
    return memory;
}

cl_mem clCreateSubBuffer(cl_mem parent, cl_mem_flags flags, cl_buffer_create_type type,
                         const void *info, cl_int *code)
{
    SPY_REAL(clCreateSubBuffer)
    const cl_buffer_region *region = info;
    if (spy_fails(SPY_clCreateSubBuffer)) {
        set(code, CL_OUT_OF_RESOURCES);
        return NULL;
    }
    cl_mem memory = real(parent, flags, type, info, code);
    add_memory(memory, parent, region->origin, region->size);
    return memory;
}

cl_int clReleaseMemObject(cl_mem memory)
{
    SPY_REAL(clReleaseMemObject)
    for (int i = 0; i < spy_memories_count; ++i)
        if (spy_memories[i].handle == memory)
            spy_memories[i].handle = NULL;
    while (spy_memories_count > 0 && spy_memories[spy_memories_count - 1].handle == NULL)
        --spy_memories_count;
    --spy.live;
    return real(memory);
}

void spy_read(cl_command_queue queue, cl_mem handle, size_t offset, void *data, size_t bytes)
{
    SPY_REAL(clEnqueueReadBuffer)
    ck_assert_int_eq(real(queue, handle, CL_TRUE, offset, bytes, data, 0, NULL, NULL),
                     CL_SUCCESS);
}

/* ---- what is made, retained and released ---- */

cl_context clCreateContext(const cl_context_properties *properties, cl_uint count,
                           const cl_device_id *devices,
                           void(CL_CALLBACK *notify)(const char *, const void *, size_t,
                                                     void *),
                           void *user, cl_int *code)
{
    SPY_REAL(clCreateContext)
    cl_context context = real(properties, count, devices, notify, user, code);
    count_live(context);
    return context;
}

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device,
                                      cl_command_queue_properties properties, cl_int *code)
{
    SPY_REAL(clCreateCommandQueue)
    cl_command_queue queue = real(context, device, properties, code);
    count_live(queue);
    return queue;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts,
                                     const size_t *lengths, cl_int *code)
{
    SPY_REAL(clCreateProgramWithSource)
    if (spy_fails(SPY_clCreateProgramWithSource)) {
        set(code, CL_OUT_OF_HOST_MEMORY);
        return NULL;
    }
    cl_program program = real(context, count, texts, lengths, code);
    count_live(program);
    return program;
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices,
                      const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                      void *user)
{
    SPY_REAL(clBuildProgram)
    if (spy_fails(SPY_clBuildProgram))
        return CL_BUILD_PROGRAM_FAILURE;
    return real(program, count, devices, options, notify, user);
}

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *code)
{
    SPY_REAL(clCreateKernel)
    if (spy_fails(SPY_clCreateKernel)) {
        set(code, CL_OUT_OF_RESOURCES);
        return NULL;
    }
    cl_kernel kernel = real(program, name, code);
    count_live(kernel);
    return kernel;
}

#define SPY_RETAIN(name, type) \
    cl_int name(type object)   \
    {                          \
        SPY_REAL(name)         \
        ++spy.live;            \
        return real(object);   \
    }
#define SPY_RELEASE(name, type) \
    cl_int name(type object)    \
    {                           \
        SPY_REAL(name)          \
        --spy.live;             \
        return real(object);    \
    }
SPY_RETAIN(clRetainContext, cl_context)
SPY_RETAIN(clRetainCommandQueue, cl_command_queue)
SPY_RETAIN(clRetainEvent, cl_event)
SPY_RETAIN(clRetainMemObject, cl_mem)
SPY_RETAIN(clRetainKernel, cl_kernel)
SPY_RETAIN(clRetainProgram, cl_program)
SPY_RELEASE(clReleaseContext, cl_context)
SPY_RELEASE(clReleaseCommandQueue, cl_command_queue)
SPY_RELEASE(clReleaseEvent, cl_event)
SPY_RELEASE(clReleaseProgram, cl_program)

/* ---- kernels and their arguments ---- */

#define MOST_KERNELS 256

static struct kernel {
    cl_kernel handle;
    cl_mem arguments[SPY_MOST_ARGUMENTS]; /* NULL: not memory */
} kernels[MOST_KERNELS];
static int kernels_count;

static struct kernel *kernel_of(cl_kernel handle)
{
    for (int i = 0; i < kernels_count; ++i)
        if (kernels[i].handle == handle)
            return &kernels[i];
    SPY_EXPECT(kernels_count < MOST_KERNELS);
    kernels[kernels_count] = (struct kernel){.handle = handle};
    return &kernels[kernels_count++];
}

cl_int clReleaseKernel(cl_kernel kernel)
{
    SPY_REAL(clReleaseKernel)
    struct kernel *entry = kernel_of(kernel);
    *entry = kernels[--kernels_count];
    --spy.live;
    return real(kernel);
}

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t bytes, const void *value)
{
    SPY_REAL(clSetKernelArg)
    cl_mem memory = NULL;
    if (spy_fails(SPY_clSetKernelArg))
        return CL_OUT_OF_RESOURCES;
    SPY_EXPECT(index < SPY_MOST_ARGUMENTS);
    if (bytes == sizeof memory && value != NULL)
        memcpy(&memory, value, sizeof memory);
    kernel_of(kernel)->arguments[index] =
        memory != NULL && spy_memory_of(memory) != NULL ? memory : NULL;
    return real(kernel, index, bytes, value);
}

bool spy_launch_uses(const spy_launch *launch, cl_mem handle)
{
    for (int i = 0; i < launch->memories_count; ++i)
        if (launch->memories[i] == handle)
            return true;
    return false;
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *offset, const size_t *global, const size_t *local,
                              cl_uint waits, const cl_event *wait, cl_event *event)
{
    SPY_REAL(clEnqueueNDRangeKernel)
    if (spy_fails(SPY_clEnqueueNDRangeKernel))
        return CL_OUT_OF_RESOURCES;
    const cl_int code =
        real(queue, kernel, dimensions, offset, global, local, waits, wait, event);
    if (code == CL_SUCCESS && event != NULL)
        ++spy.live;
    if (code == CL_SUCCESS && spy_hook != NULL) {
        const struct kernel *arguments = kernel_of(kernel);
        spy_launch launch = {.queue = queue};
        SPY_EXPECT(dimensions == 2);
        memcpy(launch.global, global, sizeof launch.global);
        memcpy(launch.local, local, sizeof launch.local);
        SPY_EXPECT(clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof launch.name,
                                   launch.name, NULL) == CL_SUCCESS);
        for (int i = 0; i < SPY_MOST_ARGUMENTS; ++i)
            if (arguments->arguments[i] != NULL)
                launch.memories[launch.memories_count++] = arguments->arguments[i];
        spy_hook(&launch);
    }
    return code;
}
