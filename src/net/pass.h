/* pass.h - one operation of a walk, forward or backward: what it is called with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_NET_PASS_H
#define FG_NET_PASS_H

#include "net/net.h"

typedef struct fg_pass {
    fg_net *net;
    const fg_step *step;
    const fg_op *op;
    fg_mode mode;
    int images;
    fg_input in[FG_OP_INPUTS];
    fg_output out;
    const fg_buffer *affine[FG_OP_INPUTS]; /* NULL: the operation wants none */
    /* Forward, in [0]: of the output's statistics, NULL: no one wants them. Backward: of d_gamma
     * and d_beta of what each input reads, NULL: no norm. */
    const fg_buffer *partials[FG_OP_INPUTS];
    const fg_buffer
        *coefficients; /* backward: of the output's gradient; NULL: not normalised */
} fg_pass;

/* Finds what the step works with, and makes the affine parts that it reads with. */
fg_status fg_pass_begin(fg_pass *out, fg_net *net, const fg_step *step, fg_mode mode,
                        int images);

/* What an operation is called with; of sums and pools, what both directions have. */
fg_conv_call fg_pass_conv_forward(const fg_pass *pass);
fg_conv_call fg_pass_conv_backward(const fg_pass *pass);
fg_sum_call fg_pass_sum(const fg_pass *pass);
fg_max_pool_call fg_pass_max_pool(const fg_pass *pass);

#endif
