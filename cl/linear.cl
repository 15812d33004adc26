/* linear.cl - what a fully connected layer has beyond the 1x1 convolution that computes it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "shared.h"

/* gradients[first_gradient + k] = sum over n, in order, of dy[k][n]
 * grid: x = k */
__kernel FG_ONE_WORK_ITEM void linear_backward_bias(__global float *restrict gradients,
                                                    __global const float *restrict dy,
                                                    const int first_gradient, const int pitch,
                                                    const int images)
{
    const int k = get_global_id(0);
    float sum = 0.0f;
    for (int n = 0; n < images; ++n)
        sum += dy[(size_t)k * pitch + n];
    gradients[first_gradient + k] = sum;
}
