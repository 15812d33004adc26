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

fg_status fg_trace_create(fg_trace **out, const char *target);

/* Takes the event over. label is borrowed for ever (a literal). */
void fg_trace_add(fg_trace *trace, const char *label, cl_event event);

/* Writes the file or logs the table, then frees. The queue must be finished. */
fg_status fg_trace_finish(fg_trace *trace, const fg_log *log);

#endif
