/* dropout.h - masks of dropout, made where they are used. C11 and OpenCL C.
 *
 * An element's mask is a function of the keys and of the element's number, so the backward pass
 * makes it again instead of storing it. Masks are wanted for every element of every step: a
 * keyed hash of a few instructions is enough, whose keys are real random numbers of the step
 * and the operation (src/ops/dropout.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DROPOUT_H
#define FG_DROPOUT_H

#include "shared.h"

struct fg_dropout {
    fg_u32 key0;
    fg_u32 key1;
    fg_u32 kept; /* an element is kept if its hash is not above this */
    float scale; /* of what is kept: 1 / (1 - rate) */
};
FG_SHARED_ASSERT(sizeof(struct fg_dropout) == 16, dropout_size);

/* A permutation of 32-bit numbers in which every bit of x changes every bit of the result with
 * probability 1/2: Wellons, "Prospecting for hash functions", 2018. x: fg_u32, or a vector. */
#define FG_DROPOUT_MIX(x)   \
    do {                    \
        (x) ^= (x) >> 16;   \
        (x) *= 0x7FEB352Du; \
        (x) ^= (x) >> 15;   \
        (x) *= 0x846CA68Bu; \
        (x) ^= (x) >> 16;   \
    } while (0)

/* What element e is multiplied by: scale, or 0 where it is dropped. */
static inline float fg_dropout_at(struct fg_dropout d, fg_u32 e)
{
    e ^= d.key0;
    FG_DROPOUT_MIX(e);
    e ^= d.key1;
    FG_DROPOUT_MIX(e);
    return e <= d.kept ? d.scale : 0.0f;
}

#ifdef __OPENCL_C_VERSION__
/* The same of 16 elements. */
static inline float16 fg_dropout_at16(struct fg_dropout d, uint16 e)
{
    e ^= d.key0;
    FG_DROPOUT_MIX(e);
    e ^= d.key1;
    FG_DROPOUT_MIX(e);
    return select((float16)(0.0f), (float16)(d.scale), e <= d.kept);
}
#endif

#endif
