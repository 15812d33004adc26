/* message.h - what a failure says, for tests that need no device.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_MESSAGE_H
#define FG_TESTS_MESSAGE_H

#include <check.h>
#include <string.h>

#include "filigree.h"

/* The last failure's message is one line and has both texts in it. */
static inline void expect_message(const char *first, const char *second)
{
    const char *message = fg_error_message();

    ck_assert_msg(strstr(message, first) != NULL && strstr(message, second) != NULL &&
                      strchr(message, '\n') == NULL,
                  "the message is \"%s\", expected \"%s\" and \"%s\" in it", message, first,
                  second);
}

#endif
