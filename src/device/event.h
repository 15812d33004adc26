/* event.h - when something that was enqueued is done.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_EVENT_H
#define FG_DEVICE_EVENT_H

#include "device/opencl.h"

/* Waits until the event's command is done. NULL: nothing to wait for. */
fg_status fg_event_wait(cl_event event);

/* Releases *event and makes it NULL. NULL is allowed. */
void fg_event_free(cl_event *event);

#endif
