/* pages.c - host memory in large pages, for buffers of CPU devices.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 * 1024 * 1024)
#define LEAST_BYTES (4 * LARGE_PAGE)

struct fg_pages {
    void *mapped;
    size_t mapped_bytes;
    void *first;
};

fg_pages *fg_pages_map(size_t bytes)
{
    fg_pages *pages;

    if (bytes < LEAST_BYTES || bytes > SIZE_MAX - LARGE_PAGE)
        return NULL;
    pages = malloc(sizeof *pages);
    if (pages == NULL)
        return NULL;
    pages->mapped_bytes = bytes + LARGE_PAGE;
    pages->mapped = mmap(NULL, pages->mapped_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages->mapped == MAP_FAILED) {
        free(pages);
        return NULL;
    }
    const size_t past = (uintptr_t)pages->mapped % LARGE_PAGE;
    pages->first = (char *)pages->mapped + (past == 0 ? 0 : LARGE_PAGE - past);
    /* A wish: where it is not granted, small pages do. */
    madvise(pages->first, bytes, MADV_HUGEPAGE);
    return pages;
}

void *fg_pages_first(const fg_pages *pages)
{
    return pages->first;
}

void fg_pages_unmap(fg_pages *pages)
{
    if (pages == NULL)
        return;
    munmap(pages->mapped, pages->mapped_bytes);
    free(pages);
}
