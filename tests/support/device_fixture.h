/* device_fixture.h - the one device of a test program: what FG_DEVICE names, else the first.
 *
 *     tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
 *     srunner_set_fork_status(runner, CK_NOFORK);
 *
 * Drivers do not survive a fork, so device suites do not fork; ctest runs one program per file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_DEVICE_FIXTURE_H
#define FG_TESTS_DEVICE_FIXTURE_H

#include <check.h>
#include <string.h>

#include "device/device.h"

void fg_device_fixture_open(void);
void fg_device_fixture_close(void);

/* Open between the two. */
fg_device *fg_device_fixture(void);

/* Runs a call as on a device of so many compute units. */
#define FG_WITH_UNITS(units, call)                                    \
    do {                                                              \
        const int fg_there = fg_device_fixture()->info.compute_units; \
        fg_device_fixture()->info.compute_units = (units);            \
        FG_EXPECT_OK(call);                                           \
        fg_device_fixture()->info.compute_units = fg_there;           \
    } while (0)

/* Fails the test, with the message, unless status is FG_OK. */
#define FG_EXPECT_OK(call)                                                   \
    do {                                                                     \
        const fg_status fg_got = (call);                                     \
        ck_assert_msg(fg_got == FG_OK, "%s: %s", #call, fg_error_message()); \
    } while (0)

/* Fails the test unless call returns code and its message, of one line, contains text. */
#define FG_EXPECT_FAILS(call, code, text)                                                 \
    do {                                                                                  \
        const fg_status fg_got = (call);                                                  \
        ck_assert_msg(fg_got == (code), "%s: status %d (%s)", #call, (int)fg_got,         \
                      fg_error_message());                                                \
        ck_assert_msg(strstr(fg_error_message(), (text)) != NULL &&                       \
                          strchr(fg_error_message(), '\n') == NULL,                       \
                      "the message is \"%s\", expected \"%s\" in it", fg_error_message(), \
                      (text));                                                            \
    } while (0)

#endif
