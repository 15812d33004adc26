/* tuning.c - see tuning.h; and fg_tuning_merge.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning.h"

#include <stdlib.h>
#include <string.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/journal.h"
#include "ops/tuning_text.h"

#define FILE_NAME "tuning.txt"

/* ---- reading ---- */

/* A damaged file is replaced, unless another process is about it. */
static void put_aside(const fg_tuning *tuning, int damaged, const char *before, size_t bytes,
                      const char *kept)
{
    char *aside = NULL;

    if (fg_journal_replace(&aside, tuning->path, before, bytes,
                           kept[0] != '\0' ? kept : FG_TUNING_HEAD "\n") != FG_OK)
        fg_log_line(tuning->log, FG_LOG_WARN, "%s: line %d is damaged: %s", tuning->path,
                    damaged, fg_error_message());
    else if (aside != NULL)
        fg_log_line(
            tuning->log, FG_LOG_WARN,
            "%s: line %d is damaged: the file is put aside as %s, and what is whole kept",
            tuning->path, damaged, aside);
    fg_text_free(aside);
}

static bool is_ours(const fg_tuning *tuning, const fg_tuning_line *line)
{
    return strcmp(line->device, tuning->device) == 0 &&
           strcmp(line->driver, tuning->driver) == 0 &&
           strcmp(line->library, FG_VERSION_TEXT) == 0;
}

/* Takes the text apart, for the lines that count. */
static fg_status take_apart(fg_tuning *tuning)
{
    fg_status status = FG_OK;
    char *rest = tuning->text, *line;
    bool whole = false;

    while ((line = fg_tuning_text_next(&rest, &whole)) != NULL) {
        fg_tuning_line parsed;
        if (fg_tuning_text_is_comment(line) || !fg_tuning_line_parse(&parsed, line) ||
            !is_ours(tuning, &parsed))
            continue;
        FG_GROW(tuning->lines, tuning->count);
        tuning->lines[tuning->count++] = parsed;
    }

cleanup:
    return status;
}

static fg_status read_file(fg_tuning *tuning)
{
    fg_status status = FG_OK;
    char *text = NULL, *kept = NULL;
    size_t bytes = 0;
    int damaged = 0;

    status = fg_file_read(&text, &bytes, tuning->path);
    if (status == FG_ERR_FILE && !tuning->named) {
        fg_log_line(tuning->log, FG_LOG_WARN, "tuning: %s", fg_error_message());
        status = FG_OK;
        goto cleanup;
    }
    FG_TRY(status);
    FG_TRY(fg_tuning_text_sift(&kept, &damaged, text, bytes));
    FG_CHECK(damaged == 0 || !tuning->named, FG_ERR_FILE,
             "%s: line %d is no line of a tuning file", tuning->path, damaged);
    if (damaged != 0)
        put_aside(tuning, damaged, text, bytes, kept);
    tuning->text = kept;
    kept = NULL;
    FG_TRY(take_apart(tuning));

cleanup:
    free(kept);
    free(text);
    return status;
}

static fg_status open_tuning(fg_tuning *out, const fg_device *device, const char *path,
                             bool is_new)
{
    fg_status status = FG_OK;
    fg_tuning tuning = {.log = &device->log, .named = path != NULL};

    *out = (fg_tuning){0};
    fg_tuning_name(tuning.device, device->info.name);
    fg_tuning_name(tuning.driver, device->info.driver);
    if (path != NULL) {
        tuning.path = fg_text_copy(path);
        FG_CHECK(tuning.path != NULL, FG_ERR_MEMORY, "no memory for a path");
    } else if (fg_cache_path(&tuning.path, FILE_NAME) != FG_OK) {
        fg_log_line(tuning.log, FG_LOG_INFO, "tuning: %s", fg_error_message());
    }
    if (tuning.path != NULL && (fg_file_exists(tuning.path) || (tuning.named && !is_new)))
        FG_TRY(read_file(&tuning));
    *out = tuning;
    tuning = (fg_tuning){0};

cleanup:
    fg_tuning_close(&tuning);
    return status;
}

fg_status fg_tuning_open(fg_tuning *out, const fg_device *device, const char *path)
{
    return open_tuning(out, device, path, false);
}

fg_status fg_tuning_open_new(fg_tuning *out, const fg_device *device, const char *path)
{
    return open_tuning(out, device, path, true);
}

void fg_tuning_close(fg_tuning *tuning)
{
    free(tuning->lines);
    free(tuning->text);
    fg_text_free(tuning->path);
    *tuning = (fg_tuning){0};
}

/* ---- looking up ---- */

const fg_tuning_line *fg_tuning_find(const fg_tuning *tuning, const char *operation)
{
    const fg_tuning_line *found = NULL;

    for (const fg_tuning_line *line = tuning->lines; line < tuning->lines + tuning->count;
         ++line)
        if ((found == NULL || line->origin >= found->origin) &&
            strcmp(line->operation, operation) == 0)
            found = line;
    return found;
}

/* The choice that was found for a part, and its origin; zeros: none was. */
static fg_status find_choice(fg_tuning_choice *out, fg_tuning_origin *origin,
                             const fg_tuning *tuning, const fg_conv_shape *shape,
                             fg_conv_part part)
{
    fg_status status = FG_OK;
    const fg_tuning_line *line;
    fg_text text = {0};
    char *operation = NULL;

    *out = (fg_tuning_choice){0};
    *origin = FG_TUNING_FIRST_USE;
    if (tuning->count == 0 || !fg_conv_part_exists(shape, part))
        return FG_OK;
    fg_tuning_operation(&text, part, shape);
    FG_TRY(fg_text_take(&operation, &text));
    line = fg_tuning_find(tuning, operation);
    if (line != NULL && fg_tuning_choice_parse(out, line->choice))
        *origin = line->origin;

cleanup:
    fg_text_free(operation);
    return status;
}

fg_status fg_tuning_variant(fg_conv_variant *out, const fg_tuning *tuning,
                            const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    fg_conv_tiling *const to[FG_CONV_PARTS] = {&out->forward, &out->backward, &out->phases};

    *out = (fg_conv_variant){0};
    for (int part = 0; part < FG_CONV_PARTS; ++part) {
        fg_tuning_choice choice;
        fg_tuning_origin origin;
        FG_TRY(find_choice(&choice, &origin, tuning, shape, (fg_conv_part)part));
        *to[part] = choice.tiling;
        if (part == FG_CONV_PART_BACKWARD)
            out->lane_vectors = choice.lane_vectors;
    }

cleanup:
    return status;
}

fg_status fg_tuning_algorithm(fg_algorithm *out, const fg_tuning *tuning,
                              const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    fg_tuning_choice choice;
    fg_tuning_origin origin;

    *out = FG_ALGORITHM_DIRECT;
    FG_TRY(find_choice(&choice, &origin, tuning, shape, FG_CONV_PART_FORWARD));
    if (origin == FG_TUNING_TUNE)
        *out = choice.algorithm;

cleanup:
    return status;
}

/* ---- writing ---- */

fg_status fg_tuning_append(const fg_tuning *tuning, const fg_tuning_line *line)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *printed = NULL;
    fg_tuning_line full = *line;

    FG_CHECK(tuning->path != NULL, FG_ERR_FILE, "there is no cache folder for tuning");
    if (!tuning->named)
        FG_TRY(fg_cache_create());
    full.device = tuning->device;
    full.driver = tuning->driver;
    full.library = FG_VERSION_TEXT;
    fg_tuning_line_print(&text, &full);
    FG_TRY(fg_text_take(&printed, &text));
    FG_TRY(fg_journal_append(tuning->path, FG_TUNING_HEAD, printed));

cleanup:
    fg_text_free(printed);
    return status;
}

/* Lines of `from` that `into` does not have. */
static fg_status new_lines(char **out, char *from, const char *into)
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
        if (strstr(into, with_ends) == NULL)
            fg_text_append(&text, "%s\n", line);
        fg_text_free(with_ends);
        with_ends = NULL;
    }
    FG_TRY(fg_text_take(out, &text));

cleanup:
    fg_text_free(with_ends);
    free(text.data);
    return status;
}

/* Whole lines of a file; where it may be missing, there are none. */
static fg_status whole_lines(char **out, const char *path, bool may_miss)
{
    fg_status status = FG_OK;
    char *text = NULL;
    size_t bytes = 0;
    int damaged = 0;

    if (may_miss && !fg_file_exists(path)) {
        *out = fg_text_copy("");
        return *out != NULL ? FG_OK : FG_ERR_MEMORY;
    }
    FG_TRY(fg_file_read(&text, &bytes, path));
    FG_TRY(fg_tuning_text_sift(out, &damaged, text, bytes));
    FG_CHECK(damaged == 0, FG_ERR_FILE, "%s: line %d is no line of a tuning file", path,
             damaged);

cleanup:
    free(text);
    return status;
}

fg_status fg_tuning_merge(const char *into, const char *from)
{
    fg_status status = FG_OK;
    char *path = NULL, *there = NULL, *more = NULL, *lines = NULL;

    FG_REQUIRE(from != NULL, "the file to merge is NULL");
    if (into == NULL) {
        FG_TRY(fg_cache_create());
        FG_TRY(fg_cache_path(&path, FILE_NAME));
        into = path;
    }
    FG_TRY(whole_lines(&there, into, true));
    FG_TRY(whole_lines(&more, from, false));
    FG_TRY(new_lines(&lines, more, there));
    FG_TRY(fg_journal_append(into, FG_TUNING_HEAD, lines));

cleanup:
    fg_text_free(lines);
    fg_text_free(more);
    fg_text_free(there);
    fg_text_free(path);
    return status;
}
