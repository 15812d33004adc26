/* tuning_text.h - the text of a tuning file, line by line.
 *
 * It begins with the head, which says the format. Then come lines of tuning_line.h; empty ones and such
 * as begin with '#' say nothing. A line says all by itself, so that damage takes no other line with it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_TUNING_TEXT_H
#define FG_OPS_TUNING_TEXT_H

#include <stdbool.h>

#include "base/log.h"
#include "base/status.h"

#define FG_TUNING_FORMAT 1 /* as the head says */
#define FG_TUNING_HEAD                                                                     \
    "# filigree tuning 1: device, driver, library, origin, operation, choice, ms before, " \
    "ms after"

/* What is done with a file. */
typedef enum fg_tuning_role {
    FG_TUNING_SOURCE, /* named, and only read: it must be there, and hold something */
    FG_TUNING_OUTPUT, /* named, to be appended to: it may be missing or empty */
    FG_TUNING_CACHE   /* the same, the cache folder's: it may be damaged too */
} fg_tuning_role;

/* A file, and what is whole in it. */
typedef struct fg_tuning_text {
    char *file; /* as it was read ... */
    size_t bytes;
    char *damage; /* ... and what is wrong with it, in words; NULL: nothing is */
    char *whole;  /* the head and every line that is whole; of other formats the head alone */
} fg_tuning_text;

/* FG_ERR_FILE  it cannot be read, or is not what its role asks for */
fg_status fg_tuning_text_read(fg_tuning_text *out, const char *path, fg_tuning_role role);
void fg_tuning_text_clear(fg_tuning_text *text);

/* Puts what is whole in the place of a damaged file, and that one aside, with a line in the log,
 * unless another process is about it.
 *
 * FG_ERR_FILE  it cannot be put aside; the message says how it is damaged, too */
fg_status fg_tuning_text_mend(const fg_tuning_text *text, const char *path, const fg_log *log);

/* Cuts the next line off rest. NULL: there is none. whole: out, false: it lacks its end, so that
 * its writer did not come to it */
char *fg_tuning_text_next(char **rest, bool *whole);
bool fg_tuning_text_is_comment(const char *line);

#endif
