/* match.c - see match.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/match.h"

#include "plan/plan.h"

/* What a model says must be what the data say. */
static fg_status check(int value, bool given, int data, const char *what)
{
    if (given && value != data)
        return fg_fail(FG_ERR_ARGUMENT, "the model's %s is %d, but the data's is %d", what,
                       value, data);
    return FG_OK;
}

fg_status fg_match_complete(char **out, const char *model, const fg_dataset *dataset)
{
    fg_status status = FG_OK;
    const fg_dataset_info data = fg_dataset_information(dataset);
    fg_network network = {0};

    *out = NULL;
    FG_TRY(fg_network_of(&network, model));
    FG_TRY(check(network.classes, network.classes_given, data.classes, "number of classes"));
    FG_TRY(
        check(network.channels, network.channels_given, data.channels, "number of channels"));
    FG_TRY(check(network.image, network.image_given, data.side, "image side"));
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
               "the network takes images of %d channels and side %d, the data have %d and %d",
               net.image_channels, net.image_side, data.channels, data.side);
    FG_REQUIRE(data.classes <= net.classes, "the network has %d classes, the data have %d",
               net.classes, data.classes);

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
