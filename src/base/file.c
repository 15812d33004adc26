/* file.c - see file.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_NAMES 1000

struct fg_file {
    char *path;      /* as the caller calls it */
    char *target;    /* where it leads */
    char *temporary; /* exists as long as this is not NULL */
    int descriptor;  /* -1: closed */
};

static fg_status fail_errno(const char *path)
{
    return fg_fail(FG_ERR_FILE, "%s: %s", path, strerror(errno));
}

/* The folder that holds path, for free(). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return fg_text_copy(".");
    char *folder = fg_text_copy(path);
    if (folder != NULL)
        folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

/* Where path leads, in one spelling, for free(). A file that is not there yet has its folder. */
static fg_status resolve(char **out, const char *path)
{
    fg_status status = FG_OK;
    struct stat info;
    fg_text text = {0};
    char *folder = NULL, *real = NULL;
    const char *slash = strrchr(path, '/');

    *out = realpath(path, NULL);
    if (*out != NULL)
        return FG_OK;
    if (errno != ENOENT)
        return fail_errno(path);
    FG_CHECK(lstat(path, &info) != 0, FG_ERR_FILE, "%s: is a link to a file that is not there",
             path);
    folder = folder_of(path);
    if (folder == NULL)
        return FG_ERR_MEMORY;
    real = realpath(folder, NULL);
    if (real == NULL) {
        status = fail_errno(path);
        goto cleanup;
    }
    fg_text_append(&text, "%s/%s", real, slash != NULL ? slash + 1 : path);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    free(real);
    free(folder);
    return status;
}

/* The file that path leads to, for free(): renaming onto a link would replace the link, and
 * renaming onto a device or a pipe the device, so only regular files are written. */
static fg_status find_target(char **out, const char *path)
{
    fg_status status = FG_OK;
    char *target = NULL, *folder = NULL;
    struct stat info;

    *out = NULL;
    FG_CHECK(*path != '\0' && path[strlen(path) - 1] != '/', FG_ERR_FILE,
             "%s: is not the name of a file", path);
    FG_TRY(resolve(&target, path));
    FG_CHECK(stat(target, &info) != 0 || S_ISREG(info.st_mode), FG_ERR_FILE,
             "%s: is not a regular file", path);
    folder = folder_of(target);
    if (folder == NULL) {
        status = FG_ERR_MEMORY;
        goto cleanup;
    }
    if (access(folder, W_OK | X_OK) != 0) {
        status = fail_errno(path);
        goto cleanup;
    }
    *out = target;
    target = NULL;

cleanup:
    free(folder);
    free(target);
    return status;
}

fg_status fg_file_check(const char *path)
{
    char *target = NULL;
    const fg_status status = find_target(&target, path);

    free(target);
    return status;
}

fg_status fg_file_same(bool *out, const char *path, const char *other)
{
    fg_status status = FG_OK;
    char *target = NULL, *other_target = NULL;

    FG_TRY(resolve(&target, path));
    FG_TRY(resolve(&other_target, other));
    *out = strcmp(target, other_target) == 0;

cleanup:
    free(target);
    free(other_target);
    return status;
}

/* Opens a name that nothing else has: the process tells processes apart, the number what a
 * killed process with the same id left behind. open, unlike mkstemp, gives the usual
 * permissions. */
static fg_status open_temporary(fg_file *file)
{
    const size_t capacity = strlen(file->target) + 48;
    char *name = fg_memory_zeroed(capacity, 1);

    if (name == NULL)
        return FG_ERR_MEMORY;
    for (int i = 0; i < TEMPORARY_NAMES && file->descriptor < 0; ++i) {
        snprintf(name, capacity, "%s.%ld-%d.tmp", file->target, (long)getpid(), i);
        file->descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->descriptor < 0 && errno != EEXIST)
            break;
    }
    if (file->descriptor < 0) {
        const fg_status status = fail_errno(file->path);
        free(name);
        return status;
    }
    file->temporary = name;
    return FG_OK;
}

fg_status fg_file_create(fg_file **out, const char *path)
{
    fg_status status = FG_OK;
    fg_file *file = NULL;

    *out = NULL;
    FG_ALLOC(file, 1);
    file->descriptor = -1;
    FG_TRY(find_target(&file->target, path));
    file->path = fg_text_copy(path);
    if (file->path == NULL) {
        status = FG_ERR_MEMORY;
        goto cleanup;
    }
    FG_TRY(open_temporary(file));
    *out = file;
    file = NULL;

cleanup:
    fg_file_free(file);
    return status;
}

/* False, with errno, when not all could be written. */
static bool write_all(int descriptor, const void *data, size_t bytes)
{
    const char *at = data;

    while (bytes > 0) {
        const ssize_t written = write(descriptor, at, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        bytes -= (size_t)written;
    }
    return true;
}

fg_status fg_file_write(fg_file *file, const void *data, size_t bytes)
{
    return write_all(file->descriptor, data, bytes) ? FG_OK : fail_errno(file->path);
}

/* Like fsync, but a signal does not cut it short. */
static int sync_all(int descriptor)
{
    int result;

    do
        result = fsync(descriptor);
    while (result != 0 && errno == EINTR);
    return result;
}

/* A rename is lost in a power failure until its folder is on the disk. Some file systems cannot
 * sync a folder and say EINVAL. */
static fg_status sync_folder(const fg_file *file)
{
    fg_status status = FG_OK;
    char *folder = folder_of(file->target);
    int descriptor = -1;

    if (folder == NULL)
        return FG_ERR_MEMORY;
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || (sync_all(descriptor) != 0 && errno != EINVAL))
        status = fail_errno(file->path);
    if (descriptor >= 0)
        close(descriptor);
    free(folder);
    return status;
}

fg_status fg_file_commit(fg_file *file)
{
    if (sync_all(file->descriptor) != 0)
        return fail_errno(file->path);
    const int closed = close(file->descriptor);
    file->descriptor = -1;
    if (closed != 0 || rename(file->temporary, file->target) != 0)
        return fail_errno(file->path);
    free(file->temporary);
    file->temporary = NULL;
    return sync_folder(file);
}

void fg_file_free(fg_file *file)
{
    if (file == NULL)
        return;
    if (file->descriptor >= 0)
        close(file->descriptor);
    if (file->temporary != NULL)
        unlink(file->temporary);
    free(file->temporary);
    free(file->target);
    free(file->path);
    free(file);
}

fg_status fg_file_append(const char *path, const void *data, size_t bytes)
{
    fg_status status = FG_OK;
    struct stat before;
    const int descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);

    if (descriptor < 0 || fstat(descriptor, &before) != 0) {
        status = fail_errno(path);
        goto cleanup;
    }
    FG_CHECK(S_ISREG(before.st_mode), FG_ERR_FILE, "%s: is not a regular file", path);
    if (!write_all(descriptor, data, bytes) || sync_all(descriptor) != 0) {
        status = fail_errno(path);
        if (ftruncate(descriptor, before.st_size) != 0)
            fg_fail_prefix(status, "half a line is left behind: ");
    }

cleanup:
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

bool fg_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

fg_status fg_file_read(char **out, size_t *bytes, const char *path)
{
    fg_status status = FG_OK;
    char *data = NULL;
    size_t size = 0, done = 0;
    struct stat info;
    /* O_NONBLOCK: a pipe that nobody writes to must be refused, not waited for. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *out = NULL;
    *bytes = 0;
    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        status = fail_errno(path);
        goto cleanup;
    }
    FG_CHECK(S_ISREG(info.st_mode), FG_ERR_FILE, "%s: is not a regular file", path);
    size = (size_t)info.st_size;
    data = malloc(size + 1);
    FG_CHECK(data != NULL, FG_ERR_MEMORY, "%s: no memory for its %zu bytes", path, size);
    while (done < size) {
        const ssize_t got = read(descriptor, data + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = fail_errno(path);
            goto cleanup;
        }
        FG_CHECK(got > 0, FG_ERR_FILE, "%s: became shorter while it was read", path);
        done += (size_t)got;
    }
    data[size] = '\0';
    *out = data;
    *bytes = size;
    data = NULL;

cleanup:
    free(data);
    if (descriptor >= 0)
        close(descriptor);
    return status;
}
