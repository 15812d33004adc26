/* gradcheck.h - compares a gradient with finite differences.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_GRADCHECK_H
#define FG_TESTS_GRADCHECK_H

#include <stddef.h>

typedef double fg_gradcheck_loss(const void *user);

/* Fails the test at the first i where gradient[i] is not d loss / d x[i]. loss reads x; x is as
 * before afterwards. what names the tensor. */
void fg_gradcheck(const char *what, fg_gradcheck_loss *loss, const void *user, double *x,
                  const double *gradient, size_t count);

#endif
