/* compare.c - compares what a device computed with what it should have.
 *
 * Check reports every assertion to its runner, even one that holds: too slow for each element.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/compare.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

void fg_compare_rounded(const char *what, const float *got, const double *expected,
                        size_t count, double units, double scale)
{
    for (size_t i = 0; i < count; ++i) {
        const double tolerance = units * 0x1p-24 * (fabs(expected[i]) + scale);
        const double error = fabs((double)got[i] - expected[i]);
        /* Written so that NaN fails. */
        if (!(error <= tolerance))
            ck_abort_msg("%s[%zu] of %zu is %.9g, expected %.9g +- %.3g", what, i, count,
                         (double)got[i], expected[i], tolerance);
    }
}

void fg_compare_bits(const char *what, const float *got, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        uint32_t left, right;
        memcpy(&left, &got[i], sizeof left);
        memcpy(&right, &expected[i], sizeof right);
        if (left != right)
            ck_abort_msg("%s[%zu] of %zu is %.9g (%08x), expected %.9g (%08x)", what, i, count,
                         (double)got[i], left, (double)expected[i], right);
    }
}

void fg_compare_poisoned(const char *what, const float *got, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if (!isnan(got[i]))
            ck_abort_msg("%s[%zu] of %zu is %.9g, expected NaN", what, i, count,
                         (double)got[i]);
}
