/* history.c - see history.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/history.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static const char header[] =
    "epoch,rate,training_loss,training_accuracy,training_top,validation_loss,"
    "validation_accuracy,validation_top,images_per_second,seconds\n";

/* The text of a log, or NULL where there is none yet; for free(). */
static fg_status read_log(char **out, const char *path)
{
    fg_status status = FG_OK;
    char *text = NULL;
    size_t bytes = 0;

    *out = NULL;
    if (!fg_file_exists(path))
        return FG_OK;
    FG_TRY(fg_file_read(&text, &bytes, path));
    FG_CHECK(bytes == 0 || strncmp(text, header, strlen(header)) == 0, FG_ERR_FILE,
             "%s: is there and no training log", path);
    *out = text;
    text = NULL;

cleanup:
    free(text);
    return status;
}

fg_status fg_history_check(bool *empty, const char *path)
{
    fg_status status = FG_OK;
    char *text = NULL;

    FG_TRY(fg_file_check(path));
    FG_TRY(read_log(&text, path));
    *empty = text == NULL || *text == '\0';

cleanup:
    free(text);
    return status;
}

/* Appends the whole lines of epochs 1..epochs; one without its end was cut off by a crash. */
static void keep_lines(fg_text *out, const char *text, int epochs)
{
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        const long epoch = strtol(text, NULL, 10);
        if (epoch >= 1 && epoch <= epochs)
            fg_text_append(out, "%.*s", (int)(end + 1 - text), text);
    }
}

static void append_score(fg_text *text, const fg_score *score)
{
    const double images = (double)score->images;

    if (score->images > 0)
        fg_text_append(text, ",%.6g,%.6f,%.6f", score->loss, (double)score->correct / images,
                       (double)score->correct_top / images);
    else
        fg_text_append(text, ",,,");
}

/* The caller's locale may write a decimal comma, which is a separator here. */
static fg_status line_text(char **out, const fg_history_line *line)
{
    fg_text text = {0};
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);

    if (plain == (locale_t)0)
        return fg_fail(FG_ERR_MEMORY, "no memory for a locale");
    const locale_t before = uselocale(plain);
    fg_text_append(&text, "%d,%.6g", line->epoch, (double)line->rate);
    append_score(&text, &line->training);
    append_score(&text, &line->validation);
    fg_text_append(&text, ",%.1f,%.3f\n", line->images_per_second, line->seconds);
    uselocale(before);
    freelocale(plain);
    return fg_text_take(out, &text);
}

fg_status fg_history_begin(const char *path, int epochs, const fg_history_line *line)
{
    fg_status status = FG_OK;
    char *old = NULL, *added = NULL, *new = NULL;
    fg_text text = {0};
    fg_file *file = NULL;

    FG_TRY(read_log(&old, path));
    if (line != NULL)
        FG_TRY(line_text(&added, line));
    fg_text_append(&text, "%s", header);
    if (old != NULL)
        keep_lines(&text, old, epochs);
    if (added != NULL)
        fg_text_append(&text, "%s", added);
    FG_TRY(fg_text_take(&new, &text));
    FG_TRY(fg_file_create(&file, path));
    FG_TRY(fg_file_write(file, new, strlen(new)));
    FG_TRY(fg_file_commit(file));

cleanup:
    fg_file_free(file);
    fg_text_free(new);
    fg_text_free(added);
    free(old);
    return status;
}

fg_status fg_history_add(const char *path, const fg_history_line *line)
{
    fg_status status = FG_OK;
    char *text = NULL;

    FG_TRY(line_text(&text, line));
    FG_TRY(fg_file_append(path, text, strlen(text)));

cleanup:
    fg_text_free(text);
    return status;
}
