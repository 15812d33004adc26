/* defaults.h - what a network has where neither its name nor its file says otherwise.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_DEFAULTS_H
#define FG_PLAN_DEFAULTS_H

#include "plan/network.h"

/* By the form of its stages, which are there: the head, what dropout would drop and where, and
 * how training begins. */
void fg_defaults_set(fg_network *network);

/* Groups of the strided convolution that makes `width` channels for a stage of SeqConv blocks.
 * Any numbers: what does not divide the width is for fg_network_check to refuse. */
int fg_defaults_down_groups(int width, const fg_seq *seq);

#endif
