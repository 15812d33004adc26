/* plans.h - what the tests of this folder share: plans of named models, and expected failures.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_PLAN_PLANS_H
#define FG_TESTS_PLAN_PLANS_H

#include <check.h>
#include <string.h>

#include "plan/plan.h"

/* Networks of both families, with and without bottlenecks, even and odd sides, one layer and
 * many. */
static const char *const plan_models[] = {"sparsenet-7-3:image=4",
                                          "sparsenet-22-8",
                                          "sparsenet-40-12:classes=100",
                                          "sparsenet-40-4:base=3,image=13,pool_grid=2",
                                          "sparsenet-bc-40-4:base=3",
                                          "sparsenet-bc-40-16+32+64:image=16,channels=1",
                                          "densenet-22-12:image=31",
                                          "densenet-bc-10-5:init=7",
                                          "densenet-bc-40-36:compression=0.7",
                                          "densenet-bc-100-12"};

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
