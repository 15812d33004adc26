/* table.c - a plan as a table for people.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/table.h"

#include <stdio.h>

#include "plan/row.h"
#include "plan/usage.h"

/* "stage1: x3[48..59] x2[36..47] x0[0..23]", or the name of a map that is read whole. */
static void append_sources(fg_text *text, const fg_plan *plan, const fg_row *row)
{
    int first, last;

    fg_text_append(text, "%s", row->in_map->name);
    for (int i = 0; i < row->source_count; ++i) {
        const struct fg_source *source = &row->sources[i];
        if (!fg_row_elements(&first, &last, plan, row->in_map, source))
            return;
        fg_text_append(text, "%s x%d", i == 0 ? ":" : "", first);
        if (last > first)
            fg_text_append(text, "-x%d", last);
        fg_text_append(text, "[%d..%d]", source->first_channel,
                       source->first_channel + source->channels - 1);
    }
}

static void append_layers(fg_text *text, const fg_plan *plan)
{
    fg_text_append(text, "%-24s %-9s %6s %6s %9s %11s %14s %11s  %s\n", "layer", "kind", "in",
                   "out", "map", "parameters", "multiply-adds", "bytes", "reads");
    for (int i = 0; i < plan->forward_steps; ++i) {
        const fg_row row = fg_row_of(plan, i);
        char map[32];
        snprintf(map, sizeof map, "%dx%d", row.height, row.width);
        fg_text_append(text, "%-24s %-9s %6d %6d %9s %11lld %14lld %11zu  ", row.name, row.kind,
                       row.in_channels, row.out_channels, map, (long long)row.parameters,
                       (long long)row.multiply_adds, row.bytes);
        append_sources(text, plan, &row);
        fg_text_append(text, "\n");
    }
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

fg_status fg_table_append(fg_text *text, const fg_plan *plan)
{
    const bool limited = plan->memory_bytes > 0 || plan->allocation_bytes > 0;
    fg_status status = FG_OK;
    fg_usage usage;

    FG_TRY(fg_usage_find(&usage, plan));
    fg_text_append(text, "%s, batch %d, %s\n\n", plan->name, plan->images,
                   plan->training ? "training" : "evaluation alone");
    append_layers(text, plan);
    append_memory(text, plan, &usage);
    fg_text_append(text, "\nparameters     %lld\nmultiply-adds  %lld (forward, one image)\n",
                   (long long)plan->parameters, (long long)plan->multiply_adds);
    if (limited && plan->largest_batch > 0)
        fg_text_append(text, "largest batch  %d\n", plan->largest_batch);
    else
        fg_text_append(text, "largest batch  %s\n",
                       limited ? "not even one image fits" : "no limit was given");

cleanup:
    return status;
}
