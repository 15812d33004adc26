/* match.c - see match.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/match.h"

#include "data/dataset.h"
#include "plan/plan.h"

/* What a model says must be what the data say. */
static fg_status check(int value, bool given, int data, const char *what, const char *name)
{
    if (given && value != data)
        return fg_fail(FG_ERR_ARGUMENT, "the model's %s is %d, but that of %s is %d", what,
                       value, name, data);
    return FG_OK;
}

fg_status fg_match_complete(char **out, const char *model, const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    const fg_dataset_info data = fg_dataset_information(dataset);
    fg_network network = {0};

    *out = NULL;
    FG_TRY(fg_network_of(&network, model));
    /* The highest label in an IDX file need not be that of the last class. */
    if (!dataset->more_classes || network.classes < data.classes)
        FG_TRY(check(network.classes, network.classes_given, data.classes, "number of classes",
                     dataset->name));
    FG_TRY(check(network.channels, network.channels_given, data.channels, "number of channels",
                 dataset->name));
    FG_TRY(check(network.image, network.image_given, data.side, "image side", dataset->name));
    FG_TRY(fg_model_complete(out, model, data.classes, data.channels, data.side));

cleanup:
    fg_network_clear(&network);
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
