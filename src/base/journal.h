/* journal.h - a file of lines that several processes may append to at once.
 *
 * A line is there whole or not at all, whatever happens to who writes it, and never within
 * another one. While it is written, or the file replaced, the file is locked (flock).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_JOURNAL_H
#define FG_BASE_JOURNAL_H

#include "base/status.h"

/* Appends text, which ends with a line's end. Where the file is not there yet, it is made with
 * `head` as its first line. The folder is there.
 *
 * FG_ERR_FILE  it cannot be written, is no regular file, or begins with another line; it is as it
 *              was */
fg_status fg_journal_append(const char *path, const char *head, const char *text);

/* Fails as fg_journal_append would, but where the disk is full; the file is as it was. */
fg_status fg_journal_check(const char *path, const char *head);

/* Puts text in the file's place, and the file that was there aside, as path with ".damaged"
 * behind it, or ".damaged.2" and so on where there is such a file; does nothing where the file is
 * not the `bytes` of `before` any more, as when they were read while another process wrote.
 *
 * aside  out, where it was put, to be freed with fg_text_free; NULL: nothing was done
 *
 * FG_ERR_FILE  it cannot be put aside or written; it is as it was */
fg_status fg_journal_replace(char **aside, const char *path, const char *before, size_t bytes,
                             const char *text);

#endif
