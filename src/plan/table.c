/* table.c - a plan as a table for people.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/flops.h"
#include "plan/graph.h"
#include "plan/limits.h"
#include "plan/row.h"
#include "plan/trial.h"
#include "plan/usage.h"

/* "x3[48..59]", "[0..7]" of what is no list element; nothing where the map's name says it all: it
 * is read whole, and holds no more than one element. */
static void append_range(fg_text *text, const fg_row_range *range, const char *separator)
{
    const bool whole = range->channels == range->map->channels;
    const bool one = range->first_element == range->last_element;

    if (whole && one && range->map->kind != FG_MAP_RING)
        return;
    fg_text_append(text, "%s", separator);
    if (range->first_element >= 0)
        fg_text_append(text, "x%d", range->first_element);
    if (range->last_element > range->first_element)
        fg_text_append(text, "-x%d", range->last_element);
    fg_text_append(text, "[%d..%d]", range->first_channel,
                   range->first_channel + range->channels - 1);
}

/* "stage1: x3[48..59] x2[36..47] x0[0..23]", "stage1: x3[0..63] + x1[64..127]" of a sum, or the
 * name of a map that is read whole. */
static void append_sources(fg_text *text, const fg_plan *plan, const fg_op *op)
{
    const char *plus = op->kind == FG_OP_SUM ? " + " : " ";
    const fg_map *map = NULL;
    fg_row_cursor cursor = {0};
    fg_row_range range;

    while (fg_row_next(&range, &cursor, plan, op)) {
        if (range.map == map) {
            append_range(text, &range, plus);
            continue;
        }
        fg_text_append(text, "%s%s", map != NULL ? plus : "", range.map->name);
        append_range(text, &range, ": ");
        if (range.stride > 1)
            fg_text_append(text, " (stride %d)", range.stride);
        map = range.map;
    }
    if (op->in[0].pooled)
        fg_text_append(text, " (mean of 2x2)");
}

static void append_layers(fg_text *text, const fg_plan *plan, const fg_row *rows)
{
    int longest = 24;

    for (int i = 0; i < plan->op_count; ++i) {
        const int length = (int)strlen(rows[i].op->name);
        if (longest < length)
            longest = length;
    }
    fg_text_append(text, "%-*s %-9s %6s %6s %9s %11s %14s %11s  %s\n", longest, "layer", "kind",
                   "in", "out", "map", "parameters", "multiply-adds", "bytes", "reads");
    for (int i = 0; i < plan->op_count; ++i) {
        const fg_row *row = &rows[i];
        char map[32];
        snprintf(map, sizeof map, "%dx%d", row->height, row->width);
        fg_text_append(text, "%-*s %-9s %6d %6d %9s %11lld %14lld %11zu  ", longest,
                       row->op->name, row->kind, row->in_channels, row->op->out_channels, map,
                       (long long)row->parameters, (long long)row->multiply_adds, row->bytes);
        append_sources(text, plan, row->op);
        fg_text_append(text, "\n");
    }
}

/* How many edges there are, and how far a layer is from the end, stage by stage. */
static fg_status append_stages(fg_text *text, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_graph graph = {0};

    fg_text_append(text, "\nstage  layers     edges  sources-per-layer  longest-path\n");
    for (int i = 0; i < plan->network.stages; ++i) {
        char sources[32];
        FG_TRY(fg_graph_find(&graph, &plan->network.stage[i]));
        snprintf(sources, sizeof sources, "%d..%d", graph.fewest, graph.most);
        fg_text_append(text, "%5d  %6d  %8lld  %17s  %12d\n", i + 1, graph.layers,
                       (long long)graph.edges, sources, graph.longest_path);
        fg_graph_clear(&graph);
    }

cleanup:
    return status;
}

static void append_memory(fg_text *text, const fg_plan *plan, const fg_usage *usage)
{
    fg_text_append(text, "\ndevice memory, at the busiest of %d steps (%d)\n", plan->step_count,
                   usage->busiest_step + 1);
    for (int i = 0; i < usage->count; ++i)
        if (usage->entries[i].bytes > 0)
            fg_text_append(text, "  %-22s %15zu bytes\n", usage->entries[i].kind,
                           usage->entries[i].bytes);
    fg_text_append(text, "  %-22s %15zu bytes (%.1f MB)\n", "all, the peak",
                   plan->device_bytes_peak, (double)plan->device_bytes_peak / 1e6);
    fg_text_append(text, "  %-22s %15zu bytes\n", "largest allocation",
                   plan->largest_allocation);
}

/* What the memory settings come to. */
static fg_status append_settings(fg_text *text, const fg_plan *plan)
{
    fg_status status = FG_OK;
    fg_setting settings[FG_SETTINGS];
    int count;

    FG_TRY(fg_trial_settings(settings, &count, plan));
    fg_text_append(text, "\n%-14s %15s %10s %22s\n", "memory setting", "peak, bytes",
                   "recomputed", "multiply-adds, more");
    for (int i = 0; i < count; ++i) {
        const fg_setting *setting = &settings[i];
        fg_text_append(text, "%-14s %15zu %10d %14lld (%4.1f %%)%s\n", setting->name,
                       setting->device_bytes_peak, setting->recomputed_maps,
                       (long long)setting->recomputed_multiply_adds, 100.0 * setting->share,
                       setting->chosen ? "  this plan" : "");
    }

cleanup:
    return status;
}

static void append_totals(fg_text *text, const fg_plan *plan, fg_flops flops)
{
    const bool limited = fg_limits_bytes(plan) > 0 || plan->allocation_bytes > 0;

    fg_text_append(text, "\nparameters     %lld\nmultiply-adds  %lld (forward, one image)\n",
                   (long long)plan->parameters, (long long)plan->multiply_adds);
    fg_text_append(text, "GFLOPs         %.3f (%s, in units of %s)\n", fg_flops_of(plan, flops),
                   fg_flops_name(flops), fg_flops_unit(flops));
    if (limited && plan->largest_batch > 0)
        fg_text_append(text, "largest batch  %d\n", plan->largest_batch);
    else
        fg_text_append(text, "largest batch  %s\n",
                       limited ? "not even one image fits" : "no limit was given");
}

fg_status fg_table_append(fg_text *text, const fg_plan *plan, fg_flops flops)
{
    fg_status status = FG_OK;
    fg_row *rows = NULL;
    fg_usage usage;

    FG_TRY(fg_usage_find(&usage, plan));
    FG_TRY(fg_row_all(&rows, plan));
    fg_text_append(text, "%s, batch %d, %s\n\n", plan->network.name, plan->images,
                   plan->training ? "training" : "evaluation alone");
    append_layers(text, plan, rows);
    FG_TRY(append_stages(text, plan));
    append_memory(text, plan, &usage);
    if (plan->training)
        FG_TRY(append_settings(text, plan));
    append_totals(text, plan, flops);

cleanup:
    free(rows);
    return status;
}
