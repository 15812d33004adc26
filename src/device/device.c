/* device.c - opens a device, or wraps the one that an application has open.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/device.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/piece.h"
#include "device/available.h"
#include "device/info.h"
#include "device/program.h"
#include "device/program_cache.h"
#include "device/survey.h"
#include "device/trace.h"
#include "filigree_opencl.h"

static bool matches(const fg_device_info *info, int index, const char *match)
{
    if (strspn(match, "0123456789") == strlen(match))
        return strtol(match, NULL, 10) == index;
    return strcasestr(info->platform, match) != NULL ||
           strcasestr(info->platform_version, match) != NULL ||
           strcasestr(info->name, match) != NULL;
}

/* Appends why devices that one might expect are left out. */
static void append_problems(fg_text *text, const fg_survey *survey)
{
    for (int i = 0; i < survey->platform_count; ++i)
        if (survey->platforms[i].problem[0] != '\0')
            fg_text_append(text, "; %s: %s", survey->platforms[i].name,
                           survey->platforms[i].problem);
}

/* Index of the first device that match names; NULL names any. */
static fg_status choose(int *out, const fg_survey *survey, const char *match)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *list = NULL;

    for (*out = 0; *out < survey->count; ++*out)
        if (match == NULL || matches(&survey->infos[*out], *out, match))
            return FG_OK;
    for (int i = 0; i < survey->count; ++i)
        fg_text_append(&text, "%s%d: %s, %s", i > 0 ? "; " : "", i, survey->infos[i].platform,
                       survey->infos[i].name);
    append_problems(&text, survey);
    FG_TRY(fg_text_take(&list, &text));
    FG_CHECK(survey->count > 0, FG_ERR_DEVICE, "no OpenCL platform has a device%s", list);
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

/* At a net's first use. */
#define TUNING_SECONDS 2.0 /* less than its kernels take to compile */
#define MOST_TUNING_SECONDS 3600.0

fg_status fg_device_tuning_seconds(double *out, const char *text, const char *what)
{
    fg_status status = FG_OK;

    *out = 0.0;
    FG_REQUIRE(text != NULL && what != NULL, "a time of tuning without a text or a name");
    if (strcmp(text, "off") != 0)
        FG_TRY(fg_piece_decimal(out, what, fg_piece_of(text), 0.0, MOST_TUNING_SECONDS,
                                "of seconds from 0 to 3600, or off"));

cleanup:
    return status;
}

static fg_status set_tuning(fg_device *device, const fg_device_config *config)
{
    fg_status status = FG_OK;
    const char *seconds = fg_env_tune();

    if (config->tuning != NULL) {
        device->tuning = fg_text_copy(config->tuning);
        FG_CHECK(device->tuning != NULL, FG_ERR_MEMORY, "no memory for the name of a file");
    }
    device->tuning_seconds = TUNING_SECONDS;
    if (config->tuning_seconds >= 0.0)
        device->tuning_seconds = config->tuning_seconds;
    else if (seconds != NULL)
        FG_TRY(fg_device_tuning_seconds(&device->tuning_seconds, seconds, "FG_TUNE"));

cleanup:
    return status;
}

/* A device without context and queue. */
static fg_status device_start(fg_device **out, fg_place place, const fg_device_config *config)
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
    FG_TRY(set_tuning(device, config));
    FG_TRY(fg_info_read(&device->info, place.platform, place.id));
    device->is_cpu = strcmp(device->info.kind, "CPU") == 0;
    FG_TRY(fg_program_cache_wanted(&device->keeps_programs, &device->info));
    *out = device;
    device = NULL;

cleanup:
    fg_device_free(device);
    return status;
}

/* What needs the context. */
static void device_complete(fg_device *device)
{
    if (device->is_cpu)
        fg_program_try_prefetch(device);
    fg_log_line(&device->log, FG_LOG_INFO, "device: %s, %s, driver %s, %d compute units",
                device->info.platform, device->info.name, device->info.driver,
                device->info.compute_units);
}

static fg_status device_create(fg_device **out, const fg_device_config *config, bool traced)
{
    fg_status status = FG_OK;
    fg_device_config c;
    fg_survey survey = {0};
    fg_device *device = NULL;
    cl_int code = CL_SUCCESS;
    int index = 0;

    *out = NULL;
    FG_TRY(read_config(&c, config));
    FG_TRY(fg_survey_make(&survey));
    FG_TRY(choose(&index, &survey, c.match != NULL ? c.match : fg_env_device()));
    FG_TRY(device_start(&device, survey.places[index], &c));
    if (fg_env_trace() != NULL || traced)
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
    fg_survey_free(&survey);
    return status;
}

fg_status fg_device_create(fg_device **out, const fg_device_config *config)
{
    return device_create(out, config, false);
}

fg_status fg_device_create_traced(fg_device **out, const fg_device_config *config)
{
    return device_create(out, config, true);
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
    fg_place place = {NULL, id};
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
    fg_text_free(device->tuning);
    free(device);
}

const fg_device_info *fg_device_information(const fg_device *device)
{
    return &device->info;
}

size_t fg_device_memory(const fg_device *device)
{
    const size_t held = atomic_load(&device->held_bytes), all = device->info.memory_bytes;
    const size_t left = held < all ? all - held : 1;
    const size_t free_now = device->is_cpu ? fg_available_to_device("") : SIZE_MAX;

    return left < free_now ? left : free_now;
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
