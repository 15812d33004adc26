/* steps.h - a step of training and a step of inference, as benches time them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_STEPS_H
#define FG_BENCH_STEPS_H

#include "timing.h"

/* Upload of a batch, forward, loss, backward, update; waits for the device. */
fg_status fg_steps_train(const fg_timing *timing, fg_net *net);

/* Upload of a batch, forward in evaluation mode, logits read back. */
fg_status fg_steps_infer(const fg_timing *timing, fg_net *net);

/* To be called once before inference: sets the running statistics to those of a training pass. With
 * untouched ones the signal of a deep network fades into denormal numbers. */
fg_status fg_steps_settle(fg_net *net, const fg_timing *timing);

#endif
