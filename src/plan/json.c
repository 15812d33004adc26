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
#include <stdlib.h>
#include <string.h>

#include "plan/flops.h"
#include "plan/graph.h"
#include "plan/limits.h"
#include "plan/row.h"
#include "plan/trial.h"
#include "plan/usage.h"

/* Hands value out, or frees it and fails. */
static json_t *value_if(bool good, json_t *value)
{
    if (good)
        return value;
    json_decref(value);
    return NULL;
}

static bool set_int(json_t *object, const char *key, int value)
{
    return json_object_set_new(object, key, json_integer(value)) == 0;
}

/* What one operation reads: ranges of a map's channels, with the list elements that they hold. */
static json_t *sources_of(const fg_plan *plan, const fg_op *op)
{
    json_t *list = json_array();
    bool good = true;
    fg_row_cursor cursor = {0};
    fg_row_range range;

    while (good && fg_row_next(&range, &cursor, plan, op)) {
        json_t *source = json_pack("{s:s, s:i, s:i}", "map", range.map->name, "first_channel",
                                   range.first_channel, "channels", range.channels);
        if (range.first_element >= 0)
            good = set_int(source, "first_element", range.first_element) &&
                   set_int(source, "last_element", range.last_element);
        if (range.stride != 1)
            good = set_int(source, "stride", range.stride) && good;
        good = json_array_append_new(list, source) == 0 && good;
    }
    return value_if(good, list);
}

static json_t *layers_of(const fg_plan *plan, const fg_row *rows)
{
    json_t *list = json_array();
    bool good = true;

    for (int i = 0; good && i < plan->op_count; ++i) {
        const fg_row *row = &rows[i];
        json_t *layer = json_pack(
            "{s:s, s:s, s:b, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I}", "name",
            row->op->name, "kind", row->kind, "pooled", (int)row->op->in[0].pooled, "sources",
            sources_of(plan, row->op), "in_channels", row->in_channels, "out_channels",
            row->op->out_channels, "side", row->side, "stride", row->stride, "groups",
            row->op->groups, "height", row->height, "width", row->width, "parameters",
            (json_int_t)row->parameters, "multiply_adds", (json_int_t)row->multiply_adds,
            "device_bytes", (json_int_t)row->bytes);
        good = json_array_append_new(list, layer) == 0;
    }
    return value_if(good, list);
}

static json_t *stage_of(const fg_graph *graph, int stage)
{
    json_t *sources = json_array();
    bool good = true;

    for (int i = 0; good && i < graph->layers; ++i)
        good = json_array_append_new(sources, json_integer(graph->sources[i])) == 0;
    return json_pack("{s:i, s:i, s:I, s:o, s:i}", "stage", stage + 1, "layers", graph->layers,
                     "edges", (json_int_t)graph->edges, "sources_per_layer",
                     value_if(good, sources), "longest_path", graph->longest_path);
}

static fg_status stages_of(json_t **out, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_graph graph = {0};
    json_t *list = json_array();

    for (int i = 0; i < plan->network.stages; ++i) {
        FG_TRY(fg_graph_find(&graph, &plan->network.stage[i]));
        FG_CHECK(json_array_append_new(list, stage_of(&graph, i)) == 0, FG_ERR_MEMORY,
                 "no memory for a plan's JSON");
        fg_graph_clear(&graph);
    }
    *out = list;
    list = NULL;

cleanup:
    fg_graph_clear(&graph);
    json_decref(list);
    return status;
}

static json_t *flops_of(const fg_plan *plan, fg_flops flops)
{
    return json_pack("{s:s, s:f, s:s}", "convention", fg_flops_name(flops), "value",
                     fg_flops_of(plan, flops), "unit", fg_flops_unit(flops));
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
    return value_if(good, bytes);
}

static json_t *settings_of(const fg_setting *settings, int count)
{
    json_t *list = json_array();
    bool good = true;

    for (int i = 0; good && i < count; ++i) {
        const fg_setting *setting = &settings[i];
        json_t *object = json_pack("{s:s, s:b, s:I, s:i, s:I}", "setting", setting->name,
                                   "chosen", setting->chosen, "device_bytes_peak",
                                   (json_int_t)setting->device_bytes_peak, "recomputed_maps",
                                   setting->recomputed_maps, "recomputed_multiply_adds",
                                   (json_int_t)setting->recomputed_multiply_adds);
        good = json_array_append_new(list, object) == 0;
    }
    return value_if(good, list);
}

static int append(const char *buffer, size_t length, void *text)
{
    fg_text_append(text, "%.*s", (int)length, buffer);
    return 0;
}

static bool append_value(fg_text *text, const json_t *value)
{
    const size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);

    return json_dump_callback(value, append, text, flags) == 0;
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

fg_status fg_json_append(fg_text *text, const fg_plan *plan, fg_flops flops)
{
    const bool limited = fg_limits_bytes(plan) > 0 || plan->allocation_bytes > 0;
    fg_status status = FG_OK;
    json_t *root = NULL, *stages = NULL;
    fg_row *rows = NULL;
    fg_usage usage;
    fg_setting settings[FG_SETTINGS];
    int count;

    FG_TRY(fg_usage_find(&usage, plan));
    FG_TRY(fg_row_all(&rows, plan));
    FG_TRY(fg_trial_settings(settings, &count, plan));
    FG_TRY(stages_of(&stages, plan));
    root = json_pack(
        "{s:s, s:i, s:b, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:o, s:o, s:O, s:o}", "model",
        plan->network.name, "batch", plan->images, "training", plan->training ? 1 : 0,
        "parameters", (json_int_t)plan->parameters, "multiply_adds",
        (json_int_t)plan->multiply_adds, "norm_elements", (json_int_t)plan->norm_elements,
        "relu_elements", (json_int_t)plan->relu_elements, "flops", flops_of(plan, flops),
        "device_bytes_peak", (json_int_t)plan->device_bytes_peak, "largest_batch",
        limited ? json_integer(plan->largest_batch) : json_null(), "largest_allocation",
        (json_int_t)plan->largest_allocation, "bytes", bytes_of(&usage), "memory_settings",
        settings_of(settings, count), "stages", stages, "layers", layers_of(plan, rows));
    FG_CHECK(root != NULL && append_object(text, root), FG_ERR_MEMORY,
             "no memory for a plan's JSON");

cleanup:
    json_decref(root);
    json_decref(stages);
    free(rows);
    return status;
}
