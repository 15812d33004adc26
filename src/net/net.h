/* net.h - a network on a device: the plan, its memory and the operations that walk it.
 *
 * net.c creates and frees, tune.c measures what computes it fastest, memory.c places, forward.c and backward.c walk the plan (pass.c is what
 * a step of both works with), step.c is the calls of the public header, params.c reads and writes
 * tensors.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_NET_NET_H
#define FG_NET_NET_H

#include "ops/batchnorm.h"
#include "ops/choice.h"
#include "ops/conv.h"
#include "ops/head_pool.h"
#include "ops/linear.h"
#include "ops/max_pool.h"
#include "ops/pool.h"
#include "ops/sgd.h"
#include "ops/softmax_loss.h"
#include "ops/sum.h"
#include "ops/weights.h"
#include "plan/plan.h"

#define FG_NET_UPLOADS \
    2 /* batches on their way to the device: one in use, one being prepared */

/* Part of a batch in host memory until the device has taken it. */
typedef struct fg_upload {
    void *data;
    cl_event taken; /* NULL: free */
} fg_upload;

typedef struct fg_upload_ring {
    fg_upload uploads[FG_NET_UPLOADS];
    int next;
} fg_upload_ring;

struct fg_net {
    fg_device *device; /* borrowed */
    fg_plan *plan;
    uint64_t seed;

    fg_buffer **segments; /* [plan->arena.segments]: allocations ... */
    fg_buffer **regions;  /* [plan->region_count]: ... and views of them */
    fg_buffer *parts[FG_PARTS];
    fg_features *maps;          /* [plan->map_count] */
    fg_features *backward_maps; /* ditto; of what is recomputed, the values lie elsewhere */

    fg_kernels kernels;
    fg_tuning tuning;
    fg_choice choice;
    fg_conv_op *convs;           /* [plan->op_count], of convolutions */
    fg_candidate_op *candidates; /* ... and what computes them in the direct kernels' place */
    fg_sum_op *sums;             /* [plan->op_count], of sums */
    fg_batchnorm_op batchnorm;
    fg_pool_op pool;
    fg_max_pool_op max_pool;
    fg_head_pool_op head_pool;
    fg_linear_op linear;
    fg_softmax_loss_op softmax_loss;
    fg_sgd_op sgd;

    fg_upload_ring pixels; /* float [channels][pitch] */
    fg_upload_ring labels; /* int [images] */

    bool kept;           /* what the plan keeps from pass to pass is that of the parameters */
    int images;          /* of the last forward call */
    bool backward_ready; /* it was in training mode, and no backward call has followed */
    uint64_t steps;      /* number of the last step */
    uint64_t passes; /* forward in training mode, since training began: masks depend on it */
    struct fg_result results[FG_STEP_RESULTS]; /* entry: step % FG_STEP_RESULTS */
    cl_event results_read[FG_STEP_RESULTS];
};

/* Tiles the convolution of operation `index` as tuning says; by rule where it says nothing, or where
 * there are as many kernels as may be. */
fg_status fg_net_tile(fg_net *net, int index);

/* All device memory, whose first touch is on its way then; and the tables in it that never change. */
fg_status fg_net_place(fg_net *net);
fg_status fg_net_write_tables(fg_net *net);
void fg_net_unplace(fg_net *net);

/* Initial values of every tensor; momentum 0. */
fg_status fg_net_initialise(fg_net *net, uint64_t seed);

/* Enqueue a pass. The input is on its way; labels too for backward, whose step's result becomes
 * entry `entry`. Where the plan keeps no gradients, parameters are updated by sgd on the way. */
fg_status fg_net_walk_forward(fg_net *net, fg_mode mode, int images);
fg_status fg_net_walk_backward(fg_net *net, int entry, const fg_sgd *sgd);

/* One operation forward. Where the step has no scratch for them, it makes no statistics. */
fg_status fg_net_forward_step(fg_net *net, const fg_step *step, fg_mode mode, int images);

/* A step is done: with FG_POISON, what no later step reads becomes NaN. */
fg_status fg_net_poison(fg_net *net, int step);

/* What a step works on: an operation's input, whose sources are none where it is not there, its
 * output, and scratch. */
fg_input fg_net_input(const fg_net *net, const fg_step *step, const fg_reads *reads);
fg_output fg_net_output(const fg_net *net, const fg_step *step, const fg_op *op);
const fg_buffer *fg_net_scratch(const fg_net *net, const fg_step *step, enum fg_scratch which);

/* Training goes on behind so many passes: their masks do not come again. */
void fg_net_resume(fg_net *net, uint64_t passes);

/* What computes the convolutions, for fg_text_free: "direct", or "gemm 12, winograd 3 of 40
 * (1a2b3c4d)", where the number in brackets tells which are which. The same text means the same
 * bits. */
fg_status fg_net_algorithms(char **out, const fg_net *net);

/* As fg_net_forward and fg_net_step, for a batch that is channel-major already:
 * pixels [channels][images][side][side]. Both copy it before they return. */
fg_status fg_net_forward_prepared(fg_net *net, fg_mode mode, float *logits, const float *pixels,
                                  int images);
fg_status fg_net_step_prepared(fg_net *net, uint64_t *number, const float *pixels,
                               const int32_t *labels, int images, const fg_sgd *sgd);

#endif
