/* program.c - builds programs from the embedded kernel sources, or from FG_CL_DIR.
 *
 * Common options never change bits: no -cl-fast-relaxed-math, no -cl-mad-enable.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "device/embedded.h"

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
    return plain ? "plain" : kernels[id].file;
}

/* The text of folder/name.cl. Its includes are left to the driver. */
static fg_status read_source(char **out, const char *folder, const char *name)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *path = NULL;
    FILE *file = NULL;
    char line[1024];

    *out = NULL;
    fg_text_append(&text, "%s/%s.cl", folder, name);
    FG_TRY(fg_text_take(&path, &text));
    file = fopen(path, "re");
    FG_CHECK(file != NULL, FG_ERR_FILE, "%s: cannot be opened (FG_CL_DIR)", path);
    fg_text_append(&text, "#line 1 \"%s.cl\"\n", name);
    while (fgets(line, sizeof line, file) != NULL)
        fg_text_append(&text, "%s", line);
    FG_CHECK(!ferror(file), FG_ERR_FILE, "%s: cannot be read (FG_CL_DIR)", path);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    if (file != NULL)
        fclose(file);
    fg_text_free(path);
    fg_text_free(text.data);
    return status;
}

static fg_status find_source(char **out, const char *name)
{
    const char *folder = fg_env_cl_dir();

    *out = NULL;
    if (folder != NULL)
        return read_source(out, folder, name);
    for (const fg_embedded_file *file = fg_embedded_files; file->name != NULL; ++file) {
        if (strcmp(file->name, name) == 0) {
            *out = fg_text_copy(file->source);
            return *out != NULL ? FG_OK : FG_ERR_MEMORY;
        }
    }
    return fg_fail(FG_ERR_DEVICE, "kernel source %s.cl is not in the library", name);
}

static fg_status all_options(char **out, const fg_device *device, const char *options)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    const char *folder = fg_env_cl_dir();

    *out = NULL;
    FG_REQUIRE(folder == NULL || strpbrk(folder, " \t\"'\\") == NULL,
               "FG_CL_DIR is \"%s\": compilers take no blanks, quotes or backslashes in it",
               folder);
    fg_text_append(&text, "-cl-std=CL1.2");
    if (device->prefetch)
        fg_text_append(&text, " -D FG_CPU=1");
    if (folder != NULL)
        fg_text_append(&text, " -I %s", folder);
    if (options[0] != '\0')
        fg_text_append(&text, " %s", options);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    return status;
}

/* The whole build log becomes the report, its first error (else its first line) the message. */
static fg_status build_failed(char **report, const fg_device *device, cl_program program,
                              const char *name, cl_int code)
{
    fg_status status = FG_OK;
    char *text = NULL;
    char *rest = NULL;
    const char *first = NULL, *error = NULL;
    size_t bytes = 0;

    FG_TRY_CL(
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes));
    FG_ALLOC(text, bytes + 1);
    FG_TRY_CL(
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, bytes, text, NULL));
    *report = fg_text_copy(text);
    if (*report == NULL) {
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
    status = fg_fail(FG_ERR_DEVICE, "%s.cl does not build: %s (%d): %s", name,
                     fg_opencl_name(code), (int)code, error);

cleanup:
    free(text);
    return status;
}

static fg_status build(cl_program *out, char **report, const fg_device *device,
                       const char *name, const char *options)
{
    fg_status status = FG_OK;
    char *source = NULL;
    const char *text;
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;

    *out = NULL;
    FG_TRY(find_source(&source, name));
    text = source;
    program = clCreateProgramWithSource(device->context, 1, &text, NULL, &code);
    FG_TRY_CL(code);
    code = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (code != CL_SUCCESS)
        FG_TRY(build_failed(report, device, program, name, code));
    *out = program;
    program = NULL;

cleanup:
    if (program != NULL)
        clReleaseProgram(program);
    fg_text_free(source);
    return status;
}

/* The device's program of this file and these options, built now if need be. Under its lock.
 *
 * report  out, for free(): what is to be logged when the lock is free again; NULL: nothing */
static fg_status find_program(cl_program *out, char **report, fg_device *device,
                              const char *name, const char *options)
{
    fg_status status = FG_OK;
    fg_program *entry = NULL;
    fg_text text = {0};
    char *full = NULL, *key = NULL;

    *out = NULL;
    FG_TRY(all_options(&full, device, options));
    fg_text_append(&text, "%s.cl %s", name, full);
    FG_TRY(fg_text_take(&key, &text));
    for (entry = device->programs; entry != NULL; entry = entry->next) {
        if (strcmp(entry->key, key) == 0) {
            *out = entry->program;
            entry = NULL;
            goto cleanup;
        }
    }
    FG_ALLOC(entry, 1);
    FG_TRY(build(&entry->program, report, device, name, full));
    fg_text_append(&text, "built %s", key);
    *out = entry->program;
    entry->key = key;
    entry->next = device->programs;
    device->programs = entry;
    key = NULL;
    entry = NULL;
    FG_TRY(fg_text_take(report, &text));

cleanup:
    free(entry);
    fg_text_free(key);
    fg_text_free(full);
    return status;
}

/* The log function may call the library, so the lock must be free. */
static void log_report(const fg_device *device, fg_log_level level, char *report)
{
    char *rest = NULL;

    for (char *line = report == NULL ? NULL : strtok_r(report, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        fg_log_line(&device->log, level, "%s", line);
}

fg_status fg_kernel_create(fg_kernel **out, fg_device *device, enum fg_kernel_id id,
                           const char *options)
{
    fg_status status = FG_OK;
    fg_kernel *kernel = NULL;
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;
    char *report = NULL;

    *out = NULL;
    FG_ALLOC(kernel, 1);
    kernel->device = device;
    kernel->id = id;
    pthread_mutex_lock(&device->programs_lock);
    status = find_program(&program, &report, device, source_of(id, options), options);
    if (status == FG_OK)
        kernel->kernel = clCreateKernel(program, fg_kernel_name(id), &code);
    pthread_mutex_unlock(&device->programs_lock);
    log_report(device, status == FG_OK ? FG_LOG_DEBUG : FG_LOG_ERROR, report);
    FG_TRY(status);
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "kernel %s of %s.cl: %s (%d)",
             fg_kernel_name(id), fg_kernel_file(id), fg_opencl_name(code), (int)code);
    *out = kernel;
    kernel = NULL;

cleanup:
    free(report);
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
    char *report = NULL;

    pthread_mutex_lock(&device->programs_lock);
    device->prefetch = true;
    device->prefetch = find_program(&program, &report, device,
                                    source_of(FG_KERNEL_prefetch_try, ""), "") == FG_OK;
    pthread_mutex_unlock(&device->programs_lock);
    if (device->prefetch)
        log_report(device, FG_LOG_DEBUG, report);
    free(report);
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
