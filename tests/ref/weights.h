/* weights.h - the random number generator, and the initial values that are made with it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_WEIGHTS_H
#define FG_TESTS_REF_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* Philox4x32-10 of Salmon et al., SC 2011: out = bijection of counter that key chooses. */
void fg_ref_weights_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* Element i of N(0, 1), or of U(-1, 1), for a tensor whose number in the plan is stream. */
double fg_ref_weights_normal(uint64_t seed, uint32_t stream, size_t i);
double fg_ref_weights_uniform(uint64_t seed, uint32_t stream, size_t i);

#endif
