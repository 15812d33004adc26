/* profile.c - where the time of a network's steps went, by the device's own clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

fg_status fg_profile_create(fg_profile **out, int steps)
{
    fg_status status = FG_OK;
    fg_profile *profile = NULL;

    *out = NULL;
    FG_ALLOC(profile, 1);
    profile->capacity = steps;
    FG_ALLOC(profile->each, steps);
    *out = profile;
    profile = NULL;

cleanup:
    fg_profile_free(profile);
    return status;
}

void fg_profile_free(fg_profile *profile)
{
    if (profile == NULL)
        return;
    for (int i = 0; i < profile->row_count; ++i)
        free(profile->rows[i].ms);
    free(profile->rows);
    free(profile->groups);
    free(profile->each);
    free(profile);
}

/* The event's row, which is there from now on. Steps repeat, so it is mostly the one behind the
 * last event's. */
static fg_status find_row(fg_profile_row **out, fg_profile *profile,
                          const fg_trace_event *event)
{
    fg_status status = FG_OK;

    for (int i = 0; i < profile->row_count; ++i) {
        const int index = (profile->next + i) % profile->row_count;
        fg_profile_row *row = &profile->rows[index];
        if (row->step == event->step && strcmp(row->label, event->label) == 0) {
            profile->next = index;
            *out = row;
            return FG_OK;
        }
    }
    FG_GROW(profile->rows, profile->row_count);
    fg_profile_row *row = &profile->rows[profile->row_count];
    *row = (fg_profile_row){.label = event->label, .step = event->step};
    FG_ALLOC(row->ms, profile->capacity);
    profile->next = profile->row_count++;
    *out = row;

cleanup:
    return status;
}

fg_status fg_profile_add(fg_profile *profile, const fg_trace_event *events, size_t count,
                         double wall_ms)
{
    fg_status status = FG_OK;
    fg_profile_step *step = &profile->each[profile->steps];

    assert(profile->steps < profile->capacity && count > 0);
    for (int i = 0; i < profile->row_count; ++i)
        profile->rows[i].launches = 0;
    for (size_t i = 0; i < count; ++i) {
        const double ms = 1e-6 * (double)(events[i].end_ns - events[i].start_ns);
        fg_profile_row *row = NULL;
        FG_TRY(find_row(&row, profile, &events[i]));
        row->ms[profile->steps] += ms;
        ++row->launches;
        step->rows += ms;
    }
    const double span = 1e-6 * (double)(events[count - 1].end_ns - events[0].start_ns);
    step->idle = span - step->rows;
    step->host = wall_ms - span;
    step->wall = wall_ms;
    ++profile->steps;

cleanup:
    return status;
}

static int compare_rows(const void *a, const void *b)
{
    const fg_profile_row *left = a, *right = b;

    if (left->step != right->step)
        return left->step < right->step ? -1 : 1;
    if (left->median != right->median)
        return left->median < right->median ? 1 : -1;
    return strcmp(left->label, right->label);
}

/* samples: room for all steps. */
static double median_of(double *samples, const double *values, int count)
{
    memcpy(samples, values, (size_t)count * sizeof *samples);
    return fg_harness_figure_of(samples, count).median;
}

static double group_median(const fg_profile *profile, const fg_profile_group *group,
                           double *samples)
{
    for (int i = 0; i < profile->steps; ++i) {
        samples[i] = 0.0;
        for (int j = group->first; j < group->first + group->count; ++j)
            samples[i] += profile->rows[j].ms[i];
    }
    return fg_harness_figure_of(samples, profile->steps).median;
}

static fg_status make_groups(fg_profile *profile, double *samples)
{
    fg_status status = FG_OK;
    int end = 0;

    for (int first = 0; first < profile->row_count; first = end) {
        const int step = profile->rows[first].step;
        end = first + 1;
        while (step >= 0 && end < profile->row_count && profile->rows[end].step == step)
            ++end;
        FG_GROW(profile->groups, profile->group_count);
        fg_profile_group *group = &profile->groups[profile->group_count++];
        *group = (fg_profile_group){.first = first, .count = end - first};
        group->median = group_median(profile, group, samples);
    }

cleanup:
    return status;
}

static int compare_steps(const void *a, const void *b)
{
    const fg_profile_step *left = a, *right = b;
    return (left->wall > right->wall) - (left->wall < right->wall);
}

fg_status fg_profile_finish(fg_profile *profile)
{
    fg_status status = FG_OK;
    double *samples = NULL;

    assert(profile->steps > 0);
    FG_ALLOC(samples, profile->steps);
    for (int i = 0; i < profile->row_count; ++i)
        profile->rows[i].median = median_of(samples, profile->rows[i].ms, profile->steps);
    qsort(profile->rows, (size_t)profile->row_count, sizeof *profile->rows, compare_rows);
    FG_TRY(make_groups(profile, samples));
    qsort(profile->each, (size_t)profile->steps, sizeof *profile->each, compare_steps);
    profile->median = profile->each[profile->steps / 2];

cleanup:
    free(samples);
    return status;
}
