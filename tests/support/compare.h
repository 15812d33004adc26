/* compare.h - compares what a device computed with what it should have.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_COMPARE_H
#define FG_TESTS_COMPARE_H

#include <stddef.h>

/* Fails the test at the first element with |got - expected| > units * 2^-24 * (|expected| +
 * scale), or that is not finite. units is how many roundings the element's sum went through;
 * scale is the size of the terms, where they may cancel. what names the tensor. */
void fg_compare_rounded(const char *what, const float *got, const double *expected,
                        size_t count, double units, double scale);

/* Fails the test at the first element whose bits differ; NaNs of the same bits are equal. */
void fg_compare_bits(const char *what, const float *got, const float *expected, size_t count);

/* Fails the test at the first element that is not NaN, as poisoned memory is. */
void fg_compare_poisoned(const char *what, const float *got, size_t count);

#endif
