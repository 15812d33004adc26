/* fill.cl - sets a run of floats to one value.
 *
 * SPDX-License-Identifier: MIT
 */
#include "shared.h"
#include "vectors.h"

/* data[first .. first+count-1] = value
 * grid: x = any number of work-items; each fills one part, the parts being as equal as can be.
 * Indexes are 64 bits wide: an allocation may hold more than 2^32 floats. */
__kernel FG_ONE_WORK_ITEM void fill(__global float *data, const ulong first, const ulong count,
                                    const float value)
{
    const ulong part = (count + get_global_size(0) - 1) / get_global_size(0);
    const ulong start = min(get_global_id(0) * part, count);
    const ulong end = min(start + part, count);
    const float16 values = (float16)(value);
    ulong i = start;

    data += first;
    for (; i + 16 <= end; i += 16)
        store16(values, 0, data + i);
    for (; i < end; ++i)
        data[i] = value;
}
