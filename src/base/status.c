/* status.c - texts of statuses, and the message of this thread's last failure.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_LENGTH 1024 /* room for a list of devices */

static _Thread_local char message[MESSAGE_LENGTH];

const char *fg_status_text(fg_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text) \
    case name:                         \
        return text;
        FG_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

const char *fg_error_message(void)
{
    return message;
}

/* Arguments may point into the old message, so the new one is made beside it. It is one line,
 * even where a driver's or a file's text in it is not. */
static void set_message(const char *text)
{
    size_t length = strlen(text);
    if (length >= sizeof message)
        length = sizeof message - 1;
    for (size_t i = 0; i < length; ++i)
        message[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
    message[length] = '\0';
}

fg_status fg_fail(fg_status status, const char *format, ...)
{
    char text[MESSAGE_LENGTH];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    set_message(text);
    return status;
}

fg_status fg_fail_prefix(fg_status status, const char *format, ...)
{
    char text[2 * MESSAGE_LENGTH];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, MESSAGE_LENGTH, format, args);
    va_end(args);
    if (length < 0)
        length = 0;
    else if (length >= MESSAGE_LENGTH)
        length = MESSAGE_LENGTH - 1;
    snprintf(text + length, sizeof text - (size_t)length, "%s", message);
    set_message(text);
    return status;
}
