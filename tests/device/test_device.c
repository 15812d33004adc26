/* test_device.c - listing devices, and choosing one by number or text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static fg_device_info *list;
static int count;

static void setup(void)
{
    unsetenv("FG_DEVICE");
    FG_EXPECT_OK(fg_device_list(&list, &count));
    ck_assert_int_ge(count, 1);
}

static void teardown(void)
{
    fg_device_list_free(list);
}

static fg_device *open_device(const char *match)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    config.match = match;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    return device;
}

static void expect_device(const char *match, const fg_device_info *expected)
{
    fg_device *device = open_device(match);
    ck_assert_str_eq(fg_device_information(device)->name, expected->name);
    ck_assert_str_eq(fg_device_information(device)->platform, expected->platform);
    fg_device_free(device);
}

START_TEST(every_device_is_described)
{
    for (int i = 0; i < count; ++i) {
        const fg_device_info *info = &list[i];
        const char *names[] = {info->platform, info->platform_version, info->name,
                               info->version,  info->driver,           info->kind};
        for (size_t j = 0; j < sizeof names / sizeof *names; ++j) {
            ck_assert_uint_gt(strlen(names[j]), 0);
            ck_assert(!isspace((unsigned char)names[j][0]));
            ck_assert(!isspace((unsigned char)names[j][strlen(names[j]) - 1]));
        }
        ck_assert_int_ge(info->compute_units, 1);
        ck_assert_uint_gt(info->memory_bytes, 0);
        ck_assert_uint_gt(info->allocation_bytes, 0);
        ck_assert_uint_ge(info->alignment_bytes, 1);
    }
}
END_TEST

START_TEST(no_config_and_no_match_open_the_first)
{
    fg_device *device = NULL;

    FG_EXPECT_OK(fg_device_create(&device, NULL));
    ck_assert_str_eq(fg_device_information(device)->name, list[0].name);
    fg_device_free(device);
    expect_device(NULL, &list[0]);
}
END_TEST

START_TEST(number_opens_the_device_of_that_number)
{
    for (int i = 0; i < count; ++i) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        expect_device(number, &list[i]);
    }
}
END_TEST

START_TEST(text_matches_names_whatever_the_case)
{
    char text[FG_NAME_LENGTH];

    expect_device(list[0].platform, &list[0]);
    expect_device(list[0].platform_version, &list[0]);
    for (size_t i = 0; i <= strlen(list[0].platform); ++i)
        text[i] = (char)toupper((unsigned char)list[0].platform[i]);
    expect_device(text, &list[0]);
}
END_TEST

START_TEST(environment_counts_where_the_config_is_silent)
{
    fg_device *device = NULL;

    setenv("FG_DEVICE", "no such device", 1);
    FG_EXPECT_FAILS(fg_device_create(&device, NULL), FG_ERR_ARGUMENT, "no such device");
    expect_device("0", &list[0]);
    setenv("FG_DEVICE", "0", 1);
    FG_EXPECT_OK(fg_device_create(&device, NULL));
    fg_device_free(device);
}
END_TEST

START_TEST(no_match_lists_those_there_are)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    const char *const wrong[] = {"no such device", "999999", "99999999999999999999"};
    fg_device *device = (fg_device *)1;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        config.match = wrong[i];
        FG_EXPECT_FAILS(fg_device_create(&device, &config), FG_ERR_ARGUMENT, wrong[i]);
        ck_assert_ptr_null(device);
        ck_assert_ptr_nonnull(strstr(fg_error_message(), list[0].name));
    }
}
END_TEST

START_TEST(config_that_was_not_initialised_is_refused)
{
    fg_device_config config = {0};
    fg_device *device = (fg_device *)1;

    FG_EXPECT_FAILS(fg_device_create(&device, &config), FG_ERR_ARGUMENT, "struct_size");
    ck_assert_ptr_null(device);
}
END_TEST

START_TEST(tuning_takes_off_or_seconds)
{
    static const char *const bad[] = {"",    "on",  "-1",  "+1",  " 1",     "1 ",  "1s",
                                      "0x1", "1e2", "nan", "inf", "3600.5", "1e6", "OFF"};
    double seconds = -1;
    fg_device *device = NULL;
    char expected[128];

    FG_EXPECT_OK(fg_device_tuning_seconds(&seconds, "off", "--tune"));
    ck_assert_double_eq(seconds, 0);
    FG_EXPECT_OK(fg_device_tuning_seconds(&seconds, "0.25", "--tune"));
    ck_assert_double_eq(seconds, 0.25);
    FG_EXPECT_OK(fg_device_tuning_seconds(&seconds, "3600", "--tune"));
    ck_assert_double_eq(seconds, 3600);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        snprintf(expected, sizeof expected,
                 "X is \"%s\", expected a decimal number of seconds from 0 to 3600, or off",
                 bad[i]);
        FG_EXPECT_FAILS(fg_device_tuning_seconds(&seconds, bad[i], "X"), FG_ERR_ARGUMENT,
                        expected);
    }
    setenv("FG_TUNE", "0x1", 1);
    FG_EXPECT_FAILS(fg_device_create(&device, NULL), FG_ERR_ARGUMENT,
                    "FG_TUNE is \"0x1\", expected");
    setenv("FG_TUNE", "off", 1);
}
END_TEST

START_TEST(two_devices_live_side_by_side)
{
    fg_device *one = open_device(NULL), *two = open_device(NULL);
    ck_assert_ptr_ne(one, two);
    FG_EXPECT_OK(fg_device_finish(one));
    fg_device_free(one);
    FG_EXPECT_OK(fg_device_finish(two));
    fg_device_free(two);
    fg_device_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/device");
    TCase *tests = tcase_create("device");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_device_is_described);
    tcase_add_test(tests, no_config_and_no_match_open_the_first);
    tcase_add_test(tests, number_opens_the_device_of_that_number);
    tcase_add_test(tests, text_matches_names_whatever_the_case);
    tcase_add_test(tests, environment_counts_where_the_config_is_silent);
    tcase_add_test(tests, no_match_lists_those_there_are);
    tcase_add_test(tests, config_that_was_not_initialised_is_refused);
    tcase_add_test(tests, tuning_takes_off_or_seconds);
    tcase_add_test(tests, two_devices_live_side_by_side);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
