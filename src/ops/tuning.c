/* tuning.c - see tuning.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cache.h"
#include "base/journal.h"
#include "ops/tuning_text.h"

/* ---- reading ---- */

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

void fg_tuning_warn(fg_device *device)
{
    if (!atomic_exchange(&device->tuning_warned, true))
        fg_log_line(&device->log, FG_LOG_WARN, "tuning: %s", fg_error_message());
}

static fg_status read_file(fg_tuning *tuning, fg_device *device, fg_tuning_role role)
{
    fg_status status = FG_OK;
    fg_tuning_text text = {0};

    status = fg_tuning_text_read(&text, tuning->path, role);
    if (status == FG_ERR_FILE && !tuning->named) {
        fg_tuning_warn(device);
        status = FG_OK;
        goto cleanup;
    }
    FG_TRY(status);
    status = fg_tuning_text_mend(&text, tuning->path, &device->log);
    if (status == FG_ERR_FILE)
        fg_tuning_warn(device);
    else
        FG_TRY(status);
    tuning->text = text.whole;
    text.whole = NULL;
    FG_TRY(take_apart(tuning));

cleanup:
    fg_tuning_text_clear(&text);
    return status;
}

static fg_status open_tuning(fg_tuning *out, fg_device *device, const char *path,
                             fg_tuning_role role)
{
    fg_status status = FG_OK;
    fg_tuning tuning = {.named = path != NULL};

    *out = (fg_tuning){0};
    fg_tuning_name(tuning.device, device->info.name);
    fg_tuning_name(tuning.driver, device->info.driver);
    if (path != NULL) {
        tuning.path = fg_text_copy(path);
        FG_CHECK(tuning.path != NULL, FG_ERR_MEMORY, "no memory for a path");
    } else if (fg_cache_path(&tuning.path, FG_TUNING_FILE) != FG_OK) {
        fg_log_line(&device->log, FG_LOG_INFO, "tuning: %s", fg_error_message());
    }
    if (tuning.path != NULL)
        FG_TRY(read_file(&tuning, device, path != NULL ? role : FG_TUNING_CACHE));
    *out = tuning;
    tuning = (fg_tuning){0};

cleanup:
    fg_tuning_close(&tuning);
    return status;
}

fg_status fg_tuning_open(fg_tuning *out, fg_device *device, const char *path)
{
    return open_tuning(out, device, path, FG_TUNING_SOURCE);
}

fg_status fg_tuning_open_new(fg_tuning *out, fg_device *device, const char *path)
{
    return open_tuning(out, device, path, FG_TUNING_OUTPUT);
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

static fg_status make_folder(const fg_tuning *tuning)
{
    if (tuning->path == NULL)
        return fg_fail(FG_ERR_FILE, "there is no cache folder for tuning");
    return tuning->named ? FG_OK : fg_cache_create();
}

fg_status fg_tuning_check(const fg_tuning *tuning)
{
    fg_status status = FG_OK;

    FG_TRY(make_folder(tuning));
    FG_TRY(fg_journal_check(tuning->path, FG_TUNING_HEAD));

cleanup:
    return status;
}

fg_status fg_tuning_append(const fg_tuning *tuning, const fg_tuning_line *line)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *printed = NULL;
    fg_tuning_line full = *line;

    FG_TRY(make_folder(tuning));
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
