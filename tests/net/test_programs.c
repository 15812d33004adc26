/* test_programs.c - how many programs a network needs does not depend on its depth: each costs a
 * start as much as many steps.
 *
 * SPDX-License-Identifier: MIT
 */
#include "spy.h"
#include "support/device_fixture.h"

/* That of preresnet-164, as long as a forward kernel is taken from a program of backward; else 13. */
#define MOST_PROGRAMS 12

/* Programs that a device builds, from its opening on, for a training network of this name. */
static int programs_of(const char *model)
{
    fg_device_config device_config = FG_DEVICE_CONFIG_INIT;
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_device *device = NULL;
    fg_net *net = NULL;
    const int before = spy.calls[SPY_clBuildProgram];
    int programs;

    config.model = model;
    config.images = 2;
    FG_EXPECT_OK(fg_device_create(&device, &device_config));
    FG_EXPECT_OK(fg_net_create(&net, device, &config));
    programs = spy.calls[SPY_clBuildProgram] - before;
    fg_net_free(net);
    fg_device_free(device);
    return programs;
}

START_TEST(test_a_deep_network_needs_no_more_programs_than_a_shallow_one)
{
    const int shallow = programs_of("sparsenet-bc-100-12");
    const int deep = programs_of("sparsenet-bc-400-12");

    ck_assert_int_gt(deep, 1);
    ck_assert_int_le(deep, shallow);
}
END_TEST

START_TEST(test_networks_of_the_benches_need_few_programs)
{
    static const char *const models[] = {"sparsenet-40-12",     "densenet-40-12",
                                         "densenet-bc-100-12",  "preresnet-164",
                                         "sparsenet-bc-100-12", "seqresnet-b-r7-k16-n1"};

    ck_assert_int_le(programs_of(models[_i]), MOST_PROGRAMS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/programs");
    TCase *tests = tcase_create("programs");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, test_a_deep_network_needs_no_more_programs_than_a_shallow_one);
    tcase_add_loop_test(tests, test_networks_of_the_benches_need_few_programs, 0, 6);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
