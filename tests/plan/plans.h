/* plans.h - what the tests of this folder share: plans of named models, and expected failures.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_PLAN_PLANS_H
#define FG_TESTS_PLAN_PLANS_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

/* Small networks of every family: with and without bottlenecks, even and odd sides, one layer
 * and many, strides on each convolution, windows and none. */
static const char *const plan_models[] = {"sparsenet-7-3:image=4",
                                          "sparsenet-22-8",
                                          "sparsenet-40-12:classes=100",
                                          "sparsenet-40-4:base=3,image=13,pool_grid=2",
                                          "sparsenet-bc-40-4:base=3",
                                          "sparsenet-bc-40-16+32+64:image=16,channels=1",
                                          "sparsenet-22-8:image=27,dropout=0.1",
                                          "densenet-22-12:image=31",
                                          "densenet-22-12:image=29,dropout=0.2",
                                          "densenet-bc-10-5:init=7",
                                          "densenet-bc-40-36:compression=0.7",
                                          "densenet-bc-100-12",
                                          "densenet-121-4:image=64,n=1+2+3+2",
                                          "sparsenet-121-4:image=65,n=2+1+3+5",
                                          "plain-8",
                                          "plain-20:image=13",
                                          "preplain-11",
                                          "preplain-38",
                                          "resnet-8:image=15",
                                          "resnet-20",
                                          "resnet-50:image=64,n=1",
                                          "resnet-50:image=33,n=2+1+3+1,stride=1x1",
                                          "preresnet-basic-8",
                                          "preresnet-basic-20:image=9",
                                          "preresnet-11:image=7",
                                          "preresnet-29",
                                          "wrn-10-1",
                                          "wrn-16-2:dropout=0.3",
                                          "resnext-11-3x4d",
                                          "resnext-50-2x4d:image=32,n=1+2+1+1",
                                          "sparsenet-sum-11",
                                          "sparsenet-sum-38:base=3",
                                          "sparsenet-sum-110:image=8",
                                          "seqresnet-r1-k16-n1",
                                          "seqresnet-r1-k4-n1+2+1:window=0",
                                          "seqresnet-b-r2-k8-n2:image=11,dropout=0.1",
                                          "seqresnet-b22:image=32,r=1,n=1",
                                          "seqresnext-24:image=64,r=1,n=1+1+2+1",
                                          "delugenet-20",
                                          "delugenet-38:image=9",
                                          "wide-delugenet-20:m=0.25",
                                          "delugenet-92:image=48,n=1+2+3+1"};

#define PLAN_MODELS ((int)(sizeof plan_models / sizeof *plan_models))

static inline fg_plan_config plan_config(const char *model, int images)
{
    fg_plan_config config = FG_PLAN_CONFIG_INIT;
    config.model = model;
    config.images = images;
    return config;
}

static inline fg_plan *plan_create(const fg_plan_config *config)
{
    fg_plan *plan;
    ck_assert_msg(fg_plan_create(&plan, config) == FG_OK, "%s", fg_error_message());
    return plan;
}

/* One number per channel of each map, [map][channel], all `value`. */
static inline int **plan_channels(const fg_plan *plan, int value)
{
    int **out = calloc((size_t)plan->map_count, sizeof *out);

    ck_assert_ptr_nonnull(out);
    for (int m = 0; m < plan->map_count; ++m) {
        out[m] = calloc((size_t)plan->maps[m].channels, sizeof **out);
        ck_assert_ptr_nonnull(out[m]);
        for (int c = 0; c < plan->maps[m].channels; ++c)
            out[m][c] = value;
    }
    return out;
}

static inline void plan_channels_free(const fg_plan *plan, int **channels)
{
    for (int m = 0; m < plan->map_count; ++m)
        free(channels[m]);
    free(channels);
}

static inline fg_plan *plan_of(const char *model, int images)
{
    const fg_plan_config config = plan_config(model, images);
    return plan_create(&config);
}

/* The plan is refused with one line that contains text. */
static inline void plan_is_refused(const fg_plan_config *config, const char *text)
{
    fg_plan *plan;
    ck_assert_msg(fg_plan_create(&plan, config) == FG_ERR_ARGUMENT, "%s is a plan",
                  config->model);
    ck_assert_ptr_null(plan);
    ck_assert_msg(strstr(fg_error_message(), text) != NULL &&
                      strchr(fg_error_message(), '\n') == NULL,
                  "the message is \"%s\", expected \"%s\" in it", fg_error_message(), text);
}

/* One suite of one case: each entry of tests, which NULL ends, is a test function. */
static inline int plan_run(const char *name, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 0); /* ctest has one */
    for (; *tests != NULL; ++tests)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
