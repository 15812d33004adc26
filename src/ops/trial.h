/* trial.h - one convolution of a shape, alone on the device with made-up numbers: to compare what
 * different kernels make of it, or how long they take.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_TRIAL_H
#define FG_OPS_TRIAL_H

#include "ops/candidate.h"

#define FG_TRIAL_BUFFERS 9

typedef struct fg_trial {
    fg_conv_call
        call; /* with norm, ReLU and statistics; a bias where the shape is a classifier's */
    const fg_buffer *tile; /* NULL: none wanted */
    fg_features in, out;
    float *before;  /* what the output's map holds before the convolution ... */
    size_t written; /* ... so many floats */
    fg_buffer *buffers[FG_TRIAL_BUFFERS];
} fg_trial;

/* shape.images is the batch. The tile is one for this algorithm. */
fg_status fg_trial_create(fg_trial *out, fg_device *device, const fg_conv_shape *shape,
                          fg_algorithm algorithm);

/* Puts the output's map into its first state again. */
fg_status fg_trial_reset(fg_trial *trial);

/* FG_ERR_DEVICE unless the candidate gives what direct kernels give, to rounding, and touches
 * nothing else of the output's map. For a check before it is used: few images of the shape. */
fg_status fg_trial_check(fg_kernels *kernels, const fg_candidate *candidate,
                         const fg_conv_shape *shape);

void fg_trial_clear(fg_trial *trial);

#endif
