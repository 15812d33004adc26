/* outside.h - a network as the OpenCL calls show it, in programs that link the shared library as an
 * application does.
 *
 * Of the library's inside they know the structs of a plan, to tell which sub-buffer is which.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_OUTSIDE_H
#define FG_TESTS_OUTSIDE_H

#include <check.h>

#include "plan/plan.h"
#include "spy.h"

#define OUTSIDE_IMAGES 2
#define OUTSIDE_CONCATENATIONS 5 /* the first models; behind them networks of sums */
#define OUTSIDE_MODELS 10
#define OUTSIDE_MOST_MAPS 128

#define OUTSIDE_EXPECT_OK(call)                                           \
    do {                                                                  \
        const fg_status got = (call);                                     \
        ck_assert_msg(got == FG_OK, "%s: %s", #call, fg_error_message()); \
    } while (0)

/* The net of the test that runs. */
extern const fg_plan *outside_plan;
extern spy_counts outside_before;              /* counts before it was created */
extern int outside_first_memory;               /* its first memory object */
extern cl_mem outside_maps[OUTSIDE_MOST_MAPS]; /* the sub-buffer of each map's values */

/* The sub-buffer that is this region, which must lie where the plan says. */
const spy_memory *outside_memory_of(int region);

bool outside_overlap(const spy_memory *a, const spy_memory *b);

/* A net of one of several models, for OUTSIDE_IMAGES images. */
void outside_create(int model);

/* Gives a tensor of the net other values than 0. */
void outside_write(int tensor);

/* One training step, which is waited for. */
void outside_step(void);

/* Runs the tests with a device that they share; adds to them the end of each one's net. The exit
 * status of the program. */
int outside_run(const char *name, TCase *tests);

#endif
