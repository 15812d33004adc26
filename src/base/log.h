/* log.h - lines for the caller's log function.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_LOG_H
#define FG_BASE_LOG_H

#include "filigree.h"

/* Where lines go. A log function of NULL drops them. */
typedef struct fg_log {
    fg_log_function *function;
    void *user;
} fg_log;

void fg_log_line(const fg_log *log, fg_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
