/* softmax_loss.c - softmax, cross-entropy and its gradient, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/softmax_loss.h"

#include <math.h>

/* log(sum over k of exp(logits[k][n])); the highest score is taken out so that exp stays
 * finite. */
static double log_sum(const double *logits, int n, int classes, int images)
{
    double highest = logits[n], sum = 0.0;
    for (int k = 1; k < classes; ++k)
        highest = fmax(highest, logits[k * images + n]);
    for (int k = 0; k < classes; ++k)
        sum += exp(logits[k * images + n] - highest);
    return highest + log(sum);
}

void fg_ref_softmax_loss_forward(double *loss, const double *logits, const int *labels,
                                 int classes, int images)
{
    for (int n = 0; n < images; ++n)
        loss[n] = log_sum(logits, n, classes, images) - logits[labels[n] * images + n];
}

void fg_ref_softmax_loss_backward(double *grad_logits, const double *logits, const int *labels,
                                  int classes, int images)
{
    for (int n = 0; n < images; ++n) {
        const double log_of_sum = log_sum(logits, n, classes, images);
        for (int k = 0; k < classes; ++k)
            grad_logits[k * images + n] =
                (exp(logits[k * images + n] - log_of_sum) - (k == labels[n])) / images;
    }
}

int fg_ref_softmax_loss_rank(const double *logits, int label, int n, int classes, int images)
{
    const double score = logits[label * images + n];
    int rank = 0;
    for (int k = 0; k < classes; ++k)
        rank +=
            logits[k * images + n] > score || (logits[k * images + n] == score && k < label);
    return rank;
}
