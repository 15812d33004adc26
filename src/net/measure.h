/* measure.h - how long one pass of a convolution takes, in the memory of its net.
 *
 * What features, gradients and scratch hold is lost; parameters and momentum stay.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_NET_MEASURE_H
#define FG_NET_MEASURE_H

#include "net/net.h"

typedef struct fg_measure {
    fg_conv_call call;
    bool forward;
    fg_conv_shape shape;
    /* Scratch that the plan does not give the operation; NULL: not wanted so far. */
    fg_buffer *packed, *tile, *library;
} fg_measure;

/* Prepares measuring of operation `op` of the net. */
fg_status fg_measure_begin(fg_measure *out, fg_net *net, int op, bool forward);
void fg_measure_end(fg_measure *measure);

/* Makes scratch for a candidate of this algorithm. */
fg_status fg_measure_scratch(fg_measure *measure, fg_algorithm algorithm);

/* Milliseconds of the direct kernels of `conv`, or of a candidate where it is not NULL, which has
 * its scratch: the least of some runs, the first of which does not count. Stops early where it is longer than
 * `interesting_ms` by half. */
fg_status fg_measure_run(double *ms, const fg_measure *measure, const fg_conv_op *conv,
                         const fg_candidate_op *candidate, double interesting_ms);

double fg_measure_seconds(void); /* on a clock that only goes forward */

#endif
