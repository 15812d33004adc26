/* gemm.h - convolution as a multiplication of matrices by CLBlast.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_GEMM_H
#define FG_OPS_GEMM_H

#include "ops/candidate.h"

extern const fg_candidate fg_gemm_candidate;

/* CLBlast's parameters for devices of the CPU family, where its own are ten times slower. They are
 * the process's, for every user of CLBlast on this device: set once, with a line in the log. */
fg_status fg_gemm_override(fg_device *device);

#endif
