/* model.c - model names, as far as the program has to look into them.
 *
 * What a name means is the library's business: two names are compared by the plans they make.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

/* True if the part of model behind the colon sets the option. */
static bool has_option(const char *model, const char *name)
{
    const size_t length = strlen(name);
    const char *at = strchr(model, ':');
    for (; at != NULL; at = strchr(at, ',')) {
        ++at;
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return true;
    }
    return false;
}

char *model_complete(const char *model, int classes, int channels, int side)
{
    const struct {
        const char *name;
        int value;
    } options[] = {{"classes", classes}, {"channels", channels}, {"image", side}};
    const size_t room = strlen(model) + 3 * sizeof ",channels=-2147483648";
    char *out = malloc(room);
    if (out == NULL) {
        console_error("host memory ran out");
        exit(EXIT_FAILURE);
    }

    strcpy(out, model);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; ++i) {
        if (has_option(model, options[i].name))
            continue;
        const size_t used = strlen(out);
        snprintf(out + used, room - used, "%c%s=%d", strchr(out, ':') == NULL ? ':' : ',',
                 options[i].name, options[i].value);
    }
    return out;
}

static fg_status make_plan(fg_plan **out, const char *model)
{
    fg_plan_config config = FG_PLAN_CONFIG_INIT;
    config.model = model;
    config.images = 2;
    return fg_plan_create(out, &config);
}

fg_status model_agrees(bool *out, const char *model, const char *stored)
{
    fg_plan *ours = NULL;
    fg_plan *theirs = NULL;
    char *completed = NULL;

    fg_status status = make_plan(&theirs, stored);
    if (status == FG_OK) {
        const fg_plan_info info = fg_plan_information(theirs);
        completed = model_complete(model, info.classes, info.image_channels, info.image_side);
        status = make_plan(&ours, completed);
    }
    if (status == FG_OK)
        *out = strcmp(fg_plan_information(ours).model, fg_plan_information(theirs).model) == 0;
    free(completed);
    fg_plan_free(ours);
    fg_plan_free(theirs);
    return status;
}
