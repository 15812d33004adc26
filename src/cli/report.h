/* report.h - what `filigree train' says at the start, at the end, and when it is stopped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_REPORT_H
#define FG_CLI_REPORT_H

#include "filigree.h"

/* Standard error: model, device, data, memory. images: of the data set, held-out ones included.
 */
void report_start(const fg_trainer *trainer, const fg_device *device, int images);

/* Standard output. last is the newest progress; its epoch is 0 where nothing was left to do. */
void report_results(const fg_trainer *trainer, const fg_progress *last,
                    const fg_train_config *config);

/* An option that the command to resume needs; value NULL: it was not given. */
struct report_option {
    const char *name;
    const char *value;
};

/* Standard error, one line: where a signal stopped the run, and the command that continues it.
 */
void report_stopped(int signal_number, const fg_progress *last,
                    const struct report_option *options, int count);

#endif
