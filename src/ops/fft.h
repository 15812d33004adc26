/* fft.h - convolution by Fourier transforms: a candidate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_FFT_H
#define FG_OPS_FFT_H

#include "ops/candidate.h"

/* For filters of 3x3 and larger at stride 1. */
extern const fg_candidate fg_fft_candidate;

#endif
