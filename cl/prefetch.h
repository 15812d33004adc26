/* prefetch.h - fetches a cache line by hand, on devices where that helps.
 *
 * A kernel that packs a tile and then computes waits for memory first and leaves it idle after.
 * CPU drivers ignore prefetch() of OpenCL C, but those made of Clang take its builtin; the
 * library defines FG_CPU where the device is a CPU whose compiler does. Elsewhere nothing
 * happens. It goes to the second-level cache: the first is full of what is being computed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PREFETCH_H
#define FG_PREFETCH_H

#ifdef FG_CPU
#define FG_PREFETCH(pointer) __builtin_prefetch((const void *)(size_t)(pointer), 0, 2)
#else
#define FG_PREFETCH(pointer) ((void)(pointer))
#endif

#endif
