/* chunks.h - how many chunks a map is cut into, at most.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_CHUNKS_H
#define FG_PLAN_CHUNKS_H

/* No batch of 1..images images of this size has more chunks. Memory for sums per chunk is made
 * for so many, since a smaller batch may have more chunks than the largest one. */
int fg_chunks_most(int images, int height, int width);

#endif
