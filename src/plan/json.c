/* json.c - a plan as one JSON object, for machines.
 *
 * jansson's calls take NULL for a value that could not be made and hand the failure on, so each
 * function checks at its end alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "plan/row.h"
#include "plan/usage.h"

/* What one operation reads: ranges of a map's channels; of a stage's map, with the list
 * elements that a range holds. */
static json_t *sources_of(const fg_plan *plan, const fg_row *row)
{
    const struct fg_source whole = {0, row->in_channels, 0};
    const struct fg_source *sources = row->sources != NULL ? row->sources : &whole;
    const int count = row->sources != NULL ? row->source_count : 1;
    json_t *list = json_array();
    bool good = true;
    int first, last;

    for (int i = 0; good && i < count; ++i) {
        json_t *source =
            json_pack("{s:s, s:i, s:i}", "map", row->in_map->name, "first_channel",
                      (int)sources[i].first_channel, "channels", (int)sources[i].channels);
        if (fg_row_elements(&first, &last, plan, row->in_map, &sources[i]))
            good = json_object_set_new(source, "first_element", json_integer(first)) == 0 &&
                   json_object_set_new(source, "last_element", json_integer(last)) == 0;
        good = json_array_append_new(list, source) == 0 && good;
    }
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *layers_of(const fg_plan *plan)
{
    json_t *list = json_array();
    bool good = true;

    for (int i = 0; good && i < plan->forward_steps; ++i) {
        const fg_row row = fg_row_of(plan, i);
        json_t *layer = json_pack(
            "{s:s, s:s, s:o, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I}", "name", row.name, "kind",
            row.kind, "sources", sources_of(plan, &row), "in_channels", row.in_channels,
            "out_channels", row.out_channels, "side", row.side, "height", row.height, "width",
            row.width, "parameters", (json_int_t)row.parameters, "multiply_adds",
            (json_int_t)row.multiply_adds, "device_bytes", (json_int_t)row.bytes);
        good = json_array_append_new(list, layer) == 0;
    }
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

/* Keys are the kinds with _ between words. */
static json_t *bytes_of(const fg_usage *usage)
{
    json_t *bytes = json_object();
    bool good = true;
    char key[64];

    for (int i = 0; good && i < usage->count; ++i) {
        snprintf(key, sizeof key, "%s", usage->entries[i].kind);
        for (char *c = strchr(key, ' '); c != NULL; c = strchr(c, ' '))
            *c = '_';
        good = json_object_set_new(bytes, key,
                                   json_integer((json_int_t)usage->entries[i].bytes)) == 0;
    }
    if (good)
        return bytes;
    json_decref(bytes);
    return NULL;
}

static int append(const char *buffer, size_t length, void *text)
{
    fg_text_append(text, "%.*s", (int)length, buffer);
    return 0;
}

static bool append_value(fg_text *text, const json_t *value)
{
    return json_dump_callback(value, append, text, JSON_ENCODE_ANY) == 0;
}

/* A line per member, and one per entry of an array: eyes and grep find their way too. */
static bool append_object(fg_text *text, json_t *root)
{
    const char *key, *separator = "{\n  ";
    json_t *value, *entry;
    size_t i;

    json_object_foreach(root, key, value)
    {
        fg_text_append(text, "%s\"%s\": ", separator, key);
        separator = ",\n  ";
        if (!json_is_array(value)) {
            if (!append_value(text, value))
                return false;
            continue;
        }
        json_array_foreach(value, i, entry)
        {
            fg_text_append(text, "%s\n    ", i == 0 ? "[" : ",");
            if (!append_value(text, entry))
                return false;
        }
        fg_text_append(text, "\n  ]");
    }
    fg_text_append(text, "\n}\n");
    return true;
}

fg_status fg_json_append(fg_text *text, const fg_plan *plan)
{
    const bool limited = plan->memory_bytes > 0 || plan->allocation_bytes > 0;
    fg_status status = FG_OK;
    json_t *root = NULL;
    fg_usage usage;

    FG_TRY(fg_usage_find(&usage, plan));
    root = json_pack("{s:s, s:i, s:b, s:I, s:I, s:I, s:o, s:I, s:o, s:o}", "model", plan->name,
                     "batch", plan->images, "training", plan->training ? 1 : 0, "parameters",
                     (json_int_t)plan->parameters, "multiply_adds",
                     (json_int_t)plan->multiply_adds, "device_bytes_peak",
                     (json_int_t)plan->device_bytes_peak, "largest_batch",
                     limited ? json_integer(plan->largest_batch) : json_null(),
                     "largest_allocation", (json_int_t)plan->largest_allocation, "bytes",
                     bytes_of(&usage), "layers", layers_of(plan));
    FG_CHECK(root != NULL && append_object(text, root), FG_ERR_MEMORY,
             "no memory for a plan's JSON");

cleanup:
    json_decref(root);
    return status;
}
