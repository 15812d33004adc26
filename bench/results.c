/* results.c - results of benches in a file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "results.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "harness.h"

static const struct identity {
    const char *name;
    json_type type;
    const char *expected;
} identity[] = {
    {"mode", JSON_STRING, "a text"},
    {"model", JSON_STRING, "a text"},
    {"batch", JSON_INTEGER, "a whole number"},
    {"device", JSON_STRING, "a text"},
};

#define IDENTITY (sizeof identity / sizeof *identity)

/* Takes the value over. */
static fg_status append_result(json_t *list, json_t *value, const char *path)
{
    fg_status status = FG_OK;
    const size_t number = json_array_size(list) + 1;

    FG_CHECK(json_is_object(value), FG_ERR_FILE,
             "%s: result %zu is no JSON object, expected one of a bench", path, number);
    for (size_t i = 0; i < IDENTITY; ++i) {
        const json_t *field = json_object_get(value, identity[i].name);
        FG_CHECK(field != NULL, FG_ERR_FILE, "%s: result %zu: %s is missing, expected %s", path,
                 number, identity[i].name, identity[i].expected);
        FG_CHECK(json_typeof(field) == identity[i].type, FG_ERR_FILE,
                 "%s: result %zu: %s is not %s", path, number, identity[i].name,
                 identity[i].expected);
    }
    FG_CHECK(json_array_append(list, value) == 0, FG_ERR_MEMORY, "no memory for the results");

cleanup:
    return status;
}

static fg_status append_value(json_t *list, const json_t *value, const char *path)
{
    fg_status status = FG_OK;

    if (!json_is_array(value))
        return append_result(list, (json_t *)value, path);
    for (size_t i = 0; i < json_array_size(value); ++i)
        FG_TRY(append_result(list, json_array_get(value, i), path));

cleanup:
    return status;
}

/* Whether there is more than white space. */
static bool has_more(FILE *file)
{
    int c = 0;

    do
        c = fgetc(file);
    while (isspace(c));
    return c != EOF && ungetc(c, file) != EOF;
}

fg_status fg_results_read(fg_results *out, const char *path)
{
    fg_status status = FG_OK;
    FILE *file = NULL;
    json_t *value = NULL;
    json_error_t error;

    *out = (fg_results){json_array()};
    FG_CHECK(out->list != NULL, FG_ERR_MEMORY, "no memory for the results");
    file = fopen(path, "re");
    FG_CHECK(file != NULL, FG_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    while (has_more(file)) {
        value = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
        FG_CHECK(value != NULL, FG_ERR_FILE, "%s: JSON value %zu, line %d of it: %s", path,
                 json_array_size(out->list) + 1, error.line, error.text);
        FG_TRY(append_value(out->list, value, path));
        json_decref(value);
        value = NULL;
    }
    FG_CHECK(!ferror(file), FG_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    FG_CHECK(json_array_size(out->list) > 0, FG_ERR_FILE, "%s: has no results, expected JSON",
             path);

cleanup:
    json_decref(value);
    if (file != NULL)
        fclose(file);
    return status;
}

void fg_results_clear(fg_results *results)
{
    json_decref(results->list);
    results->list = NULL;
}

const char *fg_results_memory(const json_t *result)
{
    const char *memory = json_string_value(json_object_get(result, "memory"));
    return memory != NULL ? memory : "fast";
}

int fg_results_count(const fg_results *results)
{
    return (int)json_array_size(results->list);
}

const json_t *fg_results_at(const fg_results *results, int index)
{
    return json_array_get(results->list, (size_t)index);
}

static bool same(const json_t *a, const json_t *b)
{
    for (size_t i = 0; i < IDENTITY; ++i)
        if (!json_equal(json_object_get(a, identity[i].name),
                        json_object_get(b, identity[i].name)))
            return false;
    return strcmp(fg_results_memory(a), fg_results_memory(b)) == 0;
}

bool fg_results_first(const fg_results *results, int index)
{
    for (int i = 0; i < index; ++i)
        if (same(fg_results_at(results, i), fg_results_at(results, index)))
            return false;
    return true;
}

fg_status fg_results_median(double *out, bool *found, const fg_results *results,
                            const json_t *like, const char *figure)
{
    fg_status status = FG_OK;
    double *samples = NULL;
    int count = 0;

    FG_ALLOC(samples, fg_results_count(results));
    for (int i = 0; i < fg_results_count(results); ++i) {
        const json_t *value = json_object_get(fg_results_at(results, i), figure);
        if (json_is_number(value) && same(fg_results_at(results, i), like))
            samples[count++] = json_number_value(value);
    }
    *found = count > 0;
    if (count > 0)
        *out = fg_harness_figure_of(samples, count).median;

cleanup:
    free(samples);
    return status;
}
