/* tune.h - chooses by measurement how the convolutions of a net are computed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_NET_TUNE_H
#define FG_NET_TUNE_H

#include "net/net.h"

/* Tunes a net that is placed and not yet initialised, for about `seconds` at most, and notes what
 * it finds in the cache folder. Does nothing where that has been done before, or the net's tuning
 * is a file that was named. It tries nothing that needs a kernel which the net does not have
 * anyway, or that would change bits. */
fg_status fg_tune_first_use(fg_net *net, double seconds);

#endif
