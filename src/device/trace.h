/* trace.h - FG_TRACE: how long every launch took, by the device's own clock.
 *
 * FG_TRACE=FILE writes a Chrome trace (chrome://tracing, Perfetto) when the device is freed;
 * FG_TRACE=- logs a table instead: kernel, launches, total milliseconds, share, longest first.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_TRACE_H
#define FG_DEVICE_TRACE_H

#include "device/device.h"

typedef struct fg_trace_event {
    const char *label; /* name of a kernel, "read", "write" */
    int step;          /* of the plan that was being walked; -1: of none */
    cl_ulong start_ns;
    cl_ulong end_ns;
} fg_trace_event;

/* target: as FG_TRACE; NULL: events are kept for fg_trace_events alone. */
fg_status fg_trace_create(fg_trace **out, const char *target);

/* Takes the event over. label is borrowed for ever (a literal). */
void fg_trace_add(fg_trace *trace, const char *label, cl_event event);

/* What is enqueued from now on belongs to that step of a plan, -1: to none. NULL: no trace. Nets
 * that share a device share this, so with several at work steps mean nothing. */
void fg_trace_step(fg_trace *trace, int step);

/* All events so far, in the order in which they were enqueued. The queue must be finished; they
 * stay where they are until something is enqueued. */
fg_status fg_trace_events(fg_trace *trace, const fg_trace_event **out, size_t *count);

/* Writes the file or logs the table, then frees. The queue must be finished. */
fg_status fg_trace_finish(fg_trace *trace, const fg_log *log);

#endif
