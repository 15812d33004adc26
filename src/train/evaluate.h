/* evaluate.h - fg_net_evaluate that can be cancelled.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_EVALUATE_H
#define FG_TRAIN_EVALUATE_H

#include "base/status.h"

/* Asks cancel, where it is not NULL, between one batch and the next.
 *
 * FG_ERR_CANCELLED  it said so; out is untouched */
fg_status fg_evaluate(fg_net *net, fg_score *out, const fg_dataset *dataset,
                      const fg_normalisation *normalisation, fg_cancel_function *cancel,
                      void *user);

#endif
