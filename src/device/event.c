/* event.c - when something that was enqueued is done.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/event.h"

fg_status fg_event_wait(cl_event event)
{
    fg_status status = FG_OK;

    if (event != NULL)
        FG_TRY_CL(clWaitForEvents(1, &event));

cleanup:
    return status;
}

void fg_event_free(cl_event *event)
{
    if (*event != NULL)
        clReleaseEvent(*event);
    *event = NULL;
}
