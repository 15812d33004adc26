/* report_table.c - the report of a profile for people.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define NAME 44          /* columns of a name */
#define LEAST_SHARE 0.01 /* of its pass, for a kernel to be shown */

static void print_head(const fg_report *report)
{
    fg_harness_print_head(report->timing->device);
    printf("model    %s, batch %d, %s, medians of %d steps\n", report->timing->options.model,
           report->timing->options.batch, report->mode, report->profile->steps);
    printf("peak     %.1f GFLOP/s; copy %.1f GB/s\n\n", report->fma.median,
           report->copy.median);
}

/* A rate, or nothing where there is nothing to count. */
static void print_rate(double amount, double ms)
{
    if (amount > 0.0 && ms > 0.0)
        printf(" %8.1f", 1e-6 * amount / ms);
    else
        printf(" %8s", "");
}

static void print_columns(const char *first)
{
    printf("%-*s %8s %9s %8s %8s %9s %9s %7s %6s\n", NAME, first, "launches", "ms", "GFLOP/s",
           "GB/s", "floor", "above", "x floor", "share");
}

static void print_line(const fg_report *report, const char *name, const fg_report_line *line)
{
    printf("%-*s %8d %9.3f", NAME, name, line->launches, line->ms);
    print_rate(line->work.flops, line->ms);
    print_rate(line->work.bytes, line->ms);
    printf(" %9.3f %9.3f", line->floor_ms, line->ms - line->floor_ms);
    if (line->floor_ms > 0.0)
        printf(" %7.2f", line->ms / line->floor_ms);
    else
        printf(" %7s", "");
    printf(" %5.1f%%\n", 100.0 * line->ms / report->profile->median.wall);
}

static void print_entry(const fg_report *report, const fg_report_entry *entry, double least_ms)
{
    char name[256];

    snprintf(name, sizeof name, "%s%s%s%s%s", entry->layer, entry->kind[0] != '\0' ? " " : "",
             entry->kind, entry->pass[0] != '\0' ? " " : "", entry->pass);
    print_line(report, name, &entry->line);
    for (int i = 0; entry->kernel_count > 1 && i < entry->kernel_count; ++i) {
        if (entry->kernels[i].ms < least_ms)
            break;
        snprintf(name, sizeof name, "    %s", entry->kernels[i].label);
        print_line(report, name, &entry->kernels[i]);
    }
}

static void print_entries(const fg_report *report, int entries)
{
    const bool all = entries == 0 || entries >= report->entry_count;
    const int shown = all ? report->entry_count : entries;

    print_columns("layer and pass, by time above the floor");
    for (int i = 0; i < shown; ++i) {
        const fg_report_entry *entry = &report->entries[i];
        print_entry(report, entry, entries == 0 ? 0.0 : LEAST_SHARE * entry->line.ms);
    }
    if (!all)
        printf("... and %d more (--all)\n", report->entry_count - shown);
    printf("\n");
}

/* ---- layers of a kind, together ---- */

/* Characters of the layer's name before its first dot: its stage, stem or head. */
static int place_length(const fg_report_entry *entry)
{
    return (int)strcspn(entry->layer, ".");
}

static bool same_kind(const fg_report_entry *a, const fg_report_entry *b)
{
    return place_length(a) == place_length(b) &&
           strncmp(a->layer, b->layer, (size_t)place_length(a)) == 0 &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->pass, b->pass) == 0;
}

/* Adds the entry to those of its kind, of which there are `count`; returns how many there are. */
static int add_to_kind(fg_report_entry *kinds, int count, const fg_report_entry *entry)
{
    int i = 0;

    while (i < count && !same_kind(&kinds[i], entry))
        ++i;
    if (i < count)
        fg_report_line_add(&kinds[i].line, &entry->line);
    else
        kinds[count++] = *entry;
    return count;
}

static fg_status print_kinds(const fg_report *report)
{
    fg_status status = FG_OK;
    fg_report_entry *kinds = NULL;
    int count = 0;

    FG_ALLOC(kinds, report->entry_count);
    for (int i = 0; i < report->entry_count; ++i)
        if (report->entries[i].pass[0] != '\0')
            count = add_to_kind(kinds, count, &report->entries[i]);
    fg_report_entries_sort(kinds, count);
    print_columns("stage, kind and pass, over its layers");
    for (int i = 0; i < count; ++i) {
        char name[256];
        snprintf(name, sizeof name, "%.*s %s %s", place_length(&kinds[i]), kinds[i].layer,
                 kinds[i].kind, kinds[i].pass);
        print_line(report, name, &kinds[i].line);
    }
    printf("\n");

cleanup:
    free(kinds);
    return status;
}

/* ---- all of it ---- */

static void print_sum(const fg_report *report, const char *name, double ms)
{
    printf("%-*s %8s %9.3f %*s %5.1f%%\n", NAME, name, "", ms, 54, "",
           100.0 * ms / report->profile->median.wall);
}

static void print_sums(const fg_report *report)
{
    const fg_profile_step *median = &report->profile->median;
    const fg_report_line all = {
        .launches = report->launches, .ms = report->rows_ms, .floor_ms = report->floor_ms};

    print_columns("the step whose wall time is the median");
    print_line(report, "device, all passes at their medians", &all);
    print_sum(report, "device, above these in this step", median->rows - report->rows_ms);
    print_sum(report, "idle: the device between launches", median->idle);
    print_sum(report, "host: before the first, after the last", median->host);
    print_sum(report, "wall: the sum of all these", median->wall);
}

fg_status fg_report_table_print(const fg_report *report, int entries)
{
    fg_status status = FG_OK;

    print_head(report);
    print_entries(report, entries);
    FG_TRY(print_kinds(report));
    print_columns("kernel, over all layers");
    for (int i = 0; i < report->kernel_count; ++i)
        print_line(report, report->kernels[i].label, &report->kernels[i]);
    printf("\n");
    print_sums(report);
    FG_TRY(fg_harness_flush());

cleanup:
    return status;
}
