/* console.c - the one place that writes to standard error: lines, and a line that is rewritten.
 *
 * SPDX-License-Identifier: MIT
 */
#include "console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 80 /* of a terminal that does not say */

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static fg_log_level shown_level = FG_LOG_WARN;
static bool status_shown;

void console_start(void)
{
    const char *wanted = getenv("FG_LOG");
    if (wanted == NULL || wanted[0] == '\0')
        return;
    for (int level = FG_LOG_ERROR; level <= FG_LOG_DEBUG; ++level) {
        if (strcmp(wanted, level_names[level]) == 0) {
            shown_level = (fg_log_level)level;
            return;
        }
    }
    console_error("FG_LOG is '%s', expected error, warn, info or debug; using warn", wanted);
}

static void write_line(const char *prefix, const char *middle, const char *format, va_list args)
{
    console_status_clear();
    fprintf(stderr, "%s%s", prefix, middle);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void console_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("", "", format, args);
    va_end(args);
}

void console_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(program_invocation_name, ": ", format, args);
    va_end(args);
}

int console_failure(void)
{
    console_error("%s", fg_error_message());
    return EXIT_FAILURE;
}

bool console_is_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

int console_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return DEFAULT_WIDTH;
    return size.ws_col;
}

void console_status(const char *text)
{
    /* The last column stays free: some terminals wrap as soon as it is written. One write a
     * status, with the erase behind the text, so that nothing flickers. */
    fprintf(stderr, "\r%.*s\033[K", console_width() - 1, text);
    fflush(stderr);
    status_shown = true;
}

void console_status_clear(void)
{
    if (!status_shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    status_shown = false;
}

void console_log(void *user, fg_log_level level, const char *line)
{
    (void)user;
    if (level <= shown_level)
        console_line("filigree: %s: %s", level_names[level], line);
}
