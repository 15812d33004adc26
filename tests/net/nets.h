/* nets.h - small networks, batches for them, and all that a network holds in one array.
 *
 * Arrays are those of support/arrays.h, released by fg_arrays_clear.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_NETS_H
#define FG_TESTS_NETS_H

#include "support/arrays.h"
#include "support/device_fixture.h"

/* Compressed, bottlenecks, odd sides and channels: an operation of every kind on awkward maps. */
#define NETS_MODEL "sparsenet-bc-16-4:image=9,channels=2,classes=7"

/* Small networks of every family, on awkward maps, some with dropout. */
#define NETS_MODELS 21
extern const char *const nets_models[NETS_MODELS];

static const fg_sgd nets_sgd = {0.1f, 0.9f, 1e-3f, 1};

/* With gradients and of seed 1; fails the test where it cannot be. */
fg_net *nets_create(fg_device *device, const char *model, int images, int training);

/* As programs that train make it: parameters are updated on the way back, gradients not kept. */
fg_net *nets_create_trained(fg_device *device, const char *model, int images);

/* One that trains, with a memory setting; keep: its gradients. */
fg_net *nets_create_within(fg_device *device, const char *model, int images, int keep,
                           size_t memory_target);

/* The same random batch for the same net and number; labels of any class. */
typedef struct nets_batch {
    float *pixels;
    int32_t *labels;
    int images;
} nets_batch;

nets_batch nets_batch_of(const fg_net *net, int images, int number);

/* One training step, which is waited for. */
fg_step_result nets_step(fg_net *net, const nets_batch *batch);

/* Parameters and running statistics, and where it trains, momentum. */
typedef struct nets_state {
    float *values;
    size_t count;
} nets_state;

nets_state nets_state_of(fg_net *net);
void nets_state_apply(fg_net *net, const nets_state *state);
void nets_expect_same(const char *what, const nets_state *got, const nets_state *expected);

/* All gradients, and logits of a forward pass. */
nets_state nets_gradients(fg_net *net);
nets_state nets_logits(fg_net *net, fg_mode mode, const nets_batch *batch);

#endif
