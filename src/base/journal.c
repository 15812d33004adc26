/* journal.c - see journal.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static fg_status fail_errno(const char *path)
{
    return fg_fail(FG_ERR_FILE, "%s: %s", path, strerror(errno));
}

static int lock(int descriptor)
{
    int result;

    do
        result = flock(descriptor, LOCK_EX);
    while (result != 0 && errno == EINTR);
    return result;
}

/* Whether path still leads to this file. */
static bool leads_to(const char *path, const struct stat *file)
{
    struct stat there;
    return stat(path, &there) == 0 && there.st_ino == file->st_ino &&
           there.st_dev == file->st_dev;
}

/* Opens path and locks it. Who had the lock before may have put another file in its place. */
static fg_status open_locked(int *out, struct stat *info, const char *path, int flags)
{
    fg_status status = FG_OK;
    int descriptor = -1;

    *out = -1;
    for (;;) {
        descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
        if (descriptor < 0 || fstat(descriptor, info) != 0) {
            status = fail_errno(path);
            goto cleanup;
        }
        FG_CHECK(S_ISREG(info->st_mode), FG_ERR_FILE, "%s: is not a regular file", path);
        if (lock(descriptor) != 0 || fstat(descriptor, info) != 0) {
            status = fail_errno(path);
            goto cleanup;
        }
        if (leads_to(path, info))
            break;
        close(descriptor);
    }
    *out = descriptor;
    descriptor = -1;

cleanup:
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

/* In one call, so that a kill leaves all of it or nothing. A full disk may take a part, which is
 * cut off again. */
static fg_status write_whole(int descriptor, off_t size, const char *path, const void *data,
                             size_t bytes)
{
    fg_status status = FG_OK;
    ssize_t written;

    do
        written = write(descriptor, data, bytes);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)bytes)
        return FG_OK;
    status =
        written < 0 ? fail_errno(path) : fg_fail(FG_ERR_FILE, "%s: %s", path, strerror(ENOSPC));
    if (ftruncate(descriptor, size) != 0)
        fg_fail_prefix(status, "half a line is left behind: ");
    return status;
}

/* What follows another head is not ours to add to. */
static fg_status check_head(int descriptor, const char *path, const char *head)
{
    fg_status status = FG_OK;
    const size_t bytes = strlen(head);
    char *first = NULL;

    FG_ALLOC(first, bytes + 1);
    FG_CHECK(pread(descriptor, first, bytes + 1, 0) == (ssize_t)bytes + 1 &&
                 memcmp(first, head, bytes) == 0 && first[bytes] == '\n',
             FG_ERR_FILE, "%s: its first line is not '%s'", path, head);

cleanup:
    free(first);
    return status;
}

/* Opens the file to append to it, and makes it where it is missing.
 *
 * is_made  out, it was: whoever writes nothing removes it, while the lock keeps others away */
static fg_status open_to_append(int *out, struct stat *info, bool *is_made, const char *path,
                                const char *head)
{
    fg_status status = FG_OK;
    const bool is_missing = lstat(path, info) != 0;
    int descriptor = -1;

    *out = -1;
    FG_TRY(open_locked(&descriptor, info, path, O_RDWR | O_APPEND | O_CREAT));
    if (info->st_size > 0)
        FG_TRY(check_head(descriptor, path, head));
    *is_made = is_missing && info->st_size == 0;
    *out = descriptor;
    descriptor = -1;

cleanup:
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

fg_status fg_journal_append(const char *path, const char *head, const char *text)
{
    fg_status status = FG_OK;
    fg_text whole = {0};
    char *lines = NULL, last = '\n';
    int descriptor = -1;
    struct stat info;
    bool is_made = false;

    FG_TRY(open_to_append(&descriptor, &info, &is_made, path, head));
    if (info.st_size > 0 && pread(descriptor, &last, 1, info.st_size - 1) != 1) {
        status = fail_errno(path);
        goto cleanup;
    }
    if (info.st_size == 0)
        fg_text_append(&whole, "%s\n", head);
    else if (last != '\n') /* a damaged line's, which must not take ours with it */
        fg_text_append(&whole, "\n");
    fg_text_append(&whole, "%s", text);
    FG_TRY(fg_text_take(&lines, &whole));
    FG_TRY(write_whole(descriptor, info.st_size, path, lines, strlen(lines)));

cleanup:
    if (status != FG_OK && is_made)
        unlink(path);
    if (descriptor >= 0)
        close(descriptor);
    fg_text_free(lines);
    return status;
}

fg_status fg_journal_check(const char *path, const char *head)
{
    fg_status status = FG_OK;
    int descriptor;
    struct stat info;
    bool is_made = false;

    FG_TRY(open_to_append(&descriptor, &info, &is_made, path, head));
    if (is_made)
        unlink(path);
    close(descriptor);

cleanup:
    return status;
}

#define MOST_ASIDE 1000

/* Makes a file whose name none has: path with ".damaged" behind it, or ".damaged.2" and so on.
 *
 * out  its name, for fg_text_free */
static fg_status create_aside(int *descriptor, char **out, const char *path)
{
    fg_status status = FG_OK;
    char *name = NULL;

    *descriptor = -1;
    *out = NULL;
    for (int i = 1;; ++i) {
        fg_text text = {0};
        fg_text_append(&text, "%s.damaged", path);
        if (i > 1)
            fg_text_append(&text, ".%d", i);
        FG_TRY(fg_text_take(&name, &text));
        *descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*descriptor < 0 && (errno != EEXIST || i == MOST_ASIDE)) {
            status = fail_errno(name);
            goto cleanup;
        }
        if (*descriptor >= 0)
            break;
        fg_text_free(name);
        name = NULL;
    }
    *out = name;
    name = NULL;

cleanup:
    fg_text_free(name);
    return status;
}

/* A copy of what the file held, which stays where it is until another takes its place: so a kill
 * loses nothing. */
static fg_status set_aside(char **out, const char *path, const void *data, size_t bytes)
{
    fg_status status = FG_OK;
    char *name = NULL;
    int descriptor;

    FG_TRY(create_aside(&descriptor, &name, path));
    status = write_whole(descriptor, 0, name, data, bytes);
    if (status == FG_OK && fsync(descriptor) != 0)
        status = fail_errno(name);
    close(descriptor);
    if (status != FG_OK)
        unlink(name);
    FG_TRY(status);
    *out = name;
    name = NULL;

cleanup:
    fg_text_free(name);
    return status;
}

fg_status fg_journal_replace(char **aside, const char *path, const char *before, size_t bytes,
                             const char *text)
{
    fg_status status = FG_OK;
    fg_file *file = NULL;
    char *now = NULL, *name = NULL;
    size_t bytes_now = 0;
    int descriptor = -1;
    struct stat info;

    *aside = NULL;
    FG_TRY(open_locked(&descriptor, &info, path, O_RDONLY));
    FG_TRY(fg_file_read(&now, &bytes_now, path));
    if (bytes_now != bytes || memcmp(now, before, bytes) != 0)
        goto cleanup;
    FG_TRY(fg_file_create(&file, path));
    FG_TRY(fg_file_write(file, text, strlen(text)));
    FG_TRY(set_aside(&name, path, before, bytes));
    status = fg_file_commit(file);
    if (status != FG_OK) {
        if (leads_to(path, &info))
            unlink(name);
        goto cleanup;
    }
    *aside = name;
    name = NULL;

cleanup:
    fg_text_free(name);
    if (descriptor >= 0)
        close(descriptor);
    fg_file_free(file);
    free(now);
    return status;
}
