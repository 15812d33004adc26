/* kernels.h - the kernels of one net, each created once, when the first operation asks for it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_KERNELS_H
#define FG_OPS_KERNELS_H

#include "device/launch.h"

typedef struct fg_kernels {
    fg_device *device;
    struct fg_kernels_entry *first;
    int special; /* so many of them have options, and at most a program each */
    int most;    /* no more of these; 0: as many as are asked for */
} fg_kernels;

/* Borrowed until fg_kernels_clear. options as for fg_kernel_create.
 *
 * FG_ERR_FIT  it is not there, and there are as many as may be */
fg_status fg_kernels_get(const fg_kernel **out, fg_kernels *kernels, enum fg_kernel_id id,
                         const char *options);
void fg_kernels_clear(fg_kernels *kernels);

#endif
