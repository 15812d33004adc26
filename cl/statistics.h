/* statistics.h - what the host and statistics.cl agree on. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_STATISTICS_H
#define FG_STATISTICS_H

#include "chunks.h"

struct fg_statistics_args {
    struct fg_chunks chunks; /* of the map */
    fg_i32 pitch;
    fg_i32 first_channel; /* in the map */
    fg_i32 channels;
};

#endif
