/* trace.c - FG_TRACE: how long every launch took, by the device's own clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/program.h"

#define PENDING 4096 /* events held before their times are read: drivers' events are large */

struct fg_trace {
    pthread_mutex_t lock; /* nets of one device may run on several threads */
    char *target;         /* NULL: events are only kept */
    FILE *file;           /* NULL: a table for the log */
    int step;
    fg_trace_event *events;
    size_t count, capacity;
    cl_event pending[PENDING]; /* of the last events */
    size_t pendings;
    fg_status status; /* of the first thing that failed */
};

/* One row of the table. */
struct total {
    const char *label;
    size_t launches;
    double ms;
};

static void trace_free(fg_trace *trace)
{
    if (trace == NULL)
        return;
    for (size_t i = 0; i < trace->pendings; ++i)
        clReleaseEvent(trace->pending[i]);
    if (trace->file != NULL)
        fclose(trace->file);
    pthread_mutex_destroy(&trace->lock);
    fg_text_free(trace->target);
    free(trace->events);
    free(trace);
}

fg_status fg_trace_create(fg_trace **out, const char *target)
{
    fg_status status = FG_OK;
    fg_trace *trace = NULL;

    *out = NULL;
    FG_ALLOC(trace, 1);
    trace->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    trace->step = -1;
    if (target != NULL) {
        trace->target = fg_text_copy(target);
        FG_CHECK(trace->target != NULL, FG_ERR_MEMORY, "no memory for the name of the trace");
    }
    if (target != NULL && strcmp(target, "-") != 0) {
        trace->file = fopen(target, "we");
        FG_CHECK(trace->file != NULL, FG_ERR_FILE, "%s: cannot be written (FG_TRACE): %s",
                 target, strerror(errno));
    }
    *out = trace;
    trace = NULL;

cleanup:
    trace_free(trace);
    return status;
}

/* Reads the times of all pending events, which wait for the last of them, and releases them. */
static fg_status read_times(fg_trace *trace)
{
    fg_status status = FG_OK;
    fg_trace_event *event = trace->events + trace->count - trace->pendings;

    if (trace->pendings == 0)
        return FG_OK;
    FG_TRY_CL(clWaitForEvents(1, &trace->pending[trace->pendings - 1]));
    for (size_t i = 0; i < trace->pendings; ++i, ++event) {
        FG_TRY_CL(clGetEventProfilingInfo(trace->pending[i], CL_PROFILING_COMMAND_START,
                                          sizeof event->start_ns, &event->start_ns, NULL));
        FG_TRY_CL(clGetEventProfilingInfo(trace->pending[i], CL_PROFILING_COMMAND_END,
                                          sizeof event->end_ns, &event->end_ns, NULL));
    }

cleanup:
    for (size_t i = 0; i < trace->pendings; ++i)
        clReleaseEvent(trace->pending[i]);
    trace->pendings = 0;
    return status;
}

/* Room for one more event. */
static fg_status make_room(fg_trace *trace)
{
    if (trace->count == trace->capacity) {
        const size_t capacity = trace->capacity > 0 ? 2 * trace->capacity : PENDING;
        fg_trace_event *events = realloc(trace->events, capacity * sizeof *events);
        if (events == NULL)
            return fg_fail(FG_ERR_MEMORY, "no memory for %zu events of the trace", capacity);
        trace->events = events;
        trace->capacity = capacity;
    }
    return trace->pendings == PENDING ? read_times(trace) : FG_OK;
}

void fg_trace_add(fg_trace *trace, const char *label, cl_event event)
{
    pthread_mutex_lock(&trace->lock);
    if (trace->status == FG_OK)
        trace->status = make_room(trace);
    if (trace->status == FG_OK) {
        trace->events[trace->count++] = (fg_trace_event){label, trace->step, 0, 0};
        trace->pending[trace->pendings++] = event;
    } else {
        clReleaseEvent(event);
    }
    pthread_mutex_unlock(&trace->lock);
}

void fg_trace_step(fg_trace *trace, int step)
{
    if (trace == NULL)
        return;
    pthread_mutex_lock(&trace->lock);
    trace->step = step;
    pthread_mutex_unlock(&trace->lock);
}

fg_status fg_trace_events(fg_trace *trace, const fg_trace_event **out, size_t *count)
{
    pthread_mutex_lock(&trace->lock);
    if (trace->status == FG_OK)
        trace->status = read_times(trace);
    *out = trace->events;
    *count = trace->count;
    pthread_mutex_unlock(&trace->lock);
    return trace->status;
}

/* Chrome's format: one complete event ("X") a launch, in microseconds. */
static fg_status write_file(fg_trace *trace)
{
    fg_status status = FG_OK;
    const cl_ulong origin = trace->count > 0 ? trace->events[0].start_ns : 0;
    int failed;

    fprintf(trace->file, "{\"traceEvents\":[");
    for (size_t i = 0; i < trace->count; ++i) {
        const fg_trace_event *event = &trace->events[i];
        fprintf(
            trace->file,
            "%s\n{\"name\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":%.3f,\"dur\":%.3f}",
            i > 0 ? "," : "", event->label, (double)(event->start_ns - origin) * 1e-3,
            (double)(event->end_ns - event->start_ns) * 1e-3);
    }
    fprintf(trace->file, "\n]}\n");
    failed = ferror(trace->file);
    failed |= fclose(trace->file);
    trace->file = NULL;
    FG_CHECK(!failed, FG_ERR_FILE, "%s: cannot be written (FG_TRACE)", trace->target);

cleanup:
    return status;
}

static int compare_totals(const void *a, const void *b)
{
    const struct total *left = a, *right = b;
    if (left->ms != right->ms)
        return left->ms < right->ms ? 1 : -1;
    return strcmp(left->label, right->label);
}

static fg_status log_table(const fg_trace *trace, const fg_log *log)
{
    fg_status status = FG_OK;
    struct total totals[FG_KERNELS + 2]; /* every kernel, reads and writes */
    size_t rows = 0;
    double sum = 0.0;

    for (size_t i = 0; i < trace->count; ++i) {
        const fg_trace_event *event = &trace->events[i];
        const double ms = (double)(event->end_ns - event->start_ns) * 1e-6;
        size_t row = 0;
        while (row < rows && strcmp(totals[row].label, event->label) != 0)
            ++row;
        if (row == rows) {
            FG_CHECK(rows < sizeof totals / sizeof *totals, FG_ERR_ARGUMENT,
                     "label %s of the trace is one too many", event->label);
            totals[rows++] = (struct total){event->label, 0, 0.0};
        }
        ++totals[row].launches;
        totals[row].ms += ms;
        sum += ms;
    }
    qsort(totals, rows, sizeof *totals, compare_totals);
    fg_log_line(log, FG_LOG_INFO, "%-26s %10s %12s %7s", "kernel", "launches", "ms", "share");
    for (size_t row = 0; row < rows; ++row)
        fg_log_line(log, FG_LOG_INFO, "%-26s %10zu %12.3f %6.1f%%", totals[row].label,
                    totals[row].launches, totals[row].ms,
                    sum > 0.0 ? 100.0 * totals[row].ms / sum : 0.0);

cleanup:
    return status;
}

fg_status fg_trace_finish(fg_trace *trace, const fg_log *log)
{
    fg_status status = trace->status;

    FG_CHECK(status == FG_OK, status, "the trace is incomplete: memory or the driver failed");
    FG_TRY(read_times(trace));
    if (trace->file != NULL)
        FG_TRY(write_file(trace));
    else if (trace->target != NULL)
        FG_TRY(log_table(trace, log));

cleanup:
    trace_free(trace);
    return status;
}
