/* softmax_loss.cl - softmax, cross-entropy, its gradient, and who was right.
 *
 * SPDX-License-Identifier: MIT
 */
#include "softmax_loss.h"

/* loss[n] = log(sum over k of exp(logits[k][n])) - logits[label][n]
 * gradient[k][n] = (softmax(logits)[k][n] - (k == label)) / images
 *
 * logits, gradient  [classes][pitch]
 * results           entry first_image + n; an image's rank is the number of classes that score
 *                   higher, and of lower classes that score the same
 * grid              x = image */
__kernel FG_ONE_WORK_ITEM void softmax_loss_forward(__global const float *restrict logits,
                                                    __global float *restrict gradient,
                                                    __global const int *restrict labels,
                                                    __global struct fg_result *restrict results,
                                                    const struct fg_softmax_loss_args a)
{
    const int n = get_global_id(0);
    const int label = labels[n];
    const float score = logits[(size_t)label * a.pitch + n];
    float highest = logits[n], sum = 0.0f;
    int rank = 0;
    for (int k = 0; k < a.classes; ++k) {
        const float x = logits[(size_t)k * a.pitch + n];
        highest = fmax(highest, x);
        rank += !(x < score || (x == score && k >= label));
    }
    for (int k = 0; k < a.classes; ++k)
        sum += exp(logits[(size_t)k * a.pitch + n] - highest);
    for (int k = 0; k < a.classes; ++k) {
        const float p = exp(logits[(size_t)k * a.pitch + n] - highest) / sum;
        gradient[(size_t)k * a.pitch + n] = (p - (k == label ? 1.0f : 0.0f)) / (float)a.images;
    }
    struct fg_result r;
    r.loss = log(sum) - (score - highest);
    r.images = 1;
    r.correct = rank < 1;
    r.correct_top = rank < min(FG_TOP, a.classes);
    results[a.first_image + n] = r;
}

/* The step's result: the images' losses added in order, and divided.
 * grid: one work-item */
__kernel FG_ONE_WORK_ITEM void softmax_loss_merge(__global struct fg_result *results,
                                                  const struct fg_softmax_loss_args a)
{
    struct fg_result sum = {0.0f, a.images, 0, 0};
    for (int n = 0; n < a.images; ++n) {
        const struct fg_result r = results[a.first_image + n];
        sum.loss += r.loss;
        sum.correct += r.correct;
        sum.correct_top += r.correct_top;
    }
    sum.loss /= (float)a.images;
    results[a.step] = sum;
}
