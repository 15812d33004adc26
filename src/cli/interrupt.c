/* interrupt.c - Ctrl-C and SIGTERM as a wish to stop, not as an end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t noted;

static void set_both(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void note(int number)
{
    noted = number;
    set_both(SIG_DFL); /* a second signal of either kind does not wait for the step */
}

void interrupt_start(void)
{
    set_both(note);
}

int interrupt_signal(void)
{
    return noted;
}

int interrupt_wanted(void *user)
{
    (void)user;
    return noted != 0;
}
