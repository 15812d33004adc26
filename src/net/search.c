/* search.c - see search.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEAST_GAIN 0.97 /* of the time before: less is noise */

static fg_status time_variant(double *ms, const fg_search *s, const fg_conv_variant *variant)
{
    fg_status status = FG_OK;
    fg_conv_op op = {0};

    FG_TRY(fg_conv_prepare(&op, &s->net->kernels, &s->task->shape, variant));
    FG_TRY(fg_measure_run(ms, &s->measure, &op, NULL, s->after_ms));

cleanup:
    return status;
}

static void log_skip(const fg_search *s, const char *what, const char *why)
{
    fg_log_line(&s->net->device->log, FG_LOG_INFO, FG_CHOICE_SKIPS, s->task->operation, what,
                why);
}

static void log_slower(const fg_search *s, fg_algorithm slower, double slower_ms,
                       fg_algorithm faster, double faster_ms)
{
    char why[96];

    snprintf(why, sizeof why, "it takes %.4f ms, %s %.4f ms", slower_ms,
             fg_algorithm_names[faster], faster_ms);
    log_skip(s, fg_algorithm_names[slower], why);
}

/* What a driver cannot build or run is left out. */
static fg_status forgive(const fg_search *s, fg_status status, const char *what)
{
    if (status != FG_ERR_DEVICE)
        return status;
    log_skip(s, what, fg_error_message());
    return FG_OK;
}

/* Times a variant, and keeps it if it is the fastest so far. */
static fg_status try_variant(fg_search *s, const fg_conv_variant *variant)
{
    fg_status status = FG_OK;
    fg_conv_op op = s->direct;
    double ms = INFINITY;

    if (!fg_conv_variant_take(&op, variant))
        return FG_OK;
    FG_TRY(forgive(s, time_variant(&ms, s, variant), "a tile"));
    if (ms < s->after_ms) {
        s->after_ms = ms;
        s->variant = *variant;
    }

cleanup:
    return status;
}

fg_status fg_search_turn(fg_search *s, fg_conv_dial dial)
{
    fg_status status = FG_OK;
    fg_conv_variant variant = s->variant;

    for (int i = 0; fg_conv_variant_turn(&variant, s->task->part, dial, i); ++i)
        if (fg_measure_seconds() < s->deadline)
            FG_TRY(try_variant(s, &variant));

cleanup:
    return status;
}

static bool same_variant(const fg_conv_variant *a, const fg_conv_variant *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* all its members are int */
}

fg_status fg_search_compare(fg_search *s)
{
    fg_status status = FG_OK;
    const fg_conv_variant chosen = fg_conv_variant_of(&s->direct);
    fg_conv_op op = {0};
    double before = s->before_ms, after = s->after_ms, ms;

    if (same_variant(&s->variant, &chosen)) {
        s->before_ms = s->after_ms = fmin(before, after);
        return FG_OK;
    }
    FG_TRY(fg_conv_prepare(&op, &s->net->kernels, &s->task->shape, &s->variant));
    for (int i = 0; i < 2; ++i) {
        FG_TRY(fg_measure_run(&ms, &s->measure, &s->direct, NULL, INFINITY));
        before = fmin(before, ms);
        FG_TRY(fg_measure_run(&ms, &s->measure, &op, NULL, INFINITY));
        after = fmin(after, ms);
    }
    s->before_ms = before;
    s->after_ms = after;
    if (after > LEAST_GAIN * before) {
        s->variant = chosen;
        s->after_ms = before;
    }

cleanup:
    return status;
}

fg_status fg_search_begin(fg_search *s, fg_net *net, const fg_task *task, double deadline)
{
    fg_status status = FG_OK;

    *s = (fg_search){.net = net, .task = task, .deadline = deadline};
    FG_TRY(fg_measure_begin(&s->measure, net, task->op, task->part == FG_CONV_PART_FORWARD));
    FG_TRY(fg_conv_prepare(&s->direct, &net->kernels, &task->shape, NULL));
    s->variant = fg_conv_variant_of(&s->direct);
    FG_TRY(fg_measure_run(&s->before_ms, &s->measure, &s->direct, NULL, INFINITY));
    s->after_ms = s->before_ms;

cleanup:
    return status;
}

static fg_status time_candidate(double *ms, fg_search *s, fg_algorithm algorithm)
{
    fg_status status = FG_OK;
    fg_candidate_op op = {0};

    FG_TRY(fg_candidate_prepare(&op, &s->net->kernels, fg_candidate_of(algorithm),
                                &s->task->shape));
    FG_TRY(fg_measure_scratch(&s->measure, algorithm));
    FG_TRY(fg_measure_run(ms, &s->measure, NULL, &op, s->after_ms));

cleanup:
    fg_candidate_clear(&op);
    return status;
}

static fg_status try_candidate(fg_search *s, fg_algorithm algorithm)
{
    fg_status status = FG_OK;
    bool passed = false;
    double ms = INFINITY;

    if (s->measure.call.shortcut != NULL) { /* to compare, the sum would count too */
        log_skip(s, fg_algorithm_names[algorithm], "only direct kernels add a shortcut");
        return FG_OK;
    }
    FG_TRY(fg_choice_check(&passed, &s->net->choice, algorithm, &s->task->shape));
    if (!passed)
        return FG_OK;
    FG_TRY(forgive(s, time_candidate(&ms, s, algorithm), fg_algorithm_names[algorithm]));
    if (ms < LEAST_GAIN * s->after_ms) {
        if (s->algorithm != FG_ALGORITHM_DIRECT)
            log_slower(s, s->algorithm, s->after_ms, algorithm, ms);
        s->after_ms = ms;
        s->algorithm = algorithm;
    } else if (isfinite(ms)) {
        log_slower(s, algorithm, ms, s->algorithm, s->after_ms);
    }

cleanup:
    return status;
}

fg_status fg_search_candidates(fg_search *s)
{
    fg_status status = FG_OK;

    for (int i = FG_ALGORITHM_DIRECT + 1; i < FG_ALGORITHMS; ++i)
        FG_TRY(try_candidate(s, (fg_algorithm)i));

cleanup:
    return status;
}

fg_tuning_choice fg_search_choice(const fg_search *s)
{
    const fg_conv_tiling *const from[FG_CONV_PARTS] = {
        &s->variant.forward, &s->variant.backward, &s->variant.phases};

    return (fg_tuning_choice){
        .algorithm = s->algorithm,
        .tiling = *from[s->task->part],
        .lane_vectors = s->task->part == FG_CONV_PART_BACKWARD ? s->variant.lane_vectors : 0,
    };
}

void fg_search_end(fg_search *s)
{
    fg_measure_end(&s->measure);
}
