/* cut.h - how a forward launch is cut into work-groups, so that all compute units are busy.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_OPS_CUT_H
#define FG_OPS_CUT_H

#include "cl/chunks.h"
#include "device/device.h"

/* Work-groups that a launch should have: some for each compute unit, so that none waits long for the
 * last one. */
int fg_cut_wanted(const fg_device *device);

/* Chunks of the map that a launch writes. With statistics they are those of a sum. Without, no bit
 * depends on them: where they would be fewer than `wanted` they are smaller, but of about `least`
 * pixels. */
struct fg_chunks fg_cut_pixels(int images, int height, int width, bool statistics, int wanted,
                               int least);

/* Of `channels`, how many a work-item makes at most, so that there are `parts` of them, or as many as
 * there are multiples of `unit`. */
int fg_cut_channels(int channels, int unit, int parts);

#endif
