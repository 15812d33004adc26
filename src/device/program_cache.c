/* program_cache.c - built programs in files, for drivers that build every program anew.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/program_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cache.h"
#include "base/env.h"
#include "base/file.h"

/* PoCL and NVIDIA keep programs themselves; Oclgrind's depend on its command line, too. */
static const char *const excluded[] = {"Portable Computing Language", "NVIDIA", "Oclgrind"};

fg_status fg_program_cache_wanted(bool *out, const fg_device_info *info)
{
    fg_status status = FG_OK;
    const char *setting = fg_env_program_cache();

    *out = false;
    if (setting != NULL) {
        FG_REQUIRE(strcmp(setting, "on") == 0 || strcmp(setting, "off") == 0,
                   "FG_PROGRAM_CACHE is \"%s\", expected \"on\" or \"off\"", setting);
        *out = strcmp(setting, "on") == 0;
        return FG_OK;
    }
    for (size_t i = 0; i < sizeof excluded / sizeof *excluded; ++i)
        if (strstr(info->platform, excluded[i]) != NULL)
            return FG_OK;
    *out = true;

cleanup:
    return status;
}

static unsigned long checksum(const void *data, size_t bytes)
{
    return crc32_z(0, data, bytes);
}

/* ---- a file's lines ---- */

/* What a file is of, whatever version: its name comes from these lines. */
static fg_status subject_of(char **out, const fg_program_id *id)
{
    fg_text text = {0};

    fg_text_append(&text,
                   "filigree program\nplatform %s\ndevice %s\nprogram %s.cl\noptions %s\n",
                   id->device->info.platform, id->device->info.name, id->name, id->options);
    return fg_text_take(out, &text);
}

static fg_status version_of(char **out, const fg_program_id *id)
{
    const fg_device_info *info = &id->device->info;
    fg_text text = {0};

    fg_text_append(&text, "library %s, %s, driver %s, text of %zu bytes, checksum %08lx\n",
                   FG_VERSION_TEXT, info->platform_version, info->driver, strlen(id->text),
                   checksum(id->text, strlen(id->text)));
    return fg_text_take(out, &text);
}

static fg_status path_of(char **out, const char *subject)
{
    char name[64];

    snprintf(name, sizeof name, "program-%08lx.bin", checksum(subject, strlen(subject)));
    return fg_cache_path(out, name);
}

/* ---- loading ---- */

/* Steps over a line that is expected. */
static bool skip(const char **at, const char *end, const char *line)
{
    const size_t length = strlen(line);

    if ((size_t)(end - *at) < length || memcmp(*at, line, length) != 0)
        return false;
    *at += length;
    return true;
}

/* The binary of a file's content. NULL, and why, where there is none. */
static const char *find_binary(const char **why, size_t *bytes, const char *content,
                               size_t size, const char *subject, const char *version)
{
    const char *at = content, *const end = content + size;
    unsigned long sum = 0;
    int length = 0;

    *why = "is damaged";
    if (!skip(&at, end, subject))
        return NULL;
    if (!skip(&at, end, version)) {
        *why = "is of another library, driver or source";
        return NULL;
    }
    if (sscanf(at, "binary of %zu bytes, checksum %lx%n", bytes, &sum, &length) != 2 ||
        at[length] != '\n')
        return NULL;
    at += length + 1;
    return *bytes == (size_t)(end - at) && sum == checksum(at, *bytes) ? at : NULL;
}

static cl_program build_binary(const fg_program_id *id, const char *binary, size_t bytes)
{
    const unsigned char *data = (const unsigned char *)binary;
    cl_int binary_code = CL_SUCCESS, code = CL_SUCCESS;
    cl_program program = clCreateProgramWithBinary(id->device->context, 1, &id->device->id,
                                                   &bytes, &data, &binary_code, &code);

    if (program == NULL)
        return NULL;
    if (code == CL_SUCCESS && binary_code == CL_SUCCESS)
        code = clBuildProgram(program, 1, &id->device->id, id->options, NULL, NULL);
    if (code == CL_SUCCESS && binary_code == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

static void set_note(fg_program_note *note, fg_log_level level, const char *format,
                     const char *a, const char *b)
{
    note->level = level;
    snprintf(note->line, sizeof note->line, format, a, b);
}

static fg_status load(cl_program *out, fg_program_note *note, const fg_program_id *id)
{
    fg_status status = FG_OK;
    char *subject = NULL, *version = NULL, *path = NULL, *content = NULL;
    const char *binary, *why;
    size_t size = 0, bytes = 0;

    FG_TRY(subject_of(&subject, id));
    FG_TRY(version_of(&version, id));
    FG_TRY(path_of(&path, subject));
    if (!fg_file_exists(path))
        goto cleanup;
    FG_TRY(fg_file_read(&content, &size, path));
    binary = find_binary(&why, &bytes, content, size, subject, version);
    if (binary != NULL) {
        why = "is refused by the driver";
        *out = build_binary(id, binary, bytes);
    }
    if (*out == NULL)
        set_note(note, FG_LOG_INFO, "%s: %s, and made again", path, why);

cleanup:
    free(content);
    fg_text_free(path);
    fg_text_free(version);
    fg_text_free(subject);
    return status;
}

cl_program fg_program_cache_load(fg_program_note *note, const fg_program_id *id)
{
    cl_program program = NULL;

    if (load(&program, note, id) != FG_OK)
        set_note(note, FG_LOG_DEBUG, "%s%s",
                 "program not taken from the cache: ", fg_error_message());
    return program;
}

/* ---- storing ---- */

/* Number of the device among the program's, which may be all of an application's context. */
static fg_status find_device(cl_uint *out, cl_uint *devices, const fg_program_id *id,
                             cl_program program)
{
    fg_status status = FG_OK;
    cl_device_id *list = NULL;

    FG_TRY_CL(
        clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof *devices, devices, NULL));
    FG_ALLOC(list, *devices);
    FG_TRY_CL(
        clGetProgramInfo(program, CL_PROGRAM_DEVICES, *devices * sizeof *list, list, NULL));
    for (*out = 0; *out < *devices; ++*out)
        if (list[*out] == id->device->id)
            goto cleanup;
    status = fg_fail(FG_ERR_DEVICE, "the program is of other devices");

cleanup:
    free(list);
    return status;
}

/* For free(). */
static fg_status read_binary(unsigned char **out, size_t *bytes, const fg_program_id *id,
                             cl_program program)
{
    fg_status status = FG_OK;
    cl_uint devices = 0, index = 0;
    size_t *sizes = NULL;
    unsigned char **binaries = NULL; /* NULL: not wanted */

    FG_TRY(find_device(&index, &devices, id, program));
    FG_ALLOC(sizes, devices);
    FG_ALLOC(binaries, devices);
    FG_TRY_CL(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, devices * sizeof *sizes, sizes,
                               NULL));
    *bytes = sizes[index];
    FG_CHECK(*bytes > 0, FG_ERR_DEVICE, "the driver gives no binary");
    FG_ALLOC(*out, *bytes);
    binaries[index] = *out;
    FG_TRY_CL(clGetProgramInfo(program, CL_PROGRAM_BINARIES, devices * sizeof *binaries,
                               binaries, NULL));

cleanup:
    free(binaries);
    free(sizes);
    return status;
}

static fg_status write_file(const char *path, const char *subject, const char *version,
                            const unsigned char *binary, size_t bytes)
{
    fg_status status = FG_OK;
    fg_file *file = NULL;
    fg_text text = {0};
    char *lines = NULL;

    fg_text_append(&text, "%s%sbinary of %zu bytes, checksum %08lx\n", subject, version, bytes,
                   checksum(binary, bytes));
    FG_TRY(fg_text_take(&lines, &text));
    FG_TRY(fg_file_create(&file, path));
    FG_TRY(fg_file_write(file, lines, strlen(lines)));
    FG_TRY(fg_file_write(file, binary, bytes));
    FG_TRY(fg_file_commit(file));

cleanup:
    fg_file_free(file);
    fg_text_free(lines);
    return status;
}

static fg_status store(const fg_program_id *id, cl_program program)
{
    fg_status status = FG_OK;
    char *subject = NULL, *version = NULL, *path = NULL;
    unsigned char *binary = NULL;
    size_t bytes = 0;

    FG_TRY(subject_of(&subject, id));
    FG_TRY(version_of(&version, id));
    FG_TRY(path_of(&path, subject));
    FG_TRY(fg_cache_create());
    FG_TRY(read_binary(&binary, &bytes, id, program));
    FG_TRY(write_file(path, subject, version, binary, bytes));

cleanup:
    free(binary);
    fg_text_free(path);
    fg_text_free(version);
    fg_text_free(subject);
    return status;
}

void fg_program_cache_store(fg_program_note *note, const fg_program_id *id, cl_program program)
{
    if (store(id, program) != FG_OK && note->line[0] == '\0')
        set_note(note, FG_LOG_DEBUG, "%s%s",
                 "program not kept in the cache: ", fg_error_message());
}
