/* conv_reference.h - what a candidate makes of a convolution, against the reference.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_CONV_REFERENCE_H
#define FG_TESTS_CONV_REFERENCE_H

#include "support/conv_run.h"

/* The output in double precision: [out_channels][pixels]. */
double *fg_conv_reference(const fg_conv_run *run);

/* Runs run->candidate and compares its output: see fg_compare_rounded. */
void fg_conv_reference_check(fg_conv_run *run, double units);

/* ... and its statistics with those of what was written, rounded as in test_conv.c. */
void fg_conv_reference_check_statistics(fg_conv_run *run, fg_kernels *kernels);

#endif
