/* bench_ops.c - where a step's time goes: each pass of each operation beside its floor.
 *
 * The floor is the larger of floating-point operations at the peak of bench_peak and of bytes at
 * its copy bandwidth, both measured in the same process; work.h says what is counted. What is
 * read again soon comes from a cache, so that a small layer can be faster than its floor.
 * profile.h says how a step is cut up.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "cli/console.h"
#include "cli/options.h"
#include "net/net.h"
#include "report.h"
#include "steps.h"

#define MOST_STEPS 1000 /* all events of all of them are kept: some 40 kB a step */

struct options {
    fg_timing_options timing;
    int rows; /* of the table, 0: all */
};

enum { KEY_INFER = OPTION_FIRST_KEY + 100, KEY_ROWS, KEY_ALL };

static const struct argp_option option_list[] = {
    {"infer", KEY_INFER, NULL, 0, "Inference, not training", 0},
    {"rows", KEY_ROWS, "N", 0, "Passes that the table shows (10)", 0},
    {"all", KEY_ALL, NULL, 0, "The table shows all passes, and every kernel", 0},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->timing;
        return 0;
    case KEY_INFER:
        options->timing.infer = true;
        return 0;
    case KEY_ROWS:
        options->rows = option_int("rows", text, 1, FG_TIMING_MOST);
        return 0;
    case KEY_ALL:
        options->rows = 0;
        return 0;
    case ARGP_KEY_END:
        if (options->timing.steps > MOST_STEPS)
            usage_fail("--steps is '%d', expected a whole number 1..%d", options->timing.steps,
                       MOST_STEPS);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One step; what it enqueued goes into the profile, or NULL: nowhere. */
static fg_status measure(fg_profile *profile, const fg_timing *timing)
{
    fg_status status = FG_OK;
    fg_trace *trace = timing->device->trace;
    const fg_trace_event *events = NULL;
    size_t before = 0, after = 0;

    FG_TRY(fg_trace_events(trace, &events, &before));
    const double start = fg_harness_seconds();
    FG_TRY(fg_steps_run(timing));
    const double end = fg_harness_seconds();
    FG_TRY(fg_trace_events(trace, &events, &after));
    if (profile != NULL)
        FG_TRY(fg_profile_add(profile, events + before, after - before, 1e3 * (end - start)));

cleanup:
    return status;
}

static fg_status run(const fg_timing *timing, int rows)
{
    fg_status status = FG_OK;
    const fg_timing_options *options = &timing->options;
    fg_profile *profile = NULL;
    fg_report *report = NULL;
    char mode[FG_TIMING_MODE];

    FG_TRY(fg_profile_create(&profile, options->steps));
    for (int i = -options->warmup; i < options->steps; ++i)
        FG_TRY(measure(i < 0 ? NULL : profile, timing));
    FG_TRY(fg_profile_finish(profile));
    FG_TRY(fg_report_create(&report, timing, fg_net_plan(timing->net), profile,
                            fg_timing_mode(mode, options)));
    FG_TRY(options->harness.json ? fg_report_json_print(report)
                                 : fg_report_table_print(report, rows));

cleanup:
    fg_report_free(report);
    fg_profile_free(profile);
    return status;
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    const struct argp_child children[] = {{&fg_timing_argp, 0, NULL, 0}, {0}};
    const struct argp parser = {
        option_list,
        parse_option,
        NULL,
        "Times every pass of every operation of a network on an OpenCL device, beside the "
        "least time that its work could take.",
        children,
        NULL,
        NULL};
    struct options options = {FG_TIMING_OPTIONS_INIT, 10};
    fg_timing timing = {0};

    options.timing.traced = true;
    options.timing.command = fg_timing_command(argc, argv);
    fg_harness_parse(&parser, argc, argv, &options);
    FG_TRY(fg_timing_create(&timing, &options.timing));
    FG_TRY(run(&timing, options.rows));

cleanup:
    fg_timing_clear(&timing);
    return status == FG_OK ? EXIT_SUCCESS : console_failure();
}
