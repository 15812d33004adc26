/* results.h - results of benches in a file: one JSON object, an array of them, or one after another
 * as lines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BENCH_RESULTS_H
#define FG_BENCH_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

#include "filigree.h"

/* Results are of the same thing if they agree in mode, model, batch, device and memory setting. */
typedef struct fg_results {
    json_t *list; /* owned: array of objects that have the first four */
} fg_results;

/* FG_ERR_FILE where the file is no such thing: the message names file, result and field. */
fg_status fg_results_read(fg_results *out, const char *path);
void fg_results_clear(fg_results *results);

/* The setting of --memory; "fast" where the result does not say. */
const char *fg_results_memory(const json_t *result);

int fg_results_count(const fg_results *results);
const json_t *fg_results_at(const fg_results *results, int index);

/* Whether result `index` is the first one of its thing. */
bool fg_results_first(const fg_results *results, int index);

/* The median of a figure over all results that are of the same thing as `like`. */
fg_status fg_results_median(double *out, bool *found, const fg_results *results,
                            const json_t *like, const char *figure);

#endif
