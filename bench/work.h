/* work.h - the least work of a plan's steps: floating-point operations, and bytes that must move.
 *
 * A multiply-add counts as two operations; backward for data and for weights are as many as
 * forward each. What norms, ReLUs and sums compute is not counted.
 *
 * Bytes are what an operation would move if it were the only one and caches were perfect:
 *
 *   forward            what it reads, what it writes, weights
 *   backward, data     the output's gradient (with the output, where it is normalised), weights,
 *                      the input where a ReLU, norm or maximum needs it; the input's gradient
 *                      written, and read where it is added to
 *   backward, weights  the input, the output's gradient (ditto), the weights' gradient written
 *   backward           both at once: what both read counts once
 *   a folded sum       nothing of its own: its convolution reads the other term, and writes, or
 *                      adds to, that one's gradient (plan/fold.h)
 *   loss               logits, and their gradient
 *   update             parameters and momentum read and written, gradients read
 *
 * What passes between kernels of one step (packed weights, partial sums, affine parts) need not
 * be: it counts as nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_WORK_H
#define FG_BENCH_WORK_H

#include "plan/plan.h"
#include "plan/row.h"

typedef struct fg_work {
    double flops;
    double bytes;
} fg_work;

/* Of a step, with the update behind it. rows: fg_row_all of the plan. */
fg_work fg_work_of_step(const fg_plan *plan, const fg_row *rows, const fg_step *step);

/* The part of it that a kernel does; what it does is in its name. None for kernels that go over
 * channels or weights only. */
fg_work fg_work_of_kernel(const fg_plan *plan, const fg_row *rows, const fg_step *step,
                          const char *kernel);

/* Milliseconds that it takes at least: at so many 1e9 operations, and bytes, a second. */
double fg_work_floor_ms(fg_work work, double gflops, double gbytes);

#endif
