/* progress.c - shows a training run on standard error.
 *
 * SPDX-License-Identifier: MIT
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "console.h"

#define REDRAW_SECONDS 0.1
#define LINE_LENGTH 512
#define WIDEST_BAR 40
#define NARROWEST_BAR 5

char *time_text(char *out, double seconds)
{
    const long all = seconds > 0 && seconds < 1e9 ? (long)(seconds + 0.5) : 0;
    if (all >= 3600)
        snprintf(out, TIME_TEXT, "%ld:%02ld:%02ld", all / 3600, all / 60 % 60, all % 60);
    else
        snprintf(out, TIME_TEXT, "%ld:%02ld", all / 60, all % 60);
    return out;
}

double percent(int64_t correct, int64_t images)
{
    return images > 0 ? 100.0 * (double)correct / (double)images : 0.0;
}

/* Seconds until the last epoch is done, at the speed of late; validation is not counted. */
static double seconds_left(const struct progress *progress, const fg_progress *now)
{
    if (now->images_per_second <= 0)
        return 0;
    const double steps =
        (double)now->steps * (now->epochs - now->epoch) + (double)(now->steps - now->step);
    return steps * progress->batch / now->images_per_second;
}

static void draw_bar(const struct progress *progress, const fg_progress *now)
{
    char left[TIME_TEXT];
    char facts[LINE_LENGTH];
    char line[LINE_LENGTH + WIDEST_BAR];
    const fg_score *score = &now->training;

    const int label = snprintf(line, sizeof line, "epoch %d/%d ", now->epoch, now->epochs);
    const int length =
        snprintf(facts, sizeof facts, "%.0f images/s  loss %.4f  accuracy %.2f %%  %s left",
                 now->images_per_second, score->loss, percent(score->correct, score->images),
                 time_text(left, seconds_left(progress, now)));

    /* The bar takes what the words leave: two brackets, two blanks and the free last column. */
    int bar = console_width() - 1 - label - length - 4;
    bar = bar > WIDEST_BAR ? WIDEST_BAR : bar;
    int at = label;
    if (bar >= NARROWEST_BAR) {
        const int full = now->steps > 0 ? (int)((int64_t)bar * now->step / now->steps) : 0;
        line[at++] = '[';
        memset(line + at, '#', (size_t)full);
        memset(line + at + full, '-', (size_t)(bar - full));
        at += bar;
        line[at++] = ']';
        line[at++] = ' ';
    }
    snprintf(line + at, sizeof line - (size_t)at, " %s", facts);
    console_status(line);
}

static void print_epoch(const fg_progress *now)
{
    char time[TIME_TEXT];
    char validation[128] = "";

    if (now->validation.images > 0)
        snprintf(validation, sizeof validation, "  validation loss %.4f  accuracy %.2f %%",
                 now->validation.loss,
                 percent(now->validation.correct, now->validation.images));
    console_line("epoch %d/%d  loss %.4f  accuracy %.2f %%%s  rate %g  %.0f images/s  %s",
                 now->epoch, now->epochs, now->training.loss,
                 percent(now->training.correct, now->training.images), validation,
                 (double)now->rate, now->images_per_second, time_text(time, now->seconds));
}

void progress_show(void *user, const fg_progress *now)
{
    struct progress *progress = user;

    progress->last = *now;
    if (now->epoch_done) {
        print_epoch(now);
        return;
    }
    if (!console_is_terminal() || now->seconds - progress->drawn_at < REDRAW_SECONDS)
        return;
    progress->drawn_at = now->seconds;
    draw_bar(progress, now);
}
