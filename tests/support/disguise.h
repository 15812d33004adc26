/* disguise.h - a candidate for tests: the direct kernels, which make a mistake when told to.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_DISGUISE_H
#define FG_TESTS_DISGUISE_H

#include "ops/candidate.h"

enum fg_flaw {
    FG_FLAW_NONE,
    FG_FLAW_VALUE,  /* the last pixel of the last output is off by 0.01 */
    FG_FLAW_NAN,    /* ... or NaN */
    FG_FLAW_BESIDE, /* the float behind it is written */
    FG_FLAW_CREATE  /* it cannot be created */
};

extern enum fg_flaw fg_disguise_flaw;
extern int fg_disguise_alive; /* created and not freed */

/* Calls itself gemm; leaves no statistics. */
extern const fg_candidate fg_disguise;

#endif
