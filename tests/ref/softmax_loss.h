/* softmax_loss.h - softmax, cross-entropy and its gradient, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_REF_SOFTMAX_LOSS_H
#define FG_TESTS_REF_SOFTMAX_LOSS_H

/* loss[n] = log(sum over k of exp(logits[k][n])) - logits[labels[n]][n]
 *
 * loss    [images]
 * logits  [classes][images] */
void fg_ref_softmax_loss_forward(double *loss, const double *logits, const int *labels,
                                 int classes, int images);

/* Gradient of the mean loss: (softmax[k][n] - (k == labels[n])) / images */
void fg_ref_softmax_loss_backward(double *grad_logits, const double *logits, const int *labels,
                                  int classes, int images);

/* Place of image n's label among the classes in descending order of score, 0 the best; of equal
 * scores the lower class comes first. */
int fg_ref_softmax_loss_rank(const double *logits, int label, int n, int classes, int images);

#endif
