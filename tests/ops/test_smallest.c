/* test_smallest.c - every kernel once on the smallest shapes that do all it does, for Oclgrind.
 *
 * Oclgrind looks for data races, uninitialised values and wrong addresses, and is a hundred
 * times slower than a device. Whether the results are right is in the other tests.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cl/fft.h"
#include "cl/sources.h"
#include "ops/batchnorm.h"
#include "ops/conv_winograd.h"
#include "ops/head_pool.h"
#include "ops/linear.h"
#include "ops/max_pool.h"
#include "ops/pool.h"
#include "ops/sgd.h"
#include "ops/softmax_loss.h"
#include "ops/sum.h"
#include "ops/tile.h"
#include "ops/weights.h"
#include "support/arrays.h"
#include "support/conv_run.h"
#include "support/device_fixture.h"
#include "support/disguise.h"

#define CHANNELS 18 /* more than one work-item of kernels that go over channels */

static fg_kernels kernels;
static bool ran[FG_KERNELS];

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
}

/* Nothing is freed before: of memory that lies where other memory was, Oclgrind does not know
 * what is initialised. */
static void close_device(void)
{
    fg_arrays_clear();
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

static void mark(const fg_kernel *kernel)
{
    ran[kernel->id] = true;
}

static const fg_buffer *random_buffer(size_t floats)
{
    return fg_arrays_buffer(fg_arrays_random(floats, 0.5f, 1.0f), floats * sizeof(float));
}

/* One small image; several of them; two chunks of rows; groups; larger steps and filters; outputs
 * that fill vectors, whose turned gradient is read where it lies. */
static const fg_conv_case convs[] = {
    {3, {1, 3, 3}, {1}, 1, 1, 1},      {3, {2, 5, 3}, {2, 1}, 5, 1, 1},
    {3, {1, 26, 40}, {2, 1}, 2, 1, 1}, {1, {2, 5, 3}, {2, 1}, 13, 1, 1},
    {1, {1, 26, 40}, {3}, 2, 1, 1},    {3, {2, 5, 3}, {2, 2}, 6, 2, 1},
    {3, {2, 5, 3}, {2, 2}, 6, 2, 2},   {1, {2, 5, 4}, {2}, 3, 1, 2},
    {5, {2, 5, 3}, {2}, 3, 1, 1},      {3, {1, 26, 40}, {1}, 2, 1, 2},
    {3, {1, 9, 1}, {1}, 16, 1, 1},     {3, {1, 4, 5}, {2}, 32, 2, 1},
};

static void run_convolution(fg_conv_run *run)
{
    fg_conv_run_forward(run);
    fg_conv_run_backward(run);
    mark(run->op.pack);
    mark(run->op.forward);
    mark(run->op.backward);
    if (run->op.phases != NULL)
        mark(run->op.phases);
    mark(run->op.merge);
}

START_TEST(convolutions)
{
    for (int place = 0; place < FG_CONV_PLACES; ++place) {
        fg_conv_run run;
        if (!fg_conv_run_possible(&convs[_i], place))
            continue;
        fg_conv_run_create(&run, &kernels, &convs[_i], place);
        run_convolution(&run);
    }
}
END_TEST

START_TEST(convolutions_with_dropout)
{
    fg_conv_run run;
    fg_conv_run_create_dropping(&run, &kernels, &convs[_i], FG_CONV_BETWEEN,
                                _i % 2 ? FG_DROPOUT_ELEMENTS : FG_DROPOUT_CHANNELS,
                                _i % 2 ? FG_DROPOUT_CHANNELS : FG_DROPOUT_ELEMENTS);
    run_convolution(&run);
}
END_TEST

/* Two chunks that end within a vector, so that what one of them replaces lies behind the other. */
START_TEST(convolutions_in_place_of_their_shortcut)
{
    static const fg_conv_case shape = {1, {1, 26, 40}, {3}, 2, 1, 1};
    fg_conv_run run;

    fg_conv_run_create(&run, &kernels, &shape, FG_CONV_BETWEEN);
    run.call.shortcut = &run.out.device;
    run.call.shortcut_first_channel = run.call.out.first_channel;
    run_convolution(&run);
}
END_TEST

/* A map with CHANNELS channels. */
static fg_features map_of(int height, int width)
{
    const int pitch = height * width + 16;
    return (fg_features){random_buffer((size_t)(CHANNELS * pitch)),
                         random_buffer((size_t)(CHANNELS * pitch)),
                         height,
                         width,
                         pitch,
                         0};
}

/* All of it, by way of a source that is written to, one that is added to, and one without a
 * norm. */
static fg_input whole_map(const fg_features *map)
{
    static const struct fg_source sources[] = {
        {.first_channel = 3,
         .channels = CHANNELS - 4,
         .slot = 3,
         .shift = CHANNELS,
         .shift_gradient = CHANNELS,
         .variance = CHANNELS},
        {.first_channel = 0,
         .channels = 3,
         .adds = FG_ADDS_GRADIENT | FG_ADDS_SUMS | FG_ADDS_PARAMETERS,
         .scale = CHANNELS - 4,
         .shift = 2 * CHANNELS - 4,
         .scale_gradient = CHANNELS - 4,
         .shift_gradient = 2 * CHANNELS - 4,
         .mean = CHANNELS - 4,
         .variance = 2 * CHANNELS - 4},
        {.first_channel = CHANNELS - 1, .channels = 1, .slot = -1, .scale = -1, .shift = -1}};
    return (fg_input){map, fg_arrays_buffer(sources, sizeof sources), 0, 3, CHANNELS};
}

START_TEST(batch_norm)
{
    const fg_features map = map_of(26, 40);
    const fg_input in = whole_map(&map);
    const fg_output written = {&map, 0, CHANNELS};
    const struct fg_running table[] = {{0, 0, 1, 9}, {1, 2, 3, 9}};
    const fg_buffer *partials = random_buffer(FG_PARTIALS_FLOATS((size_t)2, CHANNELS));
    const fg_buffer *statistics = fg_arrays_scratch(2 * CHANNELS);
    const fg_buffer *parameters = random_buffer(2 * CHANNELS);
    const fg_buffer *running = random_buffer(2 * CHANNELS);
    const fg_buffer *sums = random_buffer(2 * CHANNELS);
    fg_batchnorm_op op;

    FG_EXPECT_OK(fg_batchnorm_prepare(&op, &kernels, true));
    FG_EXPECT_OK(fg_batchnorm_statistics(&op, statistics, partials, &written, 1, true));
    for (int mode = FG_AFFINE_BATCH; mode <= FG_AFFINE_RUNNING; ++mode)
        FG_EXPECT_OK(fg_batchnorm_affine(&op, fg_arrays_scratch(4 * CHANNELS), &in,
                                         (enum fg_affine_mode)mode, statistics, parameters,
                                         running));
    FG_EXPECT_OK(fg_batchnorm_running(&op, running, fg_arrays_buffer(table, sizeof table),
                                      statistics, 2, 3));
    FG_EXPECT_OK(fg_batchnorm_backward(&op, random_buffer(2 * CHANNELS), sums, &in, in.map,
                                       parameters, partials, 1));
    FG_EXPECT_OK(fg_batchnorm_coefficients(&op, fg_arrays_scratch(4 * CHANNELS), sums,
                                           statistics, &written, 1));
    mark(op.statistics);
    mark(op.affine);
    mark(op.running);
    mark(op.backward);
    mark(op.coefficients);
}
END_TEST

START_TEST(pools)
{
    const fg_features map = map_of(26, 40), smaller = map_of(13, 20), pooled = map_of(1, 1);
    const fg_features four = {
        random_buffer(4 * CHANNELS * 17), random_buffer(4 * CHANNELS * 17), 1, 1, 17, -1};
    const fg_input in = whole_map(&map);
    const fg_output out = {&smaller, 1, CHANNELS - 1};
    const fg_buffer *affine = random_buffer(4 * CHANNELS);
    const fg_buffer *partials = fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)2, CHANNELS));
    fg_pool_op pool;
    fg_head_pool_op head;

    FG_EXPECT_OK(fg_pool_prepare(&pool, &kernels, true));
    FG_EXPECT_OK(fg_pool_forward(&pool, &map, &out, partials, 1));
    FG_EXPECT_OK(fg_pool_backward(&pool, &map, &out, random_buffer(4 * CHANNELS), 1));
    FG_EXPECT_OK(fg_head_pool_prepare(&head, &kernels, true));
    FG_EXPECT_OK(fg_head_pool_forward(&head, &in, &pooled, affine, true, 1, 1));
    FG_EXPECT_OK(fg_head_pool_forward(&head, &in, &four, affine, true, 2, 1));
    FG_EXPECT_OK(fg_head_pool_backward(&head, &in, &four, affine, true, partials, 2, 1));
    mark(pool.forward);
    mark(pool.backward);
    mark(head.forward);
    mark(head.backward);
}
END_TEST

START_TEST(max_pools)
{
    const fg_features map = map_of(26, 41), smaller = map_of(13, 21);
    const fg_max_pool_call call = {
        .in = whole_map(&map),
        .relu = true,
        .affine = random_buffer(4 * CHANNELS),
        .out = {&smaller, 0, CHANNELS},
        .images = 1,
        .statistics_partials = fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)1, CHANNELS)),
        .coefficients = random_buffer(4 * CHANNELS),
        .norm_partials = fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)2, CHANNELS)),
    };
    fg_max_pool_op op;

    FG_EXPECT_OK(fg_max_pool_prepare(&op, &kernels, true));
    FG_EXPECT_OK(fg_max_pool_forward(&op, &call));
    FG_EXPECT_OK(fg_max_pool_backward(&op, &call));
    mark(op.forward);
    mark(op.backward);
}
END_TEST

/* In place with a strided input, in place without one, and into another map. */
START_TEST(sums)
{
    static const fg_sum_shape shapes[] = {
        {{0, 1}, 0, true}, {{0, -1}, 0, true}, {{0, 1}, 2, true}};
    static const struct fg_source terms[] = {
        {.first_channel = 0, .channels = 3},
        {.first_channel = 17, .channels = 1, .adds = FG_ADDS_GRADIENT, .scale = -1},
        {.first_channel = 4, .channels = 2}};
    const fg_features map = map_of(26, 41), larger = map_of(51, 82), other = map_of(26, 41);
    const fg_buffer *sources = fg_arrays_buffer(terms, sizeof terms);
    const fg_sum_shape *shape = &shapes[_i];
    const fg_sum_call call = {
        .in = {{&map, sources, 0, 2, 4},
               {&larger, sources, 1, shape->in_map[1] < 0 ? 0 : 2, 3}},
        .relu = {true, false},
        .stride = {1, 2},
        .affine = {random_buffer(4 * 4), random_buffer(4 * 3)},
        .out = {shape->out_map == 0 ? &map : &other, 8, 3},
        .images = 1,
        .statistics_partials = fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)2, 3)),
        .coefficients = random_buffer(4 * 3),
        .norm_partials = {fg_arrays_scratch(FG_PARTIALS_FLOATS((size_t)2, 4))},
    };
    fg_sum_op op;

    FG_EXPECT_OK(fg_sum_prepare(&op, &kernels, shape));
    FG_EXPECT_OK(fg_sum_forward(&op, &call));
    FG_EXPECT_OK(fg_sum_backward(&op, &call));
    mark(op.forward);
    mark(op.backward);
}
END_TEST

/* A 3x3 at both strides, and a 1x1: parts that begin in the middle of a row and of a vector. */
START_TEST(tiles)
{
    static const fg_conv_case cases[] = {{3, {2, 5, 4}, {1, 2}, 2, 1, 1},
                                         {3, {2, 5, 4}, {2}, 2, 2, 2},
                                         {1, {3, 5, 4}, {2}, 2, 1, 1}};
    fg_tile_op op;

    FG_EXPECT_OK(fg_tile_prepare(&op, &kernels));
    for (size_t i = 0; i < FG_SHAPES_COUNT(cases); ++i) {
        fg_conv_run run;
        fg_conv_run_create(&run, &kernels, &cases[i], FG_CONV_LINEAR);
        fg_conv_run_forward(&run);
        const int rows = run.call.in.channels * run.shape->side * run.shape->side;
        const fg_tile_part part = {run.shape->groups - 1, 3, run.out.pixels - 3};
        const fg_buffer *tile = fg_arrays_scratch((size_t)(rows * part.pixels));
        FG_EXPECT_OK(fg_tile_forward(&op, &run.op.shape, &run.call, tile, &part));
        FG_EXPECT_OK(fg_tile_bias(&op, &run.call));
    }
    mark(op.forward);
    mark(op.bias);
}
END_TEST

START_TEST(candidates)
{
    const fg_conv_case shape = {1, {1, 26, 40}, {3}, 2, 1, 1};
    fg_candidate_op op;
    fg_conv_run run;

    fg_conv_run_create(&run, &kernels, &shape, FG_CONV_BETWEEN);
    FG_EXPECT_OK(fg_candidate_prepare(&op, &kernels, &fg_disguise, &run.op.shape));
    run.candidate = &op;
    fg_conv_run_forward(&run);
    mark(op.statistics);
    fg_candidate_clear(&op);
}
END_TEST

/* One square; tiles of rows with several squares in a row, and of images; registers to spare. */
START_TEST(winograd)
{
    static const fg_conv_case shapes[] = {{3, {1, 1, 1}, {1}, 1, 1, 1},
                                          {3, {3, 5, 3}, {2, 1}, 5, 1, 1},
                                          {3, {1, 26, 40}, {1}, 3, 1, 1}};

    for (int i = 0; i < 3; ++i) {
        fg_candidate_op op;
        fg_conv_run run;
        fg_conv_run_create(&run, &kernels, &shapes[i],
                           i % 2 ? FG_CONV_IN_STAGE : FG_CONV_BETWEEN);
        FG_EXPECT_OK(fg_candidate_prepare(&op, &kernels, &fg_conv_winograd, &run.op.shape));
        run.candidate = &op;
        fg_conv_run_forward(&run);
        const fg_conv_winograd_op *made = op.self;
        mark(made->pack);
        mark(made->forward);
        fg_candidate_clear(&op);
    }
}
END_TEST

static fg_launch launch_marked(enum fg_kernel_id id)
{
    const fg_kernel *kernel;
    FG_EXPECT_OK(fg_kernels_get(&kernel, &kernels, id, ""));
    mark(kernel);
    return fg_launch_of(kernel);
}

/* What is around clFFT, with and without it: fields of 8 x 4 floats, spectra of 24. */
START_TEST(spectra)
{
    const fg_features map = map_of(6, 3);
    const fg_input in = whole_map(&map);
    const fg_buffer *tile = random_buffer((17 * CHANNELS + 2 * 5) * 32);
    const fg_buffer *parameters = random_buffer(5 * CHANNELS * 9 + 5);
    const struct fg_fft_args args = {
        .height = 8,
        .width = 4,
        .spectrum = 32,
        .side = 3,
        .image_height = map.height,
        .image_width = map.width,
        .pitch = map.pitch,
        .bias = 5 * CHANNELS * 9,
        .in_channels = CHANNELS,
        .first_in = 1,
        .ins = CHANNELS - 1,
        .outs = 5,
        .images = 1,
        .inputs = 5 * CHANNELS * 32,
        .inputs_imaginary = 6 * CHANNELS * 32,
        .weights = 7 * CHANNELS * 32,
        .weights_imaginary = 12 * CHANNELS * 32,
        .products = 17 * CHANNELS * 32,
        .products_imaginary = 17 * CHANNELS * 32 + 5 * 32,
    };
    fg_launch launch = launch_marked(FG_KERNEL_fft_read);
    fg_launch_buffer(&launch, tile);
    fg_launch_buffer(&launch, map.values);
    fg_launch_buffer(&launch, in.sources);
    fg_launch_buffer(&launch, random_buffer(CHANNELS * sizeof(struct fg_affine)));
    fg_launch_value(&launch, &args, sizeof args);
    FG_EXPECT_OK(fg_launch_run(&launch, CHANNELS - 1, 1));
    launch = launch_marked(FG_KERNEL_fft_weights);
    fg_launch_buffer(&launch, tile);
    fg_launch_buffer(&launch, parameters);
    fg_launch_value(&launch, &args, sizeof args);
    FG_EXPECT_OK(fg_launch_run(&launch, 5, CHANNELS - 1));
    launch = launch_marked(FG_KERNEL_fft_multiply);
    fg_launch_buffer(&launch, tile);
    fg_launch_value(&launch, &args, sizeof args);
    FG_EXPECT_OK(fg_launch_run(&launch, 32 / FG_LANES, 1));
    launch = launch_marked(FG_KERNEL_fft_store);
    fg_launch_buffer(&launch, map.values);
    fg_launch_buffer(&launch, tile);
    fg_launch_buffer(&launch, parameters);
    fg_launch_value(&launch, &args, sizeof args);
    FG_EXPECT_OK(fg_launch_run(&launch, 5, 1));
}
END_TEST

START_TEST(classifier_and_update)
{
    const fg_features map = map_of(1, 1);
    const fg_output logits = {&map, 0, 7};
    const int labels[] = {3, 6};
    const fg_sgd sgd = {.rate = 0.1f, .momentum = 0.9f, .weight_decay = 1e-4f, .nesterov = 1};
    fg_softmax_loss_op loss;
    fg_linear_op linear;
    fg_sgd_op update;
    fg_weights_op weights;

    FG_EXPECT_OK(fg_softmax_loss_prepare(&loss, &kernels));
    FG_EXPECT_OK(fg_softmax_loss_forward(&loss, &logits,
                                         fg_arrays_buffer(labels, sizeof labels),
                                         fg_arrays_scratch(3 * 4), 0, 1, 2));
    FG_EXPECT_OK(fg_linear_prepare(&linear, &kernels));
    FG_EXPECT_OK(fg_linear_backward_bias(&linear, fg_arrays_scratch(7), 0, &logits, 2));
    FG_EXPECT_OK(fg_sgd_prepare(&update, &kernels));
    FG_EXPECT_OK(fg_sgd_update(&update, random_buffer(16 * 300), random_buffer(16 * 300),
                               random_buffer(16 * 300), 16, 0, 16 * 299 - 3, &sgd));
    FG_EXPECT_OK(fg_weights_prepare(&weights, &kernels));
    FG_EXPECT_OK(fg_weights_normal(&weights, fg_arrays_scratch(4097), 0, 4097, 1.0f, 1, 2));
    FG_EXPECT_OK(fg_weights_uniform(&weights, fg_arrays_scratch(4097), 0, 4097, 1.0f, 1, 2));
    mark(loss.forward);
    mark(loss.merge);
    mark(linear.backward_bias);
    mark(update.update);
    mark(weights.normal);
    mark(weights.uniform);
}
END_TEST

START_TEST(fill_and_peak)
{
    const fg_kernel *fma_kernel = NULL, *copy_kernel = NULL, *prefetch_kernel = NULL;

    FG_EXPECT_OK(fg_buffer_fill(fg_arrays_scratch(100), 3, 90, 1.0f));
    ran[FG_KERNEL_fill] = true;

    FG_EXPECT_OK(fg_kernels_get(&fma_kernel, &kernels, FG_KERNEL_peak_fma, ""));
    fg_launch launch = fg_launch_of(fma_kernel);
    fg_launch_buffer(&launch, fg_arrays_scratch(3 * 16));
    fg_launch_value(&launch, &(cl_int){2}, sizeof(cl_int));
    FG_EXPECT_OK(fg_launch_run(&launch, 3, 1));
    mark(fma_kernel);

    FG_EXPECT_OK(fg_kernels_get(&copy_kernel, &kernels, FG_KERNEL_peak_copy, ""));
    launch = fg_launch_of(copy_kernel);
    fg_launch_buffer(&launch, fg_arrays_scratch(3 * 32));
    fg_launch_buffer(&launch, random_buffer(3 * 32));
    fg_launch_value(&launch, &(cl_uint){2}, sizeof(cl_uint));
    FG_EXPECT_OK(fg_launch_run(&launch, 3, 1));
    mark(copy_kernel);

    FG_EXPECT_OK(fg_kernels_get(&prefetch_kernel, &kernels, FG_KERNEL_prefetch_try, ""));
    launch = fg_launch_of(prefetch_kernel);
    fg_launch_buffer(&launch, random_buffer(16));
    FG_EXPECT_OK(fg_launch_run(&launch, 1, 1));
    mark(prefetch_kernel);
}
END_TEST

/* The last test: one that fails above leaves its kernels unmarked. */
START_TEST(no_kernel_is_left_out)
{
    FG_EXPECT_OK(fg_device_finish(fg_device_fixture()));
    for (int id = 0; id < FG_KERNELS; ++id)
        ck_assert_msg(ran[id], "kernel %s has not run", fg_kernel_name((enum fg_kernel_id)id));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/smallest");
    TCase *tests = tcase_create("smallest");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_loop_test(tests, convolutions, 0, FG_SHAPES_COUNT(convs));
    tcase_add_loop_test(tests, convolutions_with_dropout, 0, FG_SHAPES_COUNT(convs));
    tcase_add_test(tests, convolutions_in_place_of_their_shortcut);
    tcase_add_test(tests, batch_norm);
    tcase_add_test(tests, pools);
    tcase_add_test(tests, max_pools);
    tcase_add_loop_test(tests, sums, 0, 3);
    tcase_add_test(tests, tiles);
    tcase_add_test(tests, candidates);
    tcase_add_test(tests, winograd);
    tcase_add_test(tests, spectra);
    tcase_add_test(tests, classifier_and_update);
    tcase_add_test(tests, fill_and_peak);
    tcase_add_test(tests, no_kernel_is_left_out);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
