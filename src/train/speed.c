/* speed.c - see speed.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/speed.h"

#include <time.h>

#define WINDOW_SECONDS 2.0

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double per_second(int64_t images, double seconds)
{
    return seconds > 0 ? (double)images / seconds : 0;
}

void fg_speed_begin(fg_speed *speed)
{
    *speed = (fg_speed){.begun = now()};
}

void fg_speed_begin_epoch(fg_speed *speed)
{
    speed->epoch_begun = now();
    speed->steps_ended = 0;
    speed->images = 0;
    speed->mark = speed->epoch_begun;
    speed->mark_images = 0;
}

void fg_speed_add(fg_speed *speed, int images)
{
    const double time = now();

    speed->images += images;
    if (time - speed->mark < WINDOW_SECONDS)
        return;
    speed->of_late = per_second(speed->images - speed->mark_images, time - speed->mark);
    speed->mark = time;
    speed->mark_images = speed->images;
}

void fg_speed_end_steps(fg_speed *speed)
{
    speed->steps_ended = now();
}

double fg_speed_seconds(const fg_speed *speed)
{
    return now() - speed->begun;
}

double fg_speed_epoch_seconds(const fg_speed *speed)
{
    return now() - speed->epoch_begun;
}

double fg_speed_of_late(const fg_speed *speed)
{
    return speed->of_late > 0 ? speed->of_late : fg_speed_of_epoch(speed);
}

double fg_speed_of_epoch(const fg_speed *speed)
{
    const double end = speed->steps_ended > 0 ? speed->steps_ended : now();

    return per_second(speed->images, end - speed->epoch_begun);
}
