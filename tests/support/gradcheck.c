/* gradcheck.c - compares a gradient with finite differences.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/gradcheck.h"

#include <check.h>
#include <math.h>

/* A central difference is wrong by the step squared times the third derivative, about 1e-10,
 * and by the loss's own rounding over the step, about 1e-16 * |loss| / 1e-5. */
#define STEP 1e-5
#define TOLERANCE 1e-8

void fg_gradcheck(const char *what, fg_gradcheck_loss *loss, const void *user, double *x,
                  const double *gradient, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const double before = x[i];
        x[i] = before + STEP;
        const double above = loss(user);
        x[i] = before - STEP;
        const double below = loss(user);
        x[i] = before;
        const double expected = (above - below) / (2.0 * STEP);
        const double size = 1.0 + fabs(above) + fabs(expected);
        if (!(fabs(gradient[i] - expected) <= TOLERANCE * size))
            ck_abort_msg("%s[%zu] of %zu is %.12g, finite differences give %.12g", what, i,
                         count, gradient[i], expected);
    }
}
