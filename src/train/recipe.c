/* recipe.c - checks a recipe and says its rate.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/recipe.h"

#include <math.h>

#include "train/recipe_text.h"

static fg_status check_flag(int value, const char *name)
{
    if (value != 0 && value != 1)
        return fg_fail(FG_ERR_ARGUMENT, "%s is %d, expected 0 or 1", name, value);
    return FG_OK;
}

static fg_status check_rates(const fg_recipe *recipe)
{
    fg_status status = FG_OK;

    FG_REQUIRE(isfinite(recipe->rate) && recipe->rate > 0, "rate is %g, expected more than 0",
               (double)recipe->rate);
    FG_REQUIRE(isfinite(recipe->rate_factor) && recipe->rate_factor > 0,
               "rate_factor is %g, expected more than 0", (double)recipe->rate_factor);
    FG_REQUIRE(recipe->rate_steps >= 0 && recipe->rate_steps <= FG_MAX_RATE_STEPS,
               "rate_steps is %d, expected 0..%d", recipe->rate_steps, FG_MAX_RATE_STEPS);
    for (int i = 0; i < recipe->rate_steps; ++i) {
        const int least = i == 0 ? 1 : recipe->rate_epochs[i - 1];
        FG_REQUIRE(recipe->rate_epochs[i] >= least,
                   "rate_epochs[%d] is %d, expected at least %d", i, recipe->rate_epochs[i],
                   least);
    }
    if (recipe->rate_steps > 0) {
        const int last = recipe->rate_epochs[recipe->rate_steps - 1];
        FG_REQUIRE(isfinite(fg_recipe_rate(recipe, last)),
                   "rate %g grows out of range with %d steps of factor %g",
                   (double)recipe->rate, recipe->rate_steps, (double)recipe->rate_factor);
    }

cleanup:
    return status;
}

static fg_status check_normalisation(const fg_normalisation *normalisation)
{
    fg_status status = FG_OK;

    FG_REQUIRE(normalisation->channels >= 0 && normalisation->channels <= FG_MAX_IMAGE_CHANNELS,
               "normalisation has %d channels, expected 0..%d", normalisation->channels,
               FG_MAX_IMAGE_CHANNELS);
    for (int c = 0; c < normalisation->channels; ++c) {
        FG_REQUIRE(isfinite(normalisation->mean[c]), "mean of channel %d is not finite", c);
        FG_REQUIRE(isfinite(normalisation->deviation[c]) && normalisation->deviation[c] > 0,
                   "deviation of channel %d is %g, expected more than 0", c,
                   (double)normalisation->deviation[c]);
    }

cleanup:
    return status;
}

fg_status fg_recipe_check(const fg_recipe *recipe)
{
    fg_status status = FG_OK;

    FG_REQUIRE(recipe->struct_size == sizeof *recipe,
               "struct_size of the recipe is %zu, expected %zu: start from FG_RECIPE_INIT",
               recipe->struct_size, sizeof *recipe);
    FG_REQUIRE(recipe->epochs > 0, "epochs is %d, expected at least 1", recipe->epochs);
    FG_REQUIRE(recipe->batch > 0, "batch is %d, expected at least 1", recipe->batch);
    FG_TRY(check_rates(recipe));
    FG_REQUIRE(recipe->momentum >= 0 && recipe->momentum < 1,
               "momentum is %g, expected 0 or more and less than 1", (double)recipe->momentum);
    FG_REQUIRE(isfinite(recipe->weight_decay) && recipe->weight_decay >= 0,
               "weight_decay is %g, expected 0 or more", (double)recipe->weight_decay);
    FG_TRY(check_flag(recipe->nesterov, "nesterov"));
    FG_TRY(check_flag(recipe->mirror, "mirror"));
    FG_TRY(check_flag(recipe->drop_last, "drop_last"));
    FG_REQUIRE(recipe->shift >= 0, "shift is %d, expected at least 0", recipe->shift);
    FG_REQUIRE((int)recipe->padding >= FG_PADDING_MEAN && recipe->padding <= FG_PADDING_REFLECT,
               "padding is %d, expected %d..%d", (int)recipe->padding, FG_PADDING_MEAN,
               FG_PADDING_REFLECT);
    FG_REQUIRE(recipe->validation >= 0, "validation is %d, expected at least 0",
               recipe->validation);
    FG_TRY(check_normalisation(&recipe->normalisation));

cleanup:
    return status;
}

float fg_recipe_rate(const fg_recipe *recipe, int epoch)
{
    double rate = (double)recipe->rate;

    for (int i = 0; i < recipe->rate_steps && recipe->rate_epochs[i] <= epoch; ++i)
        rate *= (double)recipe->rate_factor;
    return (float)rate;
}

fg_status fg_recipe_agrees(const fg_recipe *wanted, const fg_recipe *stored)
{
    fg_status status = FG_OK;

    FG_TRY(fg_recipe_check(wanted));
    FG_TRY(fg_recipe_check(stored));
    FG_TRY(fg_recipe_text_compare(wanted, stored));

cleanup:
    return status;
}
