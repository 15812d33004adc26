/* weights.c - the random number generator, and the initial values that are made with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/weights.h"

#include <math.h>

#include "cl/random.h"

void fg_ref_weights_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t k0 = key[0], k1 = key[1];

    for (int i = 0; i < 4; ++i)
        out[i] = counter[i];
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = UINT64_C(0xD2511F53) * out[0];
        const uint64_t p1 = UINT64_C(0xCD9E8D57) * out[2];
        out[0] = (uint32_t)(p1 >> 32) ^ out[1] ^ k0;
        out[2] = (uint32_t)(p0 >> 32) ^ out[3] ^ k1;
        out[1] = (uint32_t)p1;
        out[3] = (uint32_t)p0;
        k0 += UINT32_C(0x9E3779B9); /* golden ratio */
        k1 += UINT32_C(0xBB67AE85); /* sqrt(3) - 1 */
    }
}

/* Four numbers in (0, 1), of which element i uses one or two. */
static void uniforms(double out[4], uint64_t seed, uint32_t stream, size_t i)
{
    const uint32_t counter[4] = {(uint32_t)(i / 4), stream, FG_RANDOM_WEIGHTS, 0};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t words[4];

    fg_ref_weights_philox(words, counter, key);
    for (int j = 0; j < 4; ++j)
        out[j] = ((words[j] >> 9) + 0.5) / 8388608.0;
}

double fg_ref_weights_normal(uint64_t seed, uint32_t stream, size_t i)
{
    const double pi = 3.14159265358979323846;
    double u[4];

    uniforms(u, seed, stream, i);
    const size_t pair = i % 4 / 2 * 2;
    const double far = sqrt(-2.0 * log(u[pair])), turn = 2.0 * pi * u[pair + 1];
    return far * (i % 2 == 0 ? cos(turn) : sin(turn));
}

double fg_ref_weights_uniform(uint64_t seed, uint32_t stream, size_t i)
{
    double u[4];

    uniforms(u, seed, stream, i);
    return 2.0 * u[i % 4] - 1.0;
}
