/* embedded.h - the kernel sources inside the library, which the build writes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_EMBEDDED_H
#define FG_DEVICE_EMBEDDED_H

#include <stddef.h>

typedef struct fg_embedded_file {
    const char *name;   /* as in cl/kernels.def: without folder and ".cl" */
    const char *source; /* with its includes pasted */
} fg_embedded_file;

/* Ends with a NULL name. */
extern const fg_embedded_file fg_embedded_files[];

#endif
