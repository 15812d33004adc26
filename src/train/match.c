/* match.c - see match.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/match.h"

#include "data/dataset.h"
#include "plan/model.h"
#include "plan/plan.h"

/* Takes over what the data say, or makes sure that it is the same. */
static fg_status settle(int *value, bool given, int data, const char *what, const char *name)
{
    if (given && *value != data)
        return fg_fail(FG_ERR_ARGUMENT, "the model's %s is %d, but that of %s is %d", what,
                       *value, name, data);
    *value = data;
    return FG_OK;
}

fg_status fg_match_complete(char **out, const char *model, const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    const fg_dataset_info data = fg_dataset_information(dataset);
    fg_model parsed;

    *out = NULL;
    FG_TRY(fg_model_parse(&parsed, model));
    /* The highest label in an IDX file need not be that of the last class. */
    const bool more = dataset->more_classes && parsed.classes > data.classes;
    if (!parsed.classes_given || !more)
        FG_TRY(settle(&parsed.classes, parsed.classes_given, data.classes, "number of classes",
                      dataset->name));
    FG_TRY(settle(&parsed.channels, parsed.channels_given, data.channels, "number of channels",
                  dataset->name));
    FG_TRY(settle(&parsed.image, parsed.image_given, data.side, "image side", dataset->name));
    FG_TRY(fg_model_name(out, &parsed));

cleanup:
    return status;
}

fg_status fg_match_data(const fg_plan *plan, const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    const fg_plan_info net = fg_plan_information(plan);
    const fg_dataset_info data = fg_dataset_information(dataset);

    FG_REQUIRE(net.image_channels == data.channels && net.image_side == data.side,
               "the network takes images of %d channels and side %d, those of %s have %d and "
               "side %d",
               net.image_channels, net.image_side, dataset->name, data.channels, data.side);
    FG_REQUIRE(data.classes <= net.classes, "the network has %d classes, %s has %d",
               net.classes, dataset->name, data.classes);

cleanup:
    return status;
}

fg_status fg_match_batches(const fg_plan *plan, const fg_batch_config *config)
{
    fg_status status = FG_OK;
    const int least = fg_plan_smallest_training_batch(plan);
    const int last = fg_batch_images(config, fg_batch_steps(config) - 1);

    FG_REQUIRE(
        last >= least,
        "the last batch of an epoch has %d image of the %d that the network needs to have "
        "more than one value per channel: choose another batch, or drop the last one",
        last, least);

cleanup:
    return status;
}
