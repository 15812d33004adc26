/* interrupt.h - Ctrl-C and SIGTERM as a wish to stop, not as an end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_INTERRUPT_H
#define FG_CLI_INTERRUPT_H

/* From here on the first SIGINT or SIGTERM is noted only; the next one ends the program at
 * once. */
void interrupt_start(void);

/* The signal that was noted, 0 when there was none. */
int interrupt_signal(void);

/* The same as fg_cancel_function. */
int interrupt_wanted(void *user);

#endif
