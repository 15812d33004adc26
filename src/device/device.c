/* device.c - lists the devices, opens one, and wraps the one that an application has open.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/device.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "device/info.h"
#include "device/program.h"
#include "device/trace.h"
#include "filigree_opencl.h"

#define NO_PLATFORM \
    (-1001) /* CL_PLATFORM_NOT_FOUND_KHR of cl_khr_icd: the loader found no driver */

struct place {
    cl_platform_id platform;
    cl_device_id id;
};

/* Every device of every platform: places and infos have count entries each, for free(). */
struct survey {
    struct place *places;
    fg_device_info *infos;
    int count;
};

static void survey_free(struct survey *survey)
{
    free(survey->places);
    free(survey->infos);
    *survey = (struct survey){0};
}

static fg_status list_platforms(cl_platform_id **out, cl_uint *count)
{
    fg_status status = FG_OK;
    cl_platform_id *platforms = NULL;
    const cl_int code = clGetPlatformIDs(0, NULL, count);

    *out = NULL;
    FG_CHECK(code != NO_PLATFORM && (code != CL_SUCCESS || *count > 0), FG_ERR_DEVICE,
             "no OpenCL platform is installed (on Debian, pocl-opencl-icd is one for any CPU)");
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "clGetPlatformIDs: %s (%d)",
             fg_opencl_name(code), (int)code);
    FG_ALLOC(platforms, *count);
    FG_TRY_CL(clGetPlatformIDs(*count, platforms, NULL));
    *out = platforms;
    platforms = NULL;

cleanup:
    free(platforms);
    return status;
}

/* Appends the devices of one platform, which may have none. */
static fg_status survey_platform(struct survey *survey, cl_platform_id platform)
{
    fg_status status = FG_OK;
    cl_device_id *ids = NULL;
    struct place *places;
    fg_device_info *infos;
    cl_uint count = 0;
    const cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);

    if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && count == 0))
        return FG_OK;
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "clGetDeviceIDs: %s (%d)", fg_opencl_name(code),
             (int)code);
    FG_ALLOC(ids, count);
    FG_TRY_CL(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids, NULL));

    places = reallocarray(survey->places, (size_t)survey->count + count, sizeof *places);
    FG_CHECK(places != NULL, FG_ERR_MEMORY, "no memory for %u devices", count);
    survey->places = places;
    infos = reallocarray(survey->infos, (size_t)survey->count + count, sizeof *infos);
    FG_CHECK(infos != NULL, FG_ERR_MEMORY, "no memory for %u devices", count);
    survey->infos = infos;
    for (cl_uint i = 0; i < count; ++i) {
        FG_TRY(fg_info_read(&infos[survey->count], platform, ids[i]));
        places[survey->count] = (struct place){platform, ids[i]};
        ++survey->count;
    }

cleanup:
    free(ids);
    return status;
}

static fg_status survey_all(struct survey *survey)
{
    fg_status status = FG_OK;
    cl_platform_id *platforms = NULL;
    cl_uint count = 0;

    *survey = (struct survey){0};
    FG_TRY(list_platforms(&platforms, &count));
    for (cl_uint i = 0; i < count; ++i)
        FG_TRY(survey_platform(survey, platforms[i]));

cleanup:
    if (status != FG_OK)
        survey_free(survey);
    free(platforms);
    return status;
}

fg_status fg_device_list(fg_device_info **out, int *count)
{
    fg_status status = FG_OK;
    struct survey survey = {0};

    *out = NULL;
    *count = 0;
    FG_TRY(survey_all(&survey));
    *out = survey.infos;
    *count = survey.count;
    survey.infos = NULL;

cleanup:
    survey_free(&survey);
    return status;
}

void fg_device_list_free(fg_device_info *list)
{
    free(list);
}

static bool matches(const fg_device_info *info, int index, const char *match)
{
    if (strspn(match, "0123456789") == strlen(match))
        return strtol(match, NULL, 10) == index;
    return strcasestr(info->platform, match) != NULL ||
           strcasestr(info->platform_version, match) != NULL ||
           strcasestr(info->name, match) != NULL;
}

/* Index of the first device that match names; NULL names any. */
static fg_status choose(int *out, const struct survey *survey, const char *match)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *list = NULL;

    FG_CHECK(survey->count > 0, FG_ERR_DEVICE, "no OpenCL platform has a device");
    for (*out = 0; *out < survey->count; ++*out)
        if (match == NULL || matches(&survey->infos[*out], *out, match))
            return FG_OK;
    for (int i = 0; i < survey->count; ++i)
        fg_text_append(&text, "%s%d: %s, %s", i > 0 ? "; " : "", i, survey->infos[i].platform,
                       survey->infos[i].name);
    FG_TRY(fg_text_take(&list, &text));
    status = fg_fail(FG_ERR_ARGUMENT, "no device matches \"%s\"; there are %s", match, list);

cleanup:
    fg_text_free(list);
    return status;
}

static fg_status read_config(fg_device_config *out, const fg_device_config *config)
{
    fg_status status = FG_OK;
    const fg_device_config initial = FG_DEVICE_CONFIG_INIT;

    *out = initial;
    if (config == NULL)
        return FG_OK;
    FG_REQUIRE(config->struct_size == sizeof *config,
               "struct_size of the device's config is %zu, expected %zu", config->struct_size,
               sizeof *config);
    *out = *config;

cleanup:
    return status;
}

/* A device without context and queue. */
static fg_status device_start(fg_device **out, struct place place,
                              const fg_device_config *config)
{
    fg_status status = FG_OK;
    fg_device *device = NULL;

    *out = NULL;
    FG_ALLOC(device, 1);
    device->programs_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    device->platform = place.platform;
    device->id = place.id;
    device->log = (fg_log){config->log, config->log_user};
    device->poison = fg_env_poison();
    FG_TRY(fg_info_read(&device->info, place.platform, place.id));
    device->is_cpu = strcmp(device->info.kind, "CPU") == 0;
    *out = device;
    device = NULL;

cleanup:
    fg_device_free(device);
    return status;
}

/* What needs the context. */
static void device_complete(fg_device *device)
{
    device->prefetch = device->is_cpu && fg_program_takes_prefetch(device);
    fg_log_line(&device->log, FG_LOG_INFO, "device: %s, %s, driver %s, %d compute units",
                device->info.platform, device->info.name, device->info.driver,
                device->info.compute_units);
}

fg_status fg_device_create(fg_device **out, const fg_device_config *config)
{
    fg_status status = FG_OK;
    fg_device_config c;
    struct survey survey = {0};
    fg_device *device = NULL;
    cl_int code = CL_SUCCESS;
    int index = 0;

    *out = NULL;
    FG_TRY(read_config(&c, config));
    FG_TRY(survey_all(&survey));
    FG_TRY(choose(&index, &survey, c.match != NULL ? c.match : fg_env_device()));
    FG_TRY(device_start(&device, survey.places[index], &c));
    if (fg_env_trace() != NULL)
        FG_TRY(fg_trace_create(&device->trace, fg_env_trace()));

    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)device->platform, 0};
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &code);
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "clCreateContext: %s (%d)",
             fg_opencl_name(code), (int)code);
    device->queue =
        clCreateCommandQueue(device->context, device->id,
                             device->trace != NULL ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "clCreateCommandQueue: %s (%d)",
             fg_opencl_name(code), (int)code);
    device_complete(device);
    *out = device;
    device = NULL;

cleanup:
    fg_device_free(device);
    survey_free(&survey);
    return status;
}

/* Whether queue is one that fg_device_create_opencl takes; profiled says if it records times.
 */
static fg_status check_queue(bool *profiled, cl_context context, cl_device_id id,
                             cl_command_queue queue)
{
    fg_status status = FG_OK;
    cl_context queue_context = NULL;
    cl_device_id queue_id = NULL;
    cl_command_queue_properties properties = 0;

    FG_TRY_CL(clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof queue_context,
                                    &queue_context, NULL));
    FG_TRY_CL(clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof queue_id, &queue_id, NULL));
    FG_TRY_CL(clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties,
                                    NULL));
    FG_REQUIRE(queue_context == context, "the queue belongs to another context");
    FG_REQUIRE(queue_id == id, "the queue belongs to another device");
    FG_REQUIRE(!(properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE),
               "the queue is out of order, expected one in order");
    *profiled = (properties & CL_QUEUE_PROFILING_ENABLE) != 0;

cleanup:
    return status;
}

fg_status fg_device_create_opencl(fg_device **out, cl_context context, cl_device_id id,
                                  cl_command_queue queue, const fg_device_config *config)
{
    fg_status status = FG_OK;
    fg_device_config c;
    fg_device *device = NULL;
    struct place place = {NULL, id};
    bool profiled = false;

    *out = NULL;
    FG_REQUIRE(context != NULL && id != NULL && queue != NULL,
               "context, device or queue is NULL, expected all three");
    FG_TRY(read_config(&c, config));
    FG_TRY(check_queue(&profiled, context, id, queue));
    FG_TRY_CL(
        clGetDeviceInfo(id, CL_DEVICE_PLATFORM, sizeof place.platform, &place.platform, NULL));
    FG_TRY(device_start(&device, place, &c));
    FG_TRY_CL(clRetainContext(context));
    device->context = context;
    FG_TRY_CL(clRetainCommandQueue(queue));
    device->queue = queue;
    if (fg_env_trace() != NULL && profiled)
        FG_TRY(fg_trace_create(&device->trace, fg_env_trace()));
    else if (fg_env_trace() != NULL)
        fg_log_line(&device->log, FG_LOG_WARN, "FG_TRACE: the queue does not record times");
    device_complete(device);
    *out = device;
    device = NULL;

cleanup:
    fg_device_free(device);
    return status;
}

void fg_device_free(fg_device *device)
{
    if (device == NULL)
        return;
    if (device->queue != NULL)
        clFinish(device->queue);
    if (device->trace != NULL && fg_trace_finish(device->trace, &device->log) != FG_OK)
        fg_log_line(&device->log, FG_LOG_WARN, "%s", fg_error_message());
    fg_program_free_all(device->programs);
    if (device->queue != NULL)
        clReleaseCommandQueue(device->queue);
    if (device->context != NULL)
        clReleaseContext(device->context);
    pthread_mutex_destroy(&device->programs_lock);
    free(device);
}

const fg_device_info *fg_device_information(const fg_device *device)
{
    return &device->info;
}

fg_status fg_device_flush(fg_device *device)
{
    fg_status status = FG_OK;

    FG_TRY_CL(clFlush(device->queue));

cleanup:
    return status;
}

fg_status fg_device_finish(fg_device *device)
{
    fg_status status = FG_OK;

    FG_TRY_CL(clFinish(device->queue));

cleanup:
    return status;
}
