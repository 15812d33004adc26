/* tuning_text.h - the text of a tuning file, line by line.
 *
 * It begins with the head. Then come lines of tuning_line.h; empty ones and such as begin with
 * '#' say nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_TUNING_TEXT_H
#define FG_OPS_TUNING_TEXT_H

#include "base/status.h"

#define FG_TUNING_HEAD                                                                     \
    "# filigree tuning 1: device, driver, library, origin, operation, choice, ms before, " \
    "ms after"

/* The text without damaged lines, for fg_text_free; without a head nothing is left.
 *
 * damaged  out, number of the first damaged line, from 1; 0: there is none */
fg_status fg_tuning_text_sift(char **out, int *damaged, const char *text, size_t bytes);

/* Cuts the next line off rest. NULL: there is none. whole: out, false: it lacks its end, so that
 * its writer did not come to it */
char *fg_tuning_text_next(char **rest, bool *whole);
bool fg_tuning_text_is_comment(const char *line);

#endif
