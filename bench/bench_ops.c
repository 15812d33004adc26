/* bench_ops.c - where a step's time goes: each pass of each operation beside its floor.
 *
 * The floor is the larger of floating-point operations at the peak of bench_peak and of bytes at
 * its copy bandwidth, both measured in the same process; work.h says what is counted. What is
 * read again soon comes from a cache, so that a small layer can be faster than its floor.
 * profile.h says how a step is cut up.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "net/net.h"
#include "report.h"
#include "steps.h"

#define MOST_STEPS 1000 /* all events of all of them are kept: some 40 kB a step */

struct options {
    fg_timing_options timing;
    bool infer;
    int rows; /* of the table, 0: all */
};

enum { OPTION_INFER = 512, OPTION_ROWS, OPTION_ALL };

static const struct argp_option option_list[] = {
    {"infer", OPTION_INFER, NULL, 0, "Inference, not training", 0},
    {"rows", OPTION_ROWS, "N", 0, "Passes that the table shows (10)", 0},
    {"all", OPTION_ALL, NULL, 0, "The table shows all passes, and every kernel", 0},
    {0}};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->timing;
        return 0;
    case OPTION_INFER:
        options->infer = true;
        return 0;
    case OPTION_ROWS:
        options->rows = fg_timing_count(argument, "--rows", 1, state);
        return 0;
    case OPTION_ALL:
        options->rows = 0;
        return 0;
    case ARGP_KEY_END:
        if (options->timing.steps > MOST_STEPS)
            argp_error(state, "--steps is %d, expected at most %d", options->timing.steps,
                       MOST_STEPS);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static struct options parse(int argc, char **argv)
{
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
    struct options options = {FG_TIMING_OPTIONS_INIT, false, 10};

    options.timing.traced = true;
    options.timing.command = fg_timing_command(argc, argv);
    argp_err_exit_status = 2; /* a mistake in the options */
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    return options;
}

/* One step; what it enqueued goes into the profile, or NULL: nowhere. */
static fg_status measure(fg_profile *profile, const fg_timing *timing, fg_net *net,
                         fg_status (*step)(const fg_timing *timing, fg_net *net))
{
    fg_status status = FG_OK;
    fg_trace *trace = timing->device->trace;
    const fg_trace_event *events = NULL;
    size_t before = 0, after = 0;

    FG_TRY(fg_trace_events(trace, &events, &before));
    const double start = fg_harness_seconds();
    FG_TRY(step(timing, net));
    const double end = fg_harness_seconds();
    FG_TRY(fg_trace_events(trace, &events, &after));
    if (profile != NULL)
        FG_TRY(fg_profile_add(profile, events + before, after - before, 1e3 * (end - start)));

cleanup:
    return status;
}

static fg_status run(const struct options *options, const fg_timing *timing, fg_net *net)
{
    fg_status status = FG_OK;
    fg_profile *profile = NULL;
    fg_report *report = NULL;
    char mode[FG_TIMING_MODE];

    FG_TRY(fg_profile_create(&profile, options->timing.steps));
    for (int i = -options->timing.warmup; i < options->timing.steps; ++i)
        FG_TRY(measure(i < 0 ? NULL : profile, timing, net,
                       options->infer ? fg_steps_infer : fg_steps_train));
    FG_TRY(fg_profile_finish(profile));
    FG_TRY(fg_report_create(&report, timing, fg_net_plan(net), profile,
                            options->infer ? "infer"
                                           : fg_timing_train_mode(mode, &options->timing)));
    FG_TRY(options->timing.json ? fg_report_json_print(report)
                                : fg_report_table_print(report, options->rows));

cleanup:
    fg_report_free(report);
    fg_profile_free(profile);
    return status;
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    const struct options options = parse(argc, argv);
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_timing timing = {0};
    fg_net *net = NULL;

    FG_TRY(fg_timing_create(&timing, &options.timing));
    config.model = options.timing.model;
    config.images = options.timing.batch;
    config.training = !options.infer;
    config.memory_target = options.timing.memory_target;
    FG_TRY(fg_net_create(&net, timing.device, &config));
    if (options.infer)
        FG_TRY(fg_steps_settle(net, &timing));
    FG_TRY(run(&options, &timing, net));

cleanup:
    fg_net_free(net);
    fg_timing_clear(&timing);
    if (status != FG_OK)
        fprintf(stderr, "bench_ops: %s\n", fg_error_message());
    return status == FG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
