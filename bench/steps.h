/* steps.h - a step of training and a step of inference, as benches time them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_STEPS_H
#define FG_BENCH_STEPS_H

#include "timing.h"

/* Training: upload of a batch, forward, loss, backward, update. Inference: upload of a batch,
 * forward in evaluation mode, logits read back. Waits for the device. */
fg_status fg_steps_run(const fg_timing *timing);

/* To be called once before inference: sets the running statistics to those of a training pass. With
 * untouched ones the signal of a deep network fades into denormal numbers. */
fg_status fg_steps_settle(const fg_timing *timing);

#endif
