/* spy_real.h - what the files of the spy share: the real OpenCL calls, and which call fails.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_SPY_REAL_H
#define FG_TESTS_SPY_REAL_H

#include <check.h>
#include <dlfcn.h>

#include "spy.h"

/* Fails the test. Check's own assertions write to a file each, which is too slow here. */
#define SPY_EXPECT(condition)               \
    do {                                    \
        if (!(condition))                   \
            ck_abort_msg("%s", #condition); \
    } while (0)

/* Declares `real`, the function of this name that comes after this program's own. */
#define SPY_REAL(name)                                     \
    static __typeof__(name) *real;                         \
    if (real == NULL) {                                    \
        *(void **)(void *)&real = dlsym(RTLD_NEXT, #name); \
        SPY_EXPECT(real != NULL);                          \
    }

/* Counts a call, and says whether it is the one that fails. */
bool spy_fails(enum spy_call call);

#endif
