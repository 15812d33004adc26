/* report_json.c - the report of a profile as one JSON object.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report.h"

/* 1e9 of something a second. */
static double rate(double amount, double ms)
{
    return ms > 0.0 ? 1e-6 * amount / ms : 0.0;
}

static json_t *line_json(const fg_report *report, const fg_report_line *line)
{
    return json_pack("{s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "launches",
                     line->launches, "ms", line->ms, "gflop", 1e-9 * line->work.flops, "gbytes",
                     1e-9 * line->work.bytes, "gflops", rate(line->work.flops, line->ms),
                     "gbytes_per_second", rate(line->work.bytes, line->ms), "floor_ms",
                     line->floor_ms, "above_ms", line->ms - line->floor_ms, "share",
                     line->ms / report->profile->median.wall);
}

static json_t *kernels_json(const fg_report *report, const fg_report_line *lines, int count)
{
    json_t *array = json_array();

    for (int i = 0; array != NULL && i < count; ++i) {
        json_t *object = line_json(report, &lines[i]);
        if (json_object_set_new(object, "kernel", json_string(lines[i].label)) != 0 ||
            json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *entry_json(const fg_report *report, const fg_report_entry *entry)
{
    json_t *object = line_json(report, &entry->line);

    if (json_object_set_new(object, "layer", json_string(entry->layer)) != 0 ||
        json_object_set_new(object, "kind", json_string(entry->kind)) != 0 ||
        json_object_set_new(object, "pass", json_string(entry->pass)) != 0 ||
        json_object_set_new(object, "kernels",
                            kernels_json(report, entry->kernels, entry->kernel_count)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *entries_json(const fg_report *report)
{
    json_t *array = json_array();

    for (int i = 0; array != NULL && i < report->entry_count; ++i)
        if (json_array_append_new(array, entry_json(report, &report->entries[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* The step: its parts in milliseconds; those before floor_ms add up to wall_ms. */
static json_t *sums_json(const fg_report *report)
{
    const fg_profile_step *median = &report->profile->median;

    return json_pack(
        "{s:s, s:s, s:s, s:i, s:s+, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
        "command", report->timing->options.command, "memory", report->timing->options.memory,
        "model", report->timing->options.model, "batch", report->timing->options.batch, "mode",
        "profile-", report->mode, "samples", report->profile->steps, "launches",
        report->launches, "peak_gflops", report->fma.median, "copy_gbytes_per_second",
        report->copy.median, "wall_ms", median->wall, "rows_ms", report->rows_ms, "idle_ms",
        median->idle, "host_ms", median->host, "above_medians_ms",
        median->rows - report->rows_ms, "floor_ms", report->floor_ms);
}

fg_status fg_report_json_print(const fg_report *report)
{
    json_t *figures = sums_json(report);

    if (json_object_set_new(figures, "layers", entries_json(report)) != 0 ||
        json_object_set_new(figures, "kernels",
                            kernels_json(report, report->kernels, report->kernel_count)) != 0) {
        json_decref(figures);
        figures = NULL; /* fg_harness_print_json reports it */
    }
    return fg_harness_print_json(report->timing->device, figures);
}
