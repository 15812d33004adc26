/* sources.h - which earlier layers a layer reads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_PLAN_SOURCES_H
#define FG_PLAN_SOURCES_H

/* Sparse: layer 0 is the stage's input; layer l >= 1 reads l-1, l-base, l-base^2, ... >= 0,
 * nearest first. Dense: 0, 1, ..., l-1, oldest first. The order is that of the reader's input
 * channels. out has room for layer entries; both return how many were written. */
int fg_sources_sparse(int *out, int layer, int base);
int fg_sources_dense(int *out, int layer);

#endif
