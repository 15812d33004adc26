/* available.c - how much memory this process can still get from the system.
 *
 * Linux kills rather than refuses, so a CPU device's memory must be compared with this before
 * it is used.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/available.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside device memory a training run has its own copies of a batch, and the driver its compiler:
 * 200 MB with kernels that are compiled already, and some more while it compiles. */
#define RESERVE ((size_t)256 << 20)

#define LINE_LENGTH 4352 /* PATH_MAX, and what stands before a path in /proc/self/cgroup */

/* Where a kind of control group says what it may use, uses, and could give back at once. */
struct group_kind {
    const char *mount;
    const char *limit;
    const char *usage;
    const char *cache; /* line of memory.stat: file pages that nobody has touched of late */
};

static const struct group_kind version1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                           "memory.usage_in_bytes", "total_inactive_file"};
static const struct group_kind version2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                           "inactive_file"};

static FILE *open_at(const char *root, const char *folder, const char *group, const char *name)
{
    char path[PATH_MAX];
    const int length = snprintf(path, sizeof path, "%s%s%s/%s", root, folder, group, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return NULL;
    return fopen(path, "re");
}

/* The number behind key in a file of "key number" lines; key "" takes the first number. Takes
 * the file over. missing: where there is none ("max" is none). */
static size_t number_of(FILE *file, const char *key, size_t missing)
{
    char line[LINE_LENGTH];
    const size_t length = strlen(key);
    size_t number = missing;

    if (file == NULL)
        return missing;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *value = line + length;
        if (strncmp(line, key, length) != 0)
            continue;
        value += strspn(value, ": \t");
        if (value == line + length && length > 0)
            continue; /* key is only the beginning of a longer one */
        if (isdigit((unsigned char)*value))
            number = (size_t)strtoull(value, NULL, 10);
        break;
    }
    fclose(file);
    return number;
}

static size_t system_bytes(const char *root)
{
    const size_t kilobytes =
        number_of(open_at(root, "/proc", "", "meminfo"), "MemAvailable", SIZE_MAX);
    return kilobytes > SIZE_MAX / 1024 ? SIZE_MAX : kilobytes * 1024;
}

/* What one group leaves. */
static size_t group_bytes(const char *root, const struct group_kind *kind, const char *group)
{
    const size_t limit =
        number_of(open_at(root, kind->mount, group, kind->limit), "", SIZE_MAX);
    size_t usage, cache;

    if (limit == SIZE_MAX)
        return SIZE_MAX;
    usage = number_of(open_at(root, kind->mount, group, kind->usage), "", 0);
    cache = number_of(open_at(root, kind->mount, group, "memory.stat"), kind->cache, 0);
    usage -= cache < usage ? cache : usage;
    return usage < limit ? limit - usage : 0;
}

/* The least that a group and its parents leave. In a container the path may be the host's, of
 * which only an upper part, at least the mount itself, is to be seen; what is missing does not
 * count. */
static size_t branch_bytes(const char *root, const struct group_kind *kind, char *group)
{
    size_t least = SIZE_MAX;
    for (;;) {
        char *slash = strrchr(group, '/');
        const size_t bytes = group_bytes(root, kind, group);
        if (bytes < least)
            least = bytes;
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; *at != '\0';) {
        const size_t span = strcspn(at, ",");
        if (span == length && strncmp(at, word, length) == 0)
            return true;
        at += span;
        at += *at == ',';
    }
    return false;
}

size_t fg_available_bytes(const char *root)
{
    char line[LINE_LENGTH];
    size_t least = system_bytes(root);
    FILE *file = open_at(root, "/proc", "/self", "cgroup");

    if (file == NULL)
        return least;
    /* Lines are "number:controllers:path"; version 2 names no controllers. */
    while (fgets(line, sizeof line, file) != NULL) {
        char *controllers = strchr(line, ':');
        char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        size_t bytes = SIZE_MAX;
        if (path == NULL)
            continue;
        *controllers++ = '\0';
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (*controllers == '\0')
            bytes = branch_bytes(root, &version2, path);
        else if (has_word(controllers, "memory"))
            bytes = branch_bytes(root, &version1, path);
        if (bytes < least)
            least = bytes;
    }
    fclose(file);
    return least;
}

size_t fg_available_to_device(const char *root)
{
    const size_t available = fg_available_bytes(root);

    if (available == SIZE_MAX)
        return SIZE_MAX;
    return available > RESERVE ? available - RESERVE : 1;
}
