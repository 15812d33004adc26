/* test_version.c - the library says the version that its header says.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <stdio.h>

#include "filigree.h"

START_TEST(library_and_header_agree)
{
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", FG_VERSION_MAJOR, FG_VERSION_MINOR,
             FG_VERSION_PATCH);
    ck_assert_str_eq(fg_version(), text);
    ck_assert_str_eq(fg_version(), FG_VERSION_TEXT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/version");
    TCase *tests = tcase_create("version");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, library_and_header_agree);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
