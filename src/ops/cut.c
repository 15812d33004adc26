/* cut.c - how a forward launch is cut into work-groups, so that all compute units are busy.
 *
 * Few images of few pixels are one chunk of cl/chunks.h, so that its partial sums stay small beside
 * its pixels; a launch that makes none need not leave the other units idle.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/cut.h"

#define UNIT_GROUPS 2 /* work-groups for each compute unit */

int fg_cut_wanted(const fg_device *device)
{
    return UNIT_GROUPS * device->info.compute_units;
}

struct fg_chunks fg_cut_pixels(int images, int height, int width, bool statistics, int wanted,
                               int least)
{
    const struct fg_chunks summed = fg_chunks_of(images, height, width);
    const int pixels = images * height * width;
    const int target = (pixels + wanted - 1) / wanted;

    if (statistics || summed.chunks >= wanted)
        return summed;
    return fg_chunks_cut(images, height, width, target > least ? target : least);
}

int fg_cut_channels(int channels, int unit, int parts)
{
    const int units = (channels + unit - 1) / unit;

    return (units + parts - 1) / parts * unit;
}
