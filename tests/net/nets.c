/* nets.c - small networks, batches for them, and all that a network holds in one array.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nets.h"

#include "cl/random.h"
#include "support/compare.h"

const char *const nets_models[NETS_MODELS] = {
    "sparsenet-10-4:image=9,channels=1,classes=2",
    "densenet-10-4:image=11,channels=5,init=3",
    "densenet-bc-16-4:image=8,compression=0.7,classes=100",
    "sparsenet-bc-22-4:image=7,base=3",
    "sparsenet-10-2+3+5:image=12,pool_grid=2",
    "densenet-121-4:image=35,n=1+2+1+1,classes=10",
    "densenet-bc-16-4:image=8,dropout=0.2",
    "sparsenet-10-4:image=8,dropout=0.3",
    "plain-8:image=7",
    "resnet-8:image=9",
    "resnext-11-2x3d:image=5",
    "preplain-11:image=6",
    "preresnet-basic-14:image=9",
    "preresnet-20:image=5",
    "wrn-10-2:image=7,dropout=0.4",
    "sparsenet-sum-29:image=5",
    "seqresnet-r1-k16-n1:image=8,dropout=0.1",
    "seqresnet-b-r1-k8-n1:image=5,window=0",
    "seqresnet-b22:image=17,r=1,n=1,classes=3",
    "delugenet-20:image=8,m=0.25",
    "delugenet-92:image=33,m=0.125,n=1+2+1+1,classes=5",
};

static fg_net *create(fg_device *device, const char *model, int images, int training, int keep,
                      size_t memory_target)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net = NULL;

    config.model = model;
    config.images = images;
    config.training = training;
    config.keep_gradients = keep;
    config.memory_target = memory_target;
    FG_EXPECT_OK(fg_net_create(&net, device, &config));
    return net;
}

fg_net *nets_create(fg_device *device, const char *model, int images, int training)
{
    return create(device, model, images, training, training, FG_MEMORY_FAST);
}

fg_net *nets_create_trained(fg_device *device, const char *model, int images)
{
    return create(device, model, images, 1, 0, FG_MEMORY_FAST);
}

fg_net *nets_create_within(fg_device *device, const char *model, int images, int keep,
                           size_t memory_target)
{
    return create(device, model, images, 1, keep, memory_target);
}

nets_batch nets_batch_of(const fg_net *net, int images, int number)
{
    const fg_plan_info info = fg_plan_information(fg_net_plan(net));
    const size_t image = (size_t)(info.image_channels * info.image_side * info.image_side);
    const size_t floats = (size_t)images * image;
    nets_batch batch = {fg_arrays_floats(floats), (int32_t *)fg_arrays_floats((size_t)images),
                        images};

    for (size_t i = 0; i < floats; ++i) {
        const struct fg_random r = fg_random_block(1, 2, 3, (fg_u32)number, (fg_u32)i);
        batch.pixels[i] = 2.0f * fg_random_uniform(r.x) - 1.0f;
    }
    for (int i = 0; i < images; ++i)
        batch.labels[i] = (i * 5 + number) % info.classes;
    return batch;
}

fg_step_result nets_step(fg_net *net, const nets_batch *batch)
{
    fg_step_result result;
    uint64_t number = 0;

    FG_EXPECT_OK(
        fg_net_step(net, &number, batch->pixels, batch->labels, batch->images, &nets_sgd));
    FG_EXPECT_OK(fg_net_step_result(net, number, &result));
    return result;
}

typedef fg_status read_function(fg_net *net, int index, float *values);

/* Appends what read gives for all tensors, or for the trained ones. */
static void append(nets_state *state, fg_net *net, read_function *read, bool trained)
{
    for (int i = 0; i < fg_net_tensors(net); ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        if (trained && !tensor.trained)
            continue;
        if (state->values != NULL && read(net, i, state->values + state->count) != FG_OK)
            ck_abort_msg("%s: %s", tensor.name, fg_error_message());
        state->count += (size_t)tensor.elements;
    }
}

nets_state nets_state_of(fg_net *net)
{
    const int training = fg_plan_information(fg_net_plan(net)).training;
    nets_state state = {0};

    for (int round = 0; round < 2; ++round) {
        if (round == 1)
            state.values = fg_arrays_floats(state.count);
        state.count = 0;
        append(&state, net, fg_net_read, false);
        if (training)
            append(&state, net, fg_net_read_momentum, true);
    }
    return state;
}

void nets_state_apply(fg_net *net, const nets_state *state)
{
    const float *from = state->values;

    for (int i = 0; i < fg_net_tensors(net); from += fg_net_tensor(net, i++).elements)
        FG_EXPECT_OK(fg_net_write(net, i, from));
    for (int i = 0; from < state->values + state->count;
         from += fg_net_tensor(net, i++).elements)
        FG_EXPECT_OK(fg_net_write_momentum(net, i, from));
}

void nets_expect_same(const char *what, const nets_state *got, const nets_state *expected)
{
    ck_assert_uint_eq(got->count, expected->count);
    if (memcmp(got->values, expected->values, got->count * sizeof(float)) != 0)
        fg_compare_bits(what, got->values, expected->values, got->count);
}

nets_state nets_gradients(fg_net *net)
{
    nets_state state = {0};

    for (int round = 0; round < 2; ++round) {
        if (round == 1)
            state.values = fg_arrays_floats(state.count);
        state.count = 0;
        append(&state, net, fg_net_read_gradient, true);
    }
    return state;
}

nets_state nets_logits(fg_net *net, fg_mode mode, const nets_batch *batch)
{
    const size_t count =
        (size_t)batch->images * (size_t)fg_plan_information(fg_net_plan(net)).classes;
    const nets_state state = {fg_arrays_floats(count), count};

    FG_EXPECT_OK(fg_net_forward(net, mode, state.values, batch->pixels, batch->images));
    return state;
}
