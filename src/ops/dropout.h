/* dropout.h - the keys of an operation's masks in one step; the masks are in cl/dropout.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_DROPOUT_H
#define FG_OPS_DROPOUT_H

#include <stdint.h>

#include "cl/dropout.h"

/* rate: of elements that are dropped, 0 <= rate < 1. Another seed, step or operation has other
 * masks; the same ones have the same masks on every machine. */
struct fg_dropout fg_dropout_of(double rate, uint64_t seed, uint64_t step, uint32_t op);

#endif
