/* log.c - lines for the caller's log function.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_LENGTH 1024 /* a longer line is cut: the log is for people */

void fg_log_line(const fg_log *log, fg_log_level level, const char *format, ...)
{
    char line[LINE_LENGTH];
    va_list args;

    if (log->function == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    log->function(log->user, level, line);
}
