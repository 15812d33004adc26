/* fft_library.h - clFFT: set up once for the process, and its plans.
 *
 * clFFT's state is the process's, and its calls are not all safe in several threads. So all calls
 * are made under one lock; it is set up for the first plan, and torn down behind the last one. An
 * application that uses clFFT itself sets it up before and tears it down afterwards, as clFFT does not
 * count.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_FFT_LIBRARY_H
#define FG_OPS_FFT_LIBRARY_H

#include "device/buffer.h"

typedef enum fg_fft_direction { FG_FFT_TO_SPECTRA, FG_FFT_FROM_SPECTRA } fg_fft_direction;

/* Transforms side by side, each of [height][width] floats or two planes of [height][width / 2 + 1],
 * `spectrum` floats apart. */
typedef struct fg_fft_plan fg_fft_plan;

/* scratch_bytes: the most it may want beside input and output. FG_ERR_DEVICE: it wants more, or
 * cannot be made. Builds clFFT's kernels, which takes seconds the first time. */
fg_status fg_fft_plan_create(fg_fft_plan **out, fg_device *device, fg_fft_direction direction,
                             const size_t size[2], size_t spectrum, size_t transforms,
                             size_t scratch_bytes);
void fg_fft_plan_free(fg_fft_plan *plan);

/* planes: real and imaginary parts. Does not wait. */
fg_status fg_fft_plan_run(const fg_fft_plan *plan, const fg_buffer *real,
                          const fg_buffer *const planes[2], const fg_buffer *scratch);

#endif
