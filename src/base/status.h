/* status.h - how a function fails: a status, a message for this thread, one label `cleanup`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_STATUS_H
#define FG_BASE_STATUS_H

#include "filigree.h"

/* Writes this thread's message and returns status, so that `return fg_fail(...)` reads well.
 * The message is one line and holds the value that was wrong and what was expected. */
fg_status fg_fail(fg_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts text in front of this thread's message: "FILE: " before what a parser said. */
fg_status fg_fail_prefix(fg_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The four macros use a local `fg_status status` and the label `cleanup`. FG_TRY_CL, the fifth,
 * is in device/opencl.h. */
#define FG_TRY(call)         \
    do {                     \
        status = (call);     \
        if (status != FG_OK) \
            goto cleanup;    \
    } while (0)

/* The caller's mistake. */
#define FG_REQUIRE(cond, ...)                               \
    do {                                                    \
        if (!(cond)) {                                      \
            status = fg_fail(FG_ERR_ARGUMENT, __VA_ARGS__); \
            goto cleanup;                                   \
        }                                                   \
    } while (0)

/* Any other failure that is found here. */
#define FG_CHECK(cond, code, ...)                \
    do {                                         \
        if (!(cond)) {                           \
            status = fg_fail(code, __VA_ARGS__); \
            goto cleanup;                        \
        }                                        \
    } while (0)

/* Zeroed memory of the pointer's own type. */
#define FG_ALLOC(pointer, count)                                          \
    do {                                                                  \
        (pointer) = fg_memory_zeroed((size_t)(count), sizeof *(pointer)); \
        if ((pointer) == NULL) {                                          \
            status = FG_ERR_MEMORY;                                       \
            goto cleanup;                                                 \
        }                                                                 \
    } while (0)

/* Room for one more entry behind the `count` that array has. */
#define FG_GROW(array, count)                                                     \
    do {                                                                          \
        void *grown_ = fg_memory_grow((array), (size_t)(count), sizeof *(array)); \
        if (grown_ == NULL) {                                                     \
            status = FG_ERR_MEMORY;                                               \
            goto cleanup;                                                         \
        }                                                                         \
        (array) = grown_;                                                         \
    } while (0)

#include "base/memory.h"

#endif
