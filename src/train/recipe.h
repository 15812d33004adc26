/* recipe.h - checks a recipe and says its rate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_RECIPE_H
#define FG_TRAIN_RECIPE_H

#include "base/status.h"

/* Everything that can be said without model and data.
 *
 * FG_ERR_ARGUMENT  the first field that is out of range, with its value */
fg_status fg_recipe_check(const fg_recipe *recipe);

/* The learning rate of an epoch, which counts from 0. */
float fg_recipe_rate(const fg_recipe *recipe, int epoch);

#endif
