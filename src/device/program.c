/* program.c - builds programs from the embedded kernel sources, or from FG_CL_DIR.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "device/program_cache.h"
#include "device/program_text.h"

struct fg_program {
    fg_program *next;
    cl_program program;
    char *key; /* file and options */
};

static const struct {
    const char *file;
    const char *name;
    bool plain;
} kernels[FG_KERNELS] = {
#define FG_KERNEL(file, kernel) {#file, #kernel, false},
#define FG_PLAIN_KERNEL(file, kernel) {#file, #kernel, true},
#include "cl/kernels.def"
#undef FG_PLAIN_KERNEL
#undef FG_KERNEL
};

const char *fg_kernel_name(enum fg_kernel_id id)
{
    return kernels[id].name;
}

const char *fg_kernel_file(enum fg_kernel_id id)
{
    return kernels[id].file;
}

/* The source that has the kernel. One for all that are plain is not to be found in a folder. */
static const char *source_of(enum fg_kernel_id id, const char *options)
{
    const bool plain = kernels[id].plain && options[0] == '\0' && fg_env_cl_dir() == NULL;
    return plain ? FG_PROGRAM_TEXT_PLAIN : kernels[id].file;
}

/* What is to be logged when the lock is free again, for the log function may call the library. */
typedef struct build_report {
    char *build; /* lines; NULL: nothing was built */
    fg_program_note cache;
} build_report;

static void log_report(const fg_device *device, fg_log_level level, build_report *report)
{
    char *rest = NULL;

    if (report->cache.line[0] != '\0')
        fg_log_line(&device->log, report->cache.level, "%s", report->cache.line);
    for (char *line = report->build == NULL ? NULL : strtok_r(report->build, "\n", &rest);
         line != NULL; line = strtok_r(NULL, "\n", &rest))
        fg_log_line(&device->log, level, "%s", line);
    free(report->build);
}

/* The whole build log becomes the report, its first error (else its first line) the message. */
static fg_status build_failed(char **log, cl_program program, const fg_program_id *id,
                              cl_int code)
{
    fg_status status = FG_OK;
    char *text = NULL;
    char *rest = NULL;
    const char *first = NULL, *error = NULL;
    size_t bytes = 0;

    FG_TRY_CL(
        clGetProgramBuildInfo(program, id->device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes));
    FG_ALLOC(text, bytes + 1);
    FG_TRY_CL(clGetProgramBuildInfo(program, id->device->id, CL_PROGRAM_BUILD_LOG, bytes, text,
                                    NULL));
    *log = fg_text_copy(text);
    if (*log == NULL) {
        status = FG_ERR_MEMORY;
        goto cleanup;
    }
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (first == NULL)
            first = line;
        if (error == NULL && strstr(line, "error") != NULL)
            error = line;
    }
    if (error == NULL)
        error = first != NULL ? first : "the driver gives no reason";
    status = fg_fail(FG_ERR_DEVICE, "%s.cl does not build: %s (%d): %s", id->name,
                     fg_opencl_name(code), (int)code, error);

cleanup:
    free(text);
    return status;
}

static fg_status build_text(cl_program *out, char **log, const fg_program_id *id)
{
    fg_status status = FG_OK;
    const char *text = id->text;
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;

    *out = NULL;
    program = clCreateProgramWithSource(id->device->context, 1, &text, NULL, &code);
    FG_TRY_CL(code);
    code = clBuildProgram(program, 1, &id->device->id, id->options, NULL, NULL);
    if (code != CL_SUCCESS)
        FG_TRY(build_failed(log, program, id, code));
    *out = program;
    program = NULL;

cleanup:
    if (program != NULL)
        clReleaseProgram(program);
    return status;
}

/* From the cache or from its text. What a file in FG_CL_DIR includes is not known here, so that none of
 * them is kept. */
static fg_status build(cl_program *out, build_report *report, const fg_device *device,
                       const char *name, const char *options)
{
    fg_status status = FG_OK;
    const bool cached = device->keeps_programs && fg_env_cl_dir() == NULL;
    char *text = NULL;
    fg_text line = {0};

    *out = NULL;
    FG_TRY(fg_program_text_read(&text, name));
    const fg_program_id id = {device, name, text, options};
    if (cached)
        *out = fg_program_cache_load(&report->cache, &id);
    fg_text_append(&line, "%s %s.cl %s", *out != NULL ? "loaded" : "built", name, options);
    if (*out == NULL) {
        FG_TRY(build_text(out, &report->build, &id));
        if (cached)
            fg_program_cache_store(&report->cache, &id, *out);
    }
    FG_TRY(fg_text_take(&report->build, &line));

cleanup:
    if (status != FG_OK && *out != NULL) {
        clReleaseProgram(*out);
        *out = NULL;
    }
    fg_text_free(line.data);
    fg_text_free(text);
    return status;
}

/* Whether a program of that key has the kernels of this one: text and options, and maybe more of them. */
static bool serves(const char *key, const char *wanted)
{
    const size_t length = strlen(wanted);
    return strncmp(key, wanted, length) == 0 && (key[length] == '\0' || key[length] == ' ');
}

/* The device's program of this text and these options, made now if need be. Under its lock. */
static fg_status find_program(cl_program *out, build_report *report, fg_device *device,
                              const char *name, const char *options)
{
    fg_status status = FG_OK;
    fg_program *entry = NULL;
    fg_text text = {0};
    char *full = NULL, *key = NULL;

    *out = NULL;
    FG_TRY(fg_program_text_options(&full, device, options));
    fg_text_append(&text, "%s.cl %s", name, full);
    FG_TRY(fg_text_take(&key, &text));
    for (entry = device->programs; entry != NULL; entry = entry->next) {
        if (serves(entry->key, key)) {
            *out = entry->program;
            entry = NULL;
            goto cleanup;
        }
    }
    FG_ALLOC(entry, 1);
    FG_TRY(build(&entry->program, report, device, name, full));
    *out = entry->program;
    entry->key = key;
    entry->next = device->programs;
    device->programs = entry;
    key = NULL;
    entry = NULL;

cleanup:
    free(entry);
    fg_text_free(key);
    fg_text_free(full);
    return status;
}

fg_status fg_kernel_create(fg_kernel **out, fg_device *device, enum fg_kernel_id id,
                           const char *options)
{
    fg_status status = FG_OK;
    fg_kernel *kernel = NULL;
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;
    build_report report = {0};

    *out = NULL;
    FG_ALLOC(kernel, 1);
    kernel->device = device;
    kernel->id = id;
    pthread_mutex_lock(&device->programs_lock);
    status = find_program(&program, &report, device, source_of(id, options), options);
    if (status == FG_OK)
        kernel->kernel = clCreateKernel(program, fg_kernel_name(id), &code);
    pthread_mutex_unlock(&device->programs_lock);
    log_report(device, status == FG_OK ? FG_LOG_DEBUG : FG_LOG_ERROR, &report);
    FG_TRY(status);
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "kernel %s of %s.cl: %s (%d)",
             fg_kernel_name(id), fg_kernel_file(id), fg_opencl_name(code), (int)code);
    *out = kernel;
    kernel = NULL;

cleanup:
    fg_kernel_free(kernel);
    return status;
}

void fg_kernel_free(fg_kernel *kernel)
{
    if (kernel == NULL)
        return;
    if (kernel->kernel != NULL)
        clReleaseKernel(kernel->kernel);
    free(kernel);
}

void fg_program_try_prefetch(fg_device *device)
{
    cl_program program = NULL;
    build_report report = {0};

    pthread_mutex_lock(&device->programs_lock);
    device->prefetch = true;
    device->prefetch = find_program(&program, &report, device,
                                    source_of(FG_KERNEL_prefetch_try, ""), "") == FG_OK;
    pthread_mutex_unlock(&device->programs_lock);
    log_report(device, FG_LOG_DEBUG, &report);
}

void fg_program_free_all(fg_program *programs)
{
    while (programs != NULL) {
        fg_program *next = programs->next;
        clReleaseProgram(programs->program);
        fg_text_free(programs->key);
        free(programs);
        programs = next;
    }
}
