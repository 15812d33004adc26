/* weights.cl - initial values of parameters.
 *
 * A value depends on the seed, the tensor and its place in it, and on nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "random.h"
#include "weights.h"

/* values[first .. first + count - 1] = N(0, size^2): Box, Muller, "A note on the generation of
 * random normal deviates", 1958.
 * grid: x = some work-items, which share the values four at a time */
__kernel FG_ONE_WORK_ITEM void weights_normal(__global float *values,
                                              const struct fg_weights_args a)
{
    for (int i = get_global_id(0); 4 * i < a.count; i += get_global_size(0)) {
        const struct fg_random r =
            fg_random_block(a.seed_low, a.seed_high, FG_RANDOM_WEIGHTS, a.stream, i);
        const float far0 = sqrt(-2.0f * log(fg_random_uniform(r.x)));
        const float far1 = sqrt(-2.0f * log(fg_random_uniform(r.z)));
        const float turn0 = 2.0f * M_PI_F * fg_random_uniform(r.y);
        const float turn1 = 2.0f * M_PI_F * fg_random_uniform(r.w);
        const float four[4] = {far0 * cos(turn0), far0 * sin(turn0), far1 * cos(turn1),
                               far1 * sin(turn1)};
        for (int j = 0; j < 4 && 4 * i + j < a.count; ++j)
            values[a.first + 4 * i + j] = a.size * four[j];
    }
}

/* values[first .. first + count - 1] = U(-size, size); same grid */
__kernel FG_ONE_WORK_ITEM void weights_uniform(__global float *values,
                                               const struct fg_weights_args a)
{
    for (int i = get_global_id(0); 4 * i < a.count; i += get_global_size(0)) {
        const struct fg_random r =
            fg_random_block(a.seed_low, a.seed_high, FG_RANDOM_WEIGHTS, a.stream, i);
        const float four[4] = {fg_random_uniform(r.x), fg_random_uniform(r.y),
                               fg_random_uniform(r.z), fg_random_uniform(r.w)};
        for (int j = 0; j < 4 && 4 * i + j < a.count; ++j)
            values[a.first + 4 * i + j] = a.size * (2.0f * four[j] - 1.0f);
    }
}
