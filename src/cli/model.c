/* model.c - what options say of the network: its model, dropout and initial weights.
 *
 * What a model means is the library's business: two are compared by the plans they make.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "options.h"

#define MOST_DIGITS 15 /* of a rate, as in models */

const char *model_dropout(const char *text)
{
    double rate;

    if (text[strspn(text, "0123456789.")] != '\0' || strlen(text) > MOST_DIGITS + 1 ||
        !parse_number(&rate, text) || rate >= 1)
        usage_fail("--dropout is '%s', expected a decimal number of at most %d digits, 0 or "
                   "more and less than 1",
                   text, MOST_DIGITS);
    return text;
}

const char *model_initialiser(const char *text)
{
    static const char *const words[] = {"he-out-normal", "he-in-normal", "he-out-uniform",
                                        NULL};

    return words[option_choice("initialiser", text, words)];
}

fg_status model_of(char **out, const struct model_options *options)
{
    char text[sizeof ",dropout=,initialiser=" + MOST_DIGITS + 1 + sizeof "he-out-uniform"] = "";
    int used = 0;

    if (options->dropout != NULL)
        used = snprintf(text, sizeof text, ",dropout=%s", options->dropout);
    if (options->initialiser != NULL)
        snprintf(text + used, sizeof text - (size_t)used, ",initialiser=%s",
                 options->initialiser);
    if (text[0] == '\0')
        return fg_model_complete(out, options->model, 0, 0, 0);
    return fg_model_append(out, options->model, text + 1);
}

/* ---- comparing ---- */

static fg_status make_plan(fg_plan **out, const char *model)
{
    fg_plan_config config = FG_PLAN_CONFIG_INIT;
    config.model = model;
    config.images = 2;
    return fg_plan_create(out, &config);
}

/* The plan of the model that the options say, completed as a training run does. */
static fg_status plan_options(fg_plan **out, const struct model_options *options,
                              const fg_plan_info *stored)
{
    char *model = NULL, *completed = NULL;

    fg_status status = model_of(&model, options);
    if (status == FG_OK)
        status = fg_model_complete(&completed, model, stored->classes, stored->image_channels,
                                   stored->image_side);
    if (status == FG_OK)
        status = make_plan(out, completed);
    fg_text_free(model);
    fg_text_free(completed);
    return status;
}

static bool agrees_as_model(const struct model_options *options, const fg_plan_info *stored,
                            const char *checkpoint)
{
    fg_plan *plan = NULL;

    if (plan_options(&plan, options, stored) != FG_OK) {
        console_failure();
        return false;
    }
    const fg_plan_info ours = fg_plan_information(plan);
    const bool same_name = strcmp(ours.model, stored->model) == 0;
    const bool same = strcmp(ours.source, stored->source) == 0;
    if (!same)
        console_error("--model is %s, but the checkpoint %s holds %s%s", ours.model, checkpoint,
                      same_name ? "another text of " : "", stored->model);
    fg_plan_free(plan);
    return same;
}

static bool agrees_by_itself(const struct model_options *options, const fg_plan_info *stored,
                             const char *checkpoint)
{
    double rate;

    if (options->dropout != NULL &&
        (!parse_number(&rate, options->dropout) || rate != stored->dropout)) {
        console_error("--dropout is %s, but the checkpoint %s has %.15g", options->dropout,
                      checkpoint, stored->dropout);
        return false;
    }
    if (options->initialiser != NULL &&
        strcmp(options->initialiser, stored->initialiser) != 0) {
        console_error("--initialiser is %s, but the checkpoint %s has %s", options->initialiser,
                      checkpoint, stored->initialiser);
        return false;
    }
    return true;
}

bool model_agrees(const struct model_options *options, const char *stored,
                  const char *checkpoint)
{
    fg_plan *plan = NULL;

    if (make_plan(&plan, stored) != FG_OK) {
        console_failure();
        return false;
    }
    const fg_plan_info info = fg_plan_information(plan);
    const bool agrees = (options->model != NULL ? agrees_as_model
                                                : agrees_by_itself)(options, &info, checkpoint);
    fg_plan_free(plan);
    return agrees;
}
