/* test_env.c - empty variables count as not set.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <stdlib.h>

#include "base/env.h"

START_TEST(texts_are_null_unless_set_and_not_empty)
{
    const struct {
        const char *name;
        const char *(*read)(void);
    } texts[] = {
        {"FG_DEVICE", fg_env_device},
        {"FG_CL_DIR", fg_env_cl_dir},
        {"FG_TRACE", fg_env_trace},
        {"FG_CACHE_DIR", fg_env_cache_dir},
        {"FG_TUNE", fg_env_tune},
        {"XDG_CACHE_HOME", fg_env_xdg_cache_home},
        {"HOME", fg_env_home},
        {"FG_ALGORITHM", fg_env_algorithm},
        {"FG_PROGRAM_CACHE", fg_env_program_cache},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        unsetenv(texts[i].name);
        ck_assert_ptr_null(texts[i].read());
        setenv(texts[i].name, "", 1);
        ck_assert_ptr_null(texts[i].read());
        setenv(texts[i].name, "value", 1);
        ck_assert_str_eq(texts[i].read(), "value");
    }
}
END_TEST

START_TEST(poison_is_off_unless_set_to_something_else_than_0)
{
    unsetenv("FG_POISON");
    ck_assert(!fg_env_poison());
    setenv("FG_POISON", "", 1);
    ck_assert(!fg_env_poison());
    setenv("FG_POISON", "0", 1);
    ck_assert(!fg_env_poison());
    setenv("FG_POISON", "1", 1);
    ck_assert(fg_env_poison());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/env");
    TCase *tests = tcase_create("env");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, texts_are_null_unless_set_and_not_empty);
    tcase_add_test(tests, poison_is_off_unless_set_to_something_else_than_0);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
