/* tuning_text.c - see tuning_text.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning_text.h"

#include <stdlib.h>
#include <string.h>

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

fg_status fg_tuning_text_sift(char **out, int *damaged, const char *text, size_t bytes)
{
    fg_status status = FG_OK;
    fg_text kept = {0};
    char *copy = fg_memory_zeroed(bytes + 1, 1), *rest = copy, *line;
    bool whole = false, headed = false;

    *damaged = 0;
    FG_CHECK(copy != NULL, FG_ERR_MEMORY, "no memory for a file of tuning");
    memcpy(copy, text, bytes);
    for (char *zero; (zero = memchr(copy, '\0', bytes)) != NULL;)
        *zero = '\1'; /* which no line may have either */
    for (int number = 1; (line = fg_tuning_text_next(&rest, &whole)) != NULL; ++number) {
        bool good = false;
        if (number == 1)
            good = headed = strcmp(line, FG_TUNING_HEAD) == 0;
        else if (headed)
            FG_TRY(check_line(&good, line));
        if (good && whole)
            fg_text_append(&kept, "%s\n", line);
        else if (*damaged == 0)
            *damaged = number;
    }
    FG_TRY(fg_text_take(out, &kept));

cleanup:
    free(kept.data);
    free(copy);
    return status;
}
