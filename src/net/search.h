/* search.h - finds by measurement how one task is computed fastest.
 *
 * Each dial of conv_variant.h is turned in turn, and its best value kept. What was found so is
 * measured once more beside what is chosen without measuring, so that a disturbance does not
 * decide.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_NET_SEARCH_H
#define FG_NET_SEARCH_H

#include "net/measure.h"
#include "net/tasks.h"

typedef struct fg_search {
    fg_net *net;
    const fg_task *task;
    fg_measure measure;
    fg_conv_op direct;       /* as chosen without measuring */
    fg_conv_variant variant; /* the fastest so far */
    fg_algorithm algorithm;
    double before_ms, after_ms; /* of a launch: of direct, and of the fastest */
    double deadline; /* no new value is tried behind it; on fg_measure_seconds' clock */
} fg_search;

fg_status fg_search_begin(fg_search *out, fg_net *net, const fg_task *task, double deadline);
void fg_search_end(fg_search *search);

/* Tries all values of a dial. */
fg_status fg_search_turn(fg_search *search, fg_conv_dial dial);

/* Keeps what was found only if it is faster by more than noise. */
fg_status fg_search_compare(fg_search *search);

/* Tries the other algorithms, which give other bits. The last to be called. */
fg_status fg_search_candidates(fg_search *search);

fg_tuning_choice fg_search_choice(const fg_search *search);

#endif
