/* console.h - the one place that writes to standard error: lines, and a line that is rewritten.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_CONSOLE_H
#define FG_CLI_CONSOLE_H

#include <stdbool.h>

#include "filigree.h"

/* Exit statuses of the program beside EXIT_SUCCESS and EXIT_FAILURE. */
#define EXIT_USAGE 2

/* Reads FG_LOG: how much of the library's log is shown. */
void console_start(void);

/* A line of its own. A status line that stands there is wiped first. */
void console_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "filigree COMMAND: ..." for what went wrong. */
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the library's last error message; returns EXIT_FAILURE. Call it right after the
 * failure. */
int console_failure(void);

/* True where standard error is a terminal that can rewrite a line. */
bool console_is_terminal(void);
int console_width(void);

/* Rewrites the status line, cut to the terminal's width. */
void console_status(const char *text);
void console_status_clear(void);

/* The library's log, for fg_device_config.log. */
void console_log(void *user, fg_log_level level, const char *line);

#endif
