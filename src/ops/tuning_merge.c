/* tuning_merge.c - fg_tuning_merge: results of one file go into another.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/cache.h"
#include "base/journal.h"
#include "ops/tuning.h"
#include "ops/tuning_text.h"

/* Lines of `from`, which is taken apart, that `into` does not have. */
static fg_status new_lines(char **out, fg_tuning_merged *merged, char *from, const char *into)
{
    fg_status status = FG_OK;
    fg_text text = {0}, line_text = {0};
    char *line, *with_ends = NULL;
    bool whole = false;

    while ((line = fg_tuning_text_next(&from, &whole)) != NULL) {
        if (fg_tuning_text_is_comment(line))
            continue;
        fg_text_append(&line_text, "\n%s\n", line);
        FG_TRY(fg_text_take(&with_ends, &line_text));
        if (strstr(into, with_ends) == NULL) {
            fg_text_append(&text, "%s\n", line);
            ++merged->appended;
        } else {
            ++merged->known;
        }
        fg_text_free(with_ends);
        with_ends = NULL;
    }
    FG_TRY(fg_text_take(out, &text));

cleanup:
    fg_text_free(with_ends);
    free(text.data);
    return status;
}

static fg_status name_file(char **out, const char *named)
{
    fg_status status = FG_OK;

    if (named != NULL) {
        *out = fg_text_copy(named);
        return *out != NULL ? FG_OK : FG_ERR_MEMORY;
    }
    FG_TRY(fg_cache_create());
    FG_TRY(fg_cache_path(out, FG_TUNING_FILE));

cleanup:
    return status;
}

fg_status fg_tuning_merge(fg_tuning_merged *out, const char *into, const char *from,
                          fg_log_function *log, void *log_user)
{
    fg_status status = FG_OK;
    fg_tuning_merged merged = {0};
    fg_tuning_text there = {0}, more = {0};
    char *lines = NULL;

    *out = (fg_tuning_merged){0};
    FG_REQUIRE(from != NULL, "the file to merge is NULL");
    FG_TRY(fg_tuning_text_read(&more, from, FG_TUNING_SOURCE));
    FG_TRY(name_file(&merged.file, into));
    FG_TRY(fg_tuning_text_read(&there, merged.file,
                               into != NULL ? FG_TUNING_OUTPUT : FG_TUNING_CACHE));
    FG_TRY(fg_tuning_text_mend(&there, merged.file, &(fg_log){log, log_user}));
    FG_TRY(new_lines(&lines, &merged, more.whole, there.whole));
    if (merged.appended > 0)
        FG_TRY(fg_journal_append(merged.file, FG_TUNING_HEAD, lines));
    *out = merged;
    merged = (fg_tuning_merged){0};

cleanup:
    fg_text_free(lines);
    fg_tuning_text_clear(&more);
    fg_tuning_text_clear(&there);
    fg_text_free(merged.file);
    return status;
}
