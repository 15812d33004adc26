/* recipe_text.h - a recipe as text and back again, and compared by the names it has there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_RECIPE_TEXT_H
#define FG_TRAIN_RECIPE_TEXT_H

#include "base/status.h"

/* One JSON object; the same recipe gives the same text under every locale. For fg_text_free.
 * The recipe must have passed fg_recipe_check. */
fg_status fg_recipe_text_make(char **out, const fg_recipe *recipe);

/* The recipe of such a text, bit for bit.
 *
 * FG_ERR_FILE  a field is missing, of another type, unknown or out of range */
fg_status fg_recipe_text_parse(fg_recipe *out, const char *text);

/* fg_recipe_agrees for two recipes that have passed fg_recipe_check. */
fg_status fg_recipe_text_compare(const fg_recipe *wanted, const fg_recipe *stored);

#endif
