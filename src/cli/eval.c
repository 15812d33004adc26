/* eval.c - filigree eval: loss and accuracy of a trained network over a data set.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "commands.h"
#include "console.h"
#include "options.h"
#include "progress.h"
#include "trained.h"

static int print_score(const struct trained *trained, const fg_score *score, double seconds,
                       bool json)
{
    const fg_plan_info plan = fg_plan_information(fg_net_plan(trained->net));
    const fg_device_info *device = fg_device_information(trained->device);
    const int top = plan.classes < 5 ? plan.classes : 5;
    const double accuracy = percent(score->correct, score->images);
    const double accuracy_top = percent(score->correct_top, score->images);
    const double speed = seconds > 0 ? (double)score->images / seconds : 0;

    if (json)
        return print_json(json_pack(
            "{s:s, s:I, s:f, s:I, s:f, s:i, s:I, s:f, s:f, s:f, s:s, s:s}", "model", plan.model,
            "images", (json_int_t)score->images, "loss", score->loss, "correct",
            (json_int_t)score->correct, "accuracy_percent", accuracy, "top", top, "correct_top",
            (json_int_t)score->correct_top, "accuracy_top_percent", accuracy_top, "seconds",
            seconds, "images_per_second", speed, "device", device->name, "driver",
            device->driver));
    printf("model     %s\n", plan.model);
    printf("images    %lld\n", (long long)score->images);
    printf("loss      %.4f\n", score->loss);
    printf("accuracy  %.2f %%\n", accuracy);
    printf("top-%d     %.2f %%\n", top, accuracy_top);
    printf("speed     %.0f images/s on %s\n", speed, device->name);
    return EXIT_SUCCESS;
}

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int command_eval(int argc, char **argv)
{
    struct argp argp = trained_argp;
    struct trained_options options = TRAINED_OPTIONS_INIT;
    struct trained trained = {0};
    fg_score score;
    int exit_status;

    argp.doc = "Measures loss and accuracy of a trained network.";
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    trained_check(&options);
    if (options.data == NULL)
        option_require("labels", options.labels);

    fg_status status = trained_open(&trained, &options);
    const double start = now_seconds();
    if (status == FG_OK)
        status = fg_net_evaluate(trained.net, &score, trained.dataset, &trained.normalisation);
    if (status == FG_OK)
        exit_status = print_score(&trained, &score, now_seconds() - start, options.json);
    else
        exit_status = console_failure();
    trained_close(&trained);
    return exit_status;
}
