/* random.h - the one random number generator, for host C11 and OpenCL C.
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011. A number is a function of (seed, purpose, stream, index) and of nothing else, so
 * neither the order of work nor the number of threads can change it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_RANDOM_H
#define FG_RANDOM_H

#include "shared.h"

/* What a number is for. Checkpoints depend on these values: never renumber. */
#define FG_RANDOM_WEIGHTS 1 /* stream: tensor, index: element / 4 */
#define FG_RANDOM_SHUFFLE 2 /* stream: epoch, index: position */
#define FG_RANDOM_AUGMENT 3 /* stream: epoch, index: image */
#define FG_RANDOM_DROPOUT 4 /* keys of masks: src/ops/dropout.c */

struct fg_random {
    fg_u32 x, y, z, w;
};

#ifdef __OPENCL_C_VERSION__
#define fg_random_high(a, b) mul_hi((a), (b))
#else
static inline fg_u32 fg_random_high(fg_u32 a, fg_u32 b)
{
    return (fg_u32)(((uint64_t)a * b) >> 32);
}
#endif

/* Four independent uniform 32-bit numbers. */
static inline struct fg_random fg_random_block(fg_u32 seed_low, fg_u32 seed_high,
                                               fg_u32 purpose, fg_u32 stream, fg_u32 index)
{
    struct fg_random c = {index, stream, purpose, 0};
    for (int round = 0; round < 10; ++round) {
        const fg_u32 high0 = fg_random_high(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
        const fg_u32 high1 = fg_random_high(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
        const struct fg_random next = {high1 ^ c.y ^ seed_low, low1, high0 ^ c.w ^ seed_high,
                                       low0};
        c = next;
        seed_low += 0x9E3779B9u;
        seed_high += 0xBB67AE85u;
    }
    return c;
}

/* Uniform in (0, 1): never 0, never 1. 23 bits: with the half added, a float holds no more. */
static inline float fg_random_uniform(fg_u32 x)
{
    return ((float)(x >> 9) + 0.5f) * (1.0f / 8388608.0f);
}

#endif
