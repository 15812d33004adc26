/* test_programs.c - how many programs a network needs does not depend on its depth: each costs a
 * start as much as many steps.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"
#include "net/tasks.h"
#include "spy.h"
#include "support/device_fixture.h"
#include "support/scratch.h"

/* Those of preresnet-164, where forward kernels with a tile of backward are in its program. */
#define MOST_PROGRAMS 12

/* With a file of tuning, of which a network takes so many tiles only: 55 without that limit. */
#define MOST_TUNED_PROGRAMS 40

#define IMAGES 2

/* Programs that a device builds, from its opening on, for a training network of this name, with what a
 * file has of tiles; NULL: none. */
static int programs_of(const char *model, const char *tuning)
{
    fg_device_config device_config = FG_DEVICE_CONFIG_INIT;
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_device *device = NULL;
    fg_net *net = NULL;
    const int before = spy.calls[SPY_clBuildProgram];
    int programs;

    device_config.tuning = tuning;
    config.model = model;
    config.images = IMAGES;
    FG_EXPECT_OK(fg_device_create(&device, &device_config));
    FG_EXPECT_OK(fg_net_create(&net, device, &config));
    programs = spy.calls[SPY_clBuildProgram] - before;
    fg_net_free(net);
    fg_device_free(device);
    return programs;
}

START_TEST(test_a_deep_network_needs_no_more_programs_than_a_shallow_one)
{
    const int shallow = programs_of("sparsenet-bc-100-12", NULL);
    const int deep = programs_of("sparsenet-bc-400-12", NULL);

    ck_assert_int_gt(deep, 1);
    ck_assert_int_le(deep, shallow);
}
END_TEST

START_TEST(test_networks_of_the_benches_need_few_programs)
{
    static const char *const models[] = {"sparsenet-40-12",     "densenet-40-12",
                                         "densenet-bc-100-12",  "preresnet-164",
                                         "sparsenet-bc-100-12", "seqresnet-b-r7-k16-n1"};

    ck_assert_int_le(programs_of(models[_i], NULL), MOST_PROGRAMS);
}
END_TEST

/* Of what tuning may choose for this part of a convolution, number `index`, from the first again behind
 * the last. */
static fg_tuning_choice choice_of(const fg_conv_op *op, fg_conv_part part, int index)
{
    fg_conv_variant v = fg_conv_variant_of(op);
    const fg_conv_tiling *const from[FG_CONV_PARTS] = {&v.forward, &v.backward, &v.phases};
    int tiles = 0;

    while (fg_conv_variant_turn(&v, part, FG_CONV_DIAL_TILE, tiles))
        ++tiles;
    fg_conv_variant_turn(&v, part, FG_CONV_DIAL_TILE, index % tiles);
    fg_conv_variant_turn(&v, part, FG_CONV_DIAL_LANES, index / tiles % FG_CONV_LANE_TILE);
    return (fg_tuning_choice){.tiling = *from[part], .lane_vectors = v.lane_vectors};
}

/* A file with another choice for each kind of operation that the network has; returns how many there
 * are. */
static int write_choices(const char *path, const char *model)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_device *device = NULL;
    fg_net *net = NULL;
    fg_tuning tuning;
    fg_tasks tasks;

    config.model = model;
    config.images = IMAGES;
    FG_EXPECT_OK(fg_device_create(&device, NULL));
    FG_EXPECT_OK(fg_net_create(&net, device, &config));
    FG_EXPECT_OK(fg_tuning_open_new(&tuning, device, path));
    FG_EXPECT_OK(fg_tasks_create(&tasks, fg_net_plan(net)));
    const int count = tasks.count;
    for (int i = 0; i < count; ++i) {
        const fg_task *task = &tasks.list[i];
        const fg_tuning_choice choice = choice_of(&net->convs[task->op], task->part, i);
        fg_tuning_line line = {.origin = FG_TUNING_TUNE, .operation = task->operation};
        fg_text text = {0};
        char *printed = NULL;
        fg_tuning_choice_print(&text, task->part, &choice);
        FG_EXPECT_OK(fg_text_take(&printed, &text));
        line.choice = printed;
        FG_EXPECT_OK(fg_tuning_append(&tuning, &line));
        fg_text_free(printed);
    }
    fg_tasks_clear(&tasks);
    fg_tuning_close(&tuning);
    fg_net_free(net);
    fg_device_free(device);
    return count;
}

START_TEST(test_tuned_tiles_need_few_programs_however_many_there_are)
{
    const char *const model = "sparsenet-bc-400-12", *path = scratch_path("tuned.txt");

    ck_assert_int_gt(write_choices(path, model), MOST_TUNED_PROGRAMS);
    const int programs = programs_of(model, path);
    ck_assert_int_gt(programs, MOST_PROGRAMS); /* the file is used */
    ck_assert_int_lt(programs, MOST_TUNED_PROGRAMS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/programs");
    TCase *tests = tcase_create("programs");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, test_a_deep_network_needs_no_more_programs_than_a_shallow_one);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, test_tuned_tiles_need_few_programs_however_many_there_are);
    tcase_add_loop_test(tests, test_networks_of_the_benches_need_few_programs, 0, 6);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
