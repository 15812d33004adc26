/* pages.h - host memory in large pages, for buffers of CPU devices.
 *
 * A kernel reads a few pixels of each of many channels, which lie far apart: with small pages
 * nearly every row needs a page table entry of its own, more than a core keeps.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_PAGES_H
#define FG_DEVICE_PAGES_H

#include <stddef.h>

/* What begins at a large page and is backed by them as far as the system gives them. */
typedef struct fg_pages fg_pages;

/* NULL where the system has no memory for it, or bytes are too few to be worth it. */
fg_pages *fg_pages_map(size_t bytes);
void *fg_pages_first(const fg_pages *pages);

/* NULL is allowed. */
void fg_pages_unmap(fg_pages *pages);

#endif
