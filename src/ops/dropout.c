/* dropout.c - the keys of an operation's masks in one step.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/dropout.h"

#include <assert.h>
#include <math.h>

#include "cl/random.h"

/* The largest hash that is kept: there are (1 - rate) * 2^32 from 0 up to it, rounded up so
 * that rate 0 keeps them all and the highest rates keep one. */
static fg_u32 kept_of(double rate)
{
    return (fg_u32)(ceil((1.0 - rate) * 0x1p32) - 1.0);
}

struct fg_dropout fg_dropout_of(double rate, uint64_t seed, uint64_t step, uint32_t op)
{
    assert(rate >= 0.0 && rate < 1.0);

    /* A seed of the step's own, and from it the operation's keys. */
    const struct fg_random of_step =
        fg_random_block((fg_u32)seed, (fg_u32)(seed >> 32), FG_RANDOM_DROPOUT,
                        (fg_u32)(step >> 32), (fg_u32)step);
    const struct fg_random keys =
        fg_random_block(of_step.x, of_step.y, FG_RANDOM_DROPOUT, op, 0);

    return (struct fg_dropout){
        .key0 = keys.x,
        .key1 = keys.y,
        .kept = kept_of(rate),
        .scale = (float)(1.0 / (1.0 - rate)),
    };
}
