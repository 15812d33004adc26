/* tuning_text.c - see tuning_text.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning_text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/journal.h"
#include "base/piece.h"
#include "ops/tuning_line.h"

char *fg_tuning_text_next(char **rest, bool *whole)
{
    char *line = *rest, *end;

    if (*line == '\0')
        return NULL;
    end = strchr(line, '\n');
    *whole = end != NULL;
    *rest = end != NULL ? end + 1 : line + strlen(line);
    if (end != NULL)
        *end = '\0';
    return line;
}

bool fg_tuning_text_is_comment(const char *line)
{
    return *line == '#' || *line == '\0';
}

/* Other versions of the library may have choices that this one does not know. */
static fg_status check_line(bool *good, const char *text)
{
    fg_status status = FG_OK;
    fg_tuning_line line;
    fg_tuning_choice choice;
    char *copy = fg_text_copy(text);

    FG_CHECK(copy != NULL, FG_ERR_MEMORY, "no memory for a line of tuning");
    *good = fg_tuning_text_is_comment(text) || (fg_tuning_line_parse(&line, copy) &&
                                                (strcmp(line.library, FG_VERSION_TEXT) != 0 ||
                                                 fg_tuning_choice_parse(&choice, line.choice)));

cleanup:
    free(copy);
    return status;
}

/* The format that a head names; 0: it is no head. */
static int format_of(const char *text)
{
    static const char begin[] = "# filigree tuning ";
    int format = 0;
    fg_piece rest;

    if (strncmp(text, begin, strlen(begin)) != 0)
        return 0;
    rest = fg_piece_of(text + strlen(begin));
    return fg_piece_int(&format, "format", fg_piece_cut(&rest, ':'), 1, INT_MAX) == FG_OK
               ? format
               : 0;
}

/* Parts the lines of a copy of the file that are whole from the others. */
static fg_status sift_lines(fg_text *whole, fg_text *damage, char *copy)
{
    fg_status status = FG_OK;
    const size_t head = strlen(FG_TUNING_HEAD "\n");
    const bool headed = strncmp(copy, FG_TUNING_HEAD "\n", head) == 0;
    char *rest = headed ? copy + head : copy, *line;
    bool good = false, ended = false;

    if (!headed)
        fg_text_append(damage, "line 1 is damaged, expected the head of a tuning file");
    for (int number = headed ? 2 : 1; (line = fg_tuning_text_next(&rest, &ended)) != NULL;
         ++number) {
        if (!headed && fg_tuning_text_is_comment(line))
            continue; /* it may be a damaged head, or anything's */
        FG_TRY(check_line(&good, line));
        if (good && ended)
            fg_text_append(whole, "%s\n", line);
        else if (damage->length == 0)
            fg_text_append(damage, "line %d is damaged, expected a result of tuning", number);
    }

cleanup:
    return status;
}

static fg_status sift(fg_tuning_text *text)
{
    fg_status status = FG_OK;
    fg_text whole = {0}, damage = {0};
    char *copy = fg_memory_zeroed(text->bytes + 1, 1);
    int format;

    FG_CHECK(copy != NULL, FG_ERR_MEMORY, "no memory for a file of tuning");
    if (text->bytes > 0)
        memcpy(copy, text->file, text->bytes);
    for (char *zero; (zero = memchr(copy, '\0', text->bytes)) != NULL;)
        *zero = '\1'; /* which no line may have either */
    format = format_of(copy);
    fg_text_append(&whole, "%s\n", FG_TUNING_HEAD);
    if (format != 0 && format != FG_TUNING_FORMAT)
        fg_text_append(&damage, "its format is %d, expected %d", format, FG_TUNING_FORMAT);
    else if (text->bytes > 0)
        FG_TRY(sift_lines(&whole, &damage, copy));
    if (damage.length > 0 || damage.failed)
        FG_TRY(fg_text_take(&text->damage, &damage));
    FG_TRY(fg_text_take(&text->whole, &whole));

cleanup:
    free(damage.data);
    free(whole.data);
    free(copy);
    return status;
}

fg_status fg_tuning_text_read(fg_tuning_text *out, const char *path, fg_tuning_role role)
{
    fg_status status = FG_OK;
    fg_tuning_text text = {0};

    *out = (fg_tuning_text){0};
    if (role == FG_TUNING_SOURCE || fg_file_exists(path))
        FG_TRY(fg_file_read(&text.file, &text.bytes, path));
    FG_CHECK(role != FG_TUNING_SOURCE || text.bytes > 0, FG_ERR_FILE,
             "%s: is empty, expected results of tuning", path);
    FG_TRY(sift(&text));
    FG_CHECK(role == FG_TUNING_CACHE || text.damage == NULL, FG_ERR_FILE, "%s: %s", path,
             text.damage);
    *out = text;
    text = (fg_tuning_text){0};

cleanup:
    fg_tuning_text_clear(&text);
    return status;
}

void fg_tuning_text_clear(fg_tuning_text *text)
{
    free(text->file);
    fg_text_free(text->damage);
    fg_text_free(text->whole);
    *text = (fg_tuning_text){0};
}

fg_status fg_tuning_text_mend(const fg_tuning_text *text, const char *path, const fg_log *log)
{
    char *aside = NULL;

    if (text->damage == NULL)
        return FG_OK;
    const fg_status status =
        fg_journal_replace(&aside, path, text->file, text->bytes, text->whole);
    if (status != FG_OK)
        return fg_fail_prefix(status, "%s: %s: ", path, text->damage);
    if (aside != NULL)
        fg_log_line(log, FG_LOG_WARN, "%s: %s: the file is put aside as %s, and %s kept", path,
                    text->damage, aside,
                    strcmp(text->whole, FG_TUNING_HEAD "\n") == 0 ? "nothing of it"
                                                                  : "what is whole");
    fg_text_free(aside);
    return FG_OK;
}
