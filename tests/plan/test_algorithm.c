/* test_algorithm.c - candidates get the convolutions that they are chosen for, and a tile of scratch.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/algorithm.h"

#include "plans.h"

START_TEST(names_are_those_of_the_enumeration)
{
    for (int i = 0; i < FG_ALGORITHMS; ++i) {
        fg_algorithm got = FG_ALGORITHMS;
        ck_assert_int_eq(fg_algorithm_of(&got, fg_algorithm_names[i], "it"), FG_OK);
        ck_assert_int_eq(got, i);
    }
    fg_algorithm got;
    ck_assert_int_eq(fg_algorithm_of(&got, "Gemm", "it"), FG_ERR_ARGUMENT);
    ck_assert_str_eq(fg_error_message(),
                     "it is \"Gemm\", expected direct, gemm, fft or winograd");
}
END_TEST

/* Every second convolution that the algorithm can do. */
struct every_second {
    fg_algorithm algorithm;
    int asked;
};

static fg_status choose(fg_algorithm *out, void *user, const fg_conv_shape *shape)
{
    struct every_second *chosen = user;
    const bool wanted = chosen->asked++ % 2 == 0;

    *out = wanted && fg_algorithm_can(chosen->algorithm, shape) ? chosen->algorithm
                                                                : FG_ALGORITHM_DIRECT;
    return FG_OK;
}

static fg_plan *plan_chosen(const char *model, int images, int training,
                            struct every_second *chosen)
{
    const fg_chooser chooser = {choose, chosen};
    fg_plan_config config = plan_config(model, images);
    fg_plan *plan;

    config.training = training;
    ck_assert_msg(fg_plan_create_chosen(&plan, &config, &chooser) == FG_OK, "%s",
                  fg_error_message());
    return plan;
}

/* Only a convolution's forward step has a tile; nobody else does during that step. In inference,
 * weights that were transformed are there from pass to pass. */
static void check_step(const fg_plan *plan, int s)
{
    const fg_step *step = &plan->steps[s];
    const fg_op *op = step->op >= 0 ? &plan->ops[step->op] : NULL;
    const int tile = step->scratch[FG_SCRATCH_TILE];
    const bool conv = op != NULL && op->kind == FG_OP_CONV;
    const bool candidate =
        conv && step->kind == FG_STEP_FORWARD && op->algorithm != FG_ALGORITHM_DIRECT;

    ck_assert_int_eq(tile >= 0, candidate);
    ck_assert_int_eq(step->scratch[FG_SCRATCH_PACKED] >= 0, conv && !candidate);
    if (!candidate)
        return;
    const bool kept = !plan->training && op->algorithm == FG_ALGORITHM_WINOGRAD;
    ck_assert_int_eq(plan->regions[tile].kept, kept);
    ck_assert_int_eq(plan->regions[tile].first_step, kept ? 0 : s);
    ck_assert_int_eq(plan->regions[tile].last_step, kept ? plan->step_count - 1 : s);
    ck_assert_uint_gt(plan->regions[tile].bytes, 0);
    const int library = step->scratch[FG_SCRATCH_LIBRARY];
    size_t bytes = plan->regions[tile].bytes;
    if (library >= 0) {
        ck_assert_int_eq(plan->regions[library].first_step, s);
        ck_assert_int_eq(plan->regions[library].last_step, s);
        bytes += plan->regions[library].bytes;
    }
    ck_assert_uint_le(bytes, 16000000);
}

START_TEST(a_tile_lives_for_one_forward_step)
{
    for (int i = 0; i < PLAN_MODELS; ++i)
        for (int a = FG_ALGORITHM_DIRECT; a < FG_ALGORITHMS; ++a) {
            struct every_second chosen = {(fg_algorithm)a, 0};
            fg_plan *plan = plan_chosen(plan_models[i], 64, i % 2, &chosen);
            int convolutions = 0;
            for (int o = 0; o < plan->op_count; ++o)
                convolutions += plan->ops[o].kind == FG_OP_CONV;
            ck_assert_int_eq(chosen.asked, convolutions);
            ck_assert_int_eq(
                fg_algorithm_count(plan, FG_ALGORITHM_DIRECT) +
                    (a == FG_ALGORITHM_DIRECT ? 0 : fg_algorithm_count(plan, (fg_algorithm)a)),
                convolutions);
            for (int s = 0; s < plan->step_count; ++s)
                check_step(plan, s);
            fg_plan_free(plan);
        }
}
END_TEST

/* In training, gradients are not there yet where a tile is wanted. */
START_TEST(tiles_lie_in_memory_that_is_free_then)
{
    struct every_second chosen = {FG_ALGORITHM_GEMM, 0};
    fg_plan *plan = plan_chosen("densenet-bc-100-12", 64, 1, &chosen);
    fg_plan *direct = plan_of("densenet-bc-100-12", 64);

    ck_assert_int_gt(fg_algorithm_count(plan, FG_ALGORITHM_GEMM), 0);
    ck_assert_uint_le(plan->device_bytes_peak, direct->device_bytes_peak);
    fg_plan_free(plan);
    fg_plan_free(direct);
}
END_TEST

static fg_conv_shape shape_of(int channels)
{
    return (fg_conv_shape){.side = 3,
                           .stride = 1,
                           .groups = 1,
                           .in_channels = channels,
                           .out_channels = channels,
                           .height = 8,
                           .width = 8,
                           .in_height = 8,
                           .in_width = 8,
                           .images = 2};
}

START_TEST(dropout_is_left_to_our_own_kernels)
{
    static const fg_algorithm libraries[] = {FG_ALGORITHM_GEMM, FG_ALGORITHM_FFT};
    fg_conv_shape shape = shape_of(8);

    ck_assert(fg_algorithm_can(FG_ALGORITHM_GEMM, &shape));
    shape.in_dropout = FG_DROPOUT_ELEMENTS;
    for (int i = 0; i < 2; ++i)
        ck_assert(!fg_algorithm_can(libraries[i], &shape));
    ck_assert(fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
    shape.in_dropout = FG_DROPOUT_NONE;
    shape.out_dropout = FG_DROPOUT_CHANNELS;
    for (int i = 0; i < 2; ++i)
        ck_assert(!fg_algorithm_can(libraries[i], &shape));
    ck_assert(fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
}
END_TEST

START_TEST(what_is_pooled_is_left_to_the_direct_kernels)
{
    fg_conv_shape shape = shape_of(8);

    shape.side = 1;
    ck_assert(fg_algorithm_can(FG_ALGORITHM_GEMM, &shape));
    shape.pooled = true;
    for (int i = 0; i < FG_ALGORITHMS; ++i)
        ck_assert_int_eq(fg_algorithm_can((fg_algorithm)i, &shape), i == FG_ALGORITHM_DIRECT);
}
END_TEST

START_TEST(winograd_is_for_3x3_at_stride_1)
{
    fg_conv_shape shape = shape_of(8);

    shape.side = 5;
    ck_assert(!fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
    shape.side = 3;
    shape.stride = 2;
    ck_assert(!fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
    shape.stride = 1;
    shape.groups = 2;
    ck_assert(!fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
    /* Transformed weights of more channels do not fit into a tile. */
    shape = shape_of(480);
    ck_assert(fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
    shape = shape_of(500);
    ck_assert(!fg_algorithm_can(FG_ALGORITHM_WINOGRAD, &shape));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {names_are_those_of_the_enumeration,
                                  a_tile_lives_for_one_forward_step,
                                  tiles_lie_in_memory_that_is_free_then,
                                  dropout_is_left_to_our_own_kernels,
                                  what_is_pooled_is_left_to_the_direct_kernels,
                                  winograd_is_for_3x3_at_stride_1,
                                  NULL};
    return plan_run("plan/algorithm", tests);
}
