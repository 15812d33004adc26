/* report.c - a profile beside the least time that its work could take.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

void fg_report_free(fg_report *report)
{
    if (report == NULL)
        return;
    free(report->rows);
    free(report->entries);
    free(report->lines);
    free(report->kernels);
    free(report);
}

static double floor_of(const fg_report *report, fg_work work)
{
    return fg_work_floor_ms(work, report->fma.median, report->copy.median);
}

static fg_report_line make_line(const fg_report *report, const fg_profile_row *row)
{
    fg_report_line line = {.label = row->label, .launches = row->launches, .ms = row->median};

    if (row->step >= 0)
        line.work = fg_work_of_kernel(report->plan, report->rows,
                                      &report->plan->steps[row->step], row->label);
    line.floor_ms = floor_of(report, line.work);
    return line;
}

static void name_entry(fg_report_entry *entry, const fg_report *report, int index)
{
    static const char *const passes[] = {[FG_STEP_FORWARD] = "forward",
                                         [FG_STEP_RECOMPUTE] = "recompute",
                                         [FG_STEP_BACKWARD] = "backward"};
    const fg_step *step = &report->plan->steps[index];

    entry->line.work = fg_work_of_step(report->plan, report->rows, step);
    entry->line.floor_ms = floor_of(report, entry->line.work);
    if (step->kind == FG_STEP_LOSS) {
        entry->layer = "loss";
        return;
    }
    entry->layer = report->plan->ops[step->op].name;
    entry->kind = report->rows[step->op].kind;
    entry->pass = passes[step->kind];
}

static fg_report_entry make_entry(const fg_report *report, const fg_profile_group *group)
{
    const fg_profile_row *first = &report->profile->rows[group->first];
    fg_report_entry entry = {.layer = first->label,
                             .kind = "",
                             .pass = "",
                             .line = {.ms = group->median},
                             .kernels = report->lines + group->first,
                             .kernel_count = group->count};

    for (int i = 0; i < group->count; ++i)
        entry.line.launches += entry.kernels[i].launches;
    if (first->step >= 0)
        name_entry(&entry, report, first->step);
    return entry;
}

static int compare_entries(const void *a, const void *b)
{
    const fg_report_entry *left = a, *right = b;
    const double above_left = left->line.ms - left->line.floor_ms;
    const double above_right = right->line.ms - right->line.floor_ms;

    if (above_left != above_right)
        return above_left < above_right ? 1 : -1;
    return strcmp(left->layer, right->layer);
}

void fg_report_entries_sort(fg_report_entry *entries, int count)
{
    qsort(entries, (size_t)count, sizeof *entries, compare_entries);
}

static int compare_lines(const void *a, const void *b)
{
    const fg_report_line *left = a, *right = b;

    if (left->ms != right->ms)
        return left->ms < right->ms ? 1 : -1;
    return strcmp(left->label, right->label);
}

/* A floor of many launches is the sum of theirs. */
void fg_report_line_add(fg_report_line *sum, const fg_report_line *line)
{
    sum->launches += line->launches;
    sum->ms += line->ms;
    sum->floor_ms += line->floor_ms;
    sum->work.flops += line->work.flops;
    sum->work.bytes += line->work.bytes;
}

/* Adds a line to that of the same kernel. */
static void add_to_kernel(fg_report *report, const fg_report_line *line)
{
    int i = 0;

    while (i < report->kernel_count && strcmp(report->kernels[i].label, line->label) != 0)
        ++i;
    if (i == report->kernel_count)
        report->kernels[report->kernel_count++] = (fg_report_line){.label = line->label};
    fg_report_line_add(&report->kernels[i], line);
}

static fg_status fill(fg_report *report)
{
    fg_status status = FG_OK;
    const fg_profile *profile = report->profile;

    FG_TRY(fg_row_all(&report->rows, report->plan));
    FG_ALLOC(report->lines, profile->row_count);
    FG_ALLOC(report->kernels, profile->row_count);
    FG_ALLOC(report->entries, profile->group_count);
    for (int i = 0; i < profile->row_count; ++i) {
        report->lines[i] = make_line(report, &profile->rows[i]);
        report->launches += report->lines[i].launches;
        add_to_kernel(report, &report->lines[i]);
    }
    for (int i = 0; i < profile->group_count; ++i) {
        fg_report_entry *entry = &report->entries[report->entry_count++];
        *entry = make_entry(report, &profile->groups[i]);
        report->rows_ms += entry->line.ms;
        report->floor_ms += entry->line.floor_ms;
    }
    fg_report_entries_sort(report->entries, report->entry_count);
    qsort(report->kernels, (size_t)report->kernel_count, sizeof *report->kernels,
          compare_lines);

cleanup:
    return status;
}

fg_status fg_report_create(fg_report **out, const fg_timing *timing, const fg_plan *plan,
                           const fg_profile *profile, const char *mode)
{
    fg_status status = FG_OK;
    fg_report *report = NULL;

    *out = NULL;
    FG_ALLOC(report, 1);
    report->timing = timing;
    report->plan = plan;
    report->profile = profile;
    report->mode = mode;
    FG_TRY(fg_harness_peak_fma(&report->fma, timing->device));
    FG_TRY(fg_harness_peak_copy(&report->copy, timing->device));
    FG_TRY(fill(report));
    *out = report;
    report = NULL;

cleanup:
    fg_report_free(report);
    return status;
}
