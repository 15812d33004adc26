/* predict.c - filigree predict: class and probability of each image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "console.h"
#include "options.h"
#include "trained.h"

enum { KEY_FIRST = OPTION_FIRST_KEY + 100, KEY_COUNT };

static const struct argp_option options_table[] = {
    {"first", KEY_FIRST, "N", 0, "First image, counted from 0 (0)", 2},
    {"count", KEY_COUNT, "N", 0, "How many images (all that follow)", 2},
    {NULL, 0, NULL, 0, NULL, 0}};

struct predict_options {
    struct trained_options trained;
    int first;
    int count; /* 0: all that follow */
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct predict_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->trained;
        return 0;
    case KEY_FIRST:
        options->first = option_int("first", text, 0, INT_MAX);
        return 0;
    case KEY_COUNT:
        options->count = option_int("count", text, 1, INT_MAX);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int likeliest(const float *probabilities, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; ++k)
        if (probabilities[k] > probabilities[best])
            best = k;
    return best;
}

static void print_line(const fg_dataset *dataset, int image, int class, float probability)
{
    printf("image %d  class %d  probability %.4f", image, class, (double)probability);
    if (fg_dataset_information(dataset).has_labels)
        printf("  label %d", fg_dataset_label(dataset, image));
    putchar('\n');
}

static json_t *make_object(const fg_dataset *dataset, int image, int class, float probability)
{
    json_t *object = json_pack("{s:i, s:i, s:f}", "image", image, "class", class, "probability",
                               (double)probability);
    if (fg_dataset_information(dataset).has_labels)
        json_object_set_new(object, "label", json_integer(fg_dataset_label(dataset, image)));
    return object;
}

/* Predicts a run of images at a time, so that memory does not grow with the data set. */
static fg_status predict(const struct trained *trained, const struct predict_options *options,
                         int count, float *probabilities, json_t *list)
{
    const fg_plan_info plan = fg_plan_information(fg_net_plan(trained->net));

    for (int done = 0; done < count;) {
        const int first = options->first + done;
        const int images = count - done < plan.images ? count - done : plan.images;
        const fg_status status = fg_net_predict(trained->net, probabilities, trained->dataset,
                                                first, images, &trained->normalisation);
        if (status != FG_OK)
            return status;
        for (int n = 0; n < images; ++n) {
            const float *row = probabilities + (size_t)n * (size_t)plan.classes;
            const int class = likeliest(row, plan.classes);
            if (list == NULL)
                print_line(trained->dataset, first + n, class, row[class]);
            else
                json_array_append_new(
                    list, make_object(trained->dataset, first + n, class, row[class]));
        }
        done += images;
    }
    return FG_OK;
}

static int run(const struct trained *trained, const struct predict_options *options)
{
    const fg_plan_info plan = fg_plan_information(fg_net_plan(trained->net));
    const int there = fg_dataset_information(trained->dataset).images;
    const int count = options->count > 0 ? options->count : there - options->first;

    if (options->first >= there || count > there - options->first) {
        const struct trained_options *from = &options->trained;
        console_error("--first %d --count %d: %s has %d images", options->first,
                      count > 0 ? count : 1, from->data != NULL ? from->data : from->images,
                      there);
        return EXIT_FAILURE;
    }
    float *probabilities =
        calloc((size_t)plan.images * (size_t)plan.classes, sizeof *probabilities);
    json_t *list = options->trained.json ? json_array() : NULL;
    if (probabilities == NULL || (options->trained.json && list == NULL)) {
        console_error("host memory ran out");
        free(probabilities);
        json_decref(list);
        return EXIT_FAILURE;
    }
    const fg_status status = predict(trained, options, count, probabilities, list);
    free(probabilities);
    if (status != FG_OK) {
        json_decref(list);
        return console_failure();
    }
    if (!options->trained.json)
        return EXIT_SUCCESS;
    return print_json(json_pack("{s:s, s:o}", "model", plan.model, "predictions", list));
}

int command_predict(int argc, char **argv)
{
    static const struct argp_child children[] = {{&trained_argp, 0, NULL, 0},
                                                 {NULL, 0, NULL, 0}};
    static const struct argp argp = {
        options_table, parse_option,
        NULL,          "Says which class each image of a data set belongs to.",
        children,      NULL,
        NULL};
    struct predict_options options = {TRAINED_OPTIONS_INIT, 0, 0};
    struct trained trained = {0};

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    trained_check(&options.trained);
    const fg_status status = trained_open(&trained, &options.trained);
    const int exit_status = status == FG_OK ? run(&trained, &options) : console_failure();
    trained_close(&trained);
    return exit_status;
}
