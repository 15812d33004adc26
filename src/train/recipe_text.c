/* recipe_text.c - a recipe as a JSON object, back again, and compared with another one.
 *
 * jansson writes and reads numbers with a decimal point under every locale. Nine digits tell
 * any two floats apart, so a recipe comes back bit for bit.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/recipe_text.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"

#define FLOAT_DIGITS 9
#define SEED_TEXT 24

static const char *const paddings[] = {
    [FG_PADDING_MEAN] = "mean", [FG_PADDING_BLACK] = "black", [FG_PADDING_REFLECT] = "reflect"};

#define PADDINGS ((int)(sizeof paddings / sizeof *paddings))

static json_t *from_ints(const int *values, int count)
{
    json_t *list = json_array();

    for (int i = 0; i < count; ++i)
        json_array_append_new(list, json_integer(values[i]));
    return list;
}

static json_t *from_floats(const float *values, int count)
{
    json_t *list = json_array();

    for (int i = 0; i < count; ++i)
        json_array_append_new(list, json_real((double)values[i]));
    return list;
}

/* The recipe must have passed its check. NULL: no memory. */
static json_t *to_json(const fg_recipe *recipe)
{
    char seed[SEED_TEXT]; /* JSON integers of jansson have a sign */
    const fg_normalisation *normalisation = &recipe->normalisation;

    snprintf(seed, sizeof seed, "%llu", (unsigned long long)recipe->seed);
    return json_pack(
        "{s:i,s:i,s:f,s:o,s:f,s:f,s:i,s:f,s:s,s:i,s:i,s:s,s:i,s:i,s:o,s:o}", "epochs",
        recipe->epochs, "batch", recipe->batch, "rate", (double)recipe->rate, "rate_epochs",
        from_ints(recipe->rate_epochs, recipe->rate_steps), "rate_factor",
        (double)recipe->rate_factor, "momentum", (double)recipe->momentum, "nesterov",
        recipe->nesterov, "weight_decay", (double)recipe->weight_decay, "seed", seed, "mirror",
        recipe->mirror, "shift", recipe->shift, "padding", paddings[recipe->padding],
        "drop_last", recipe->drop_last, "validation", recipe->validation, "mean",
        from_floats(normalisation->mean, normalisation->channels), "deviation",
        from_floats(normalisation->deviation, normalisation->channels));
}

static char *dump(const json_t *value)
{
    return json_dumps(value,
                      JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(FLOAT_DIGITS));
}

static fg_status out_of_memory(void)
{
    return fg_fail(FG_ERR_MEMORY, "host memory ran out while a recipe was turned into text");
}

fg_status fg_recipe_text_make(char **out, const fg_recipe *recipe)
{
    json_t *json = to_json(recipe);

    *out = json == NULL ? NULL : dump(json);
    json_decref(json);
    return *out == NULL ? out_of_memory() : FG_OK;
}

/* ---- back ---- */

static bool to_int(int *out, const json_t *value)
{
    const json_int_t integer = json_integer_value(value);

    *out = (int)integer;
    return json_is_integer(value) && integer >= INT_MIN && integer <= INT_MAX;
}

static bool to_float(float *out, const json_t *value)
{
    *out = (float)json_number_value(value);
    return json_is_number(value);
}

static bool to_ints(int *out, int *count, int most, const json_t *list)
{
    bool good = json_is_array(list) && json_array_size(list) <= (size_t)most;

    *count = good ? (int)json_array_size(list) : 0;
    for (int i = 0; i < *count; ++i)
        good = to_int(&out[i], json_array_get(list, (size_t)i)) && good;
    return good;
}

static bool to_floats(float *out, int *count, int most, const json_t *list)
{
    bool good = json_is_array(list) && json_array_size(list) <= (size_t)most;

    *count = good ? (int)json_array_size(list) : 0;
    for (int i = 0; i < *count; ++i)
        good = to_float(&out[i], json_array_get(list, (size_t)i)) && good;
    return good;
}

static bool to_seed(uint64_t *out, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    char *end = NULL;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static bool to_padding(fg_padding *out, const json_t *value)
{
    for (int i = 0; json_is_string(value) && i < PADDINGS; ++i)
        if (strcmp(json_string_value(value), paddings[i]) == 0) {
            *out = (fg_padding)i;
            return true;
        }
    return false;
}

static fg_status from_json(fg_recipe *recipe, const json_t *json)
{
    fg_status status = FG_OK;
    int deviations = 0;
    fg_normalisation *normalisation = &recipe->normalisation;

#define FIELD(name, good) \
    FG_CHECK(good, FG_ERR_FILE, "recipe: %s is missing or of another type", name)
#define VALUE(name) json_object_get(json, name)
    FIELD("epochs", to_int(&recipe->epochs, VALUE("epochs")));
    FIELD("batch", to_int(&recipe->batch, VALUE("batch")));
    FIELD("rate", to_float(&recipe->rate, VALUE("rate")));
    FIELD("rate_epochs", to_ints(recipe->rate_epochs, &recipe->rate_steps, FG_MAX_RATE_STEPS,
                                 VALUE("rate_epochs")));
    FIELD("rate_factor", to_float(&recipe->rate_factor, VALUE("rate_factor")));
    FIELD("momentum", to_float(&recipe->momentum, VALUE("momentum")));
    FIELD("nesterov", to_int(&recipe->nesterov, VALUE("nesterov")));
    FIELD("weight_decay", to_float(&recipe->weight_decay, VALUE("weight_decay")));
    FIELD("seed", to_seed(&recipe->seed, VALUE("seed")));
    FIELD("mirror", to_int(&recipe->mirror, VALUE("mirror")));
    FIELD("shift", to_int(&recipe->shift, VALUE("shift")));
    FIELD("padding", to_padding(&recipe->padding, VALUE("padding")));
    FIELD("drop_last", to_int(&recipe->drop_last, VALUE("drop_last")));
    FIELD("validation", to_int(&recipe->validation, VALUE("validation")));
    FIELD("mean", to_floats(normalisation->mean, &normalisation->channels,
                            FG_MAX_IMAGE_CHANNELS, VALUE("mean")));
    FIELD("deviation", to_floats(normalisation->deviation, &deviations, FG_MAX_IMAGE_CHANNELS,
                                 VALUE("deviation")));
    FIELD("deviation", deviations == normalisation->channels);
#undef VALUE
#undef FIELD

cleanup:
    return status;
}

fg_status fg_recipe_text_parse(fg_recipe *out, const char *text)
{
    fg_status status = FG_OK;
    fg_recipe recipe = FG_RECIPE_INIT;
    json_error_t error;
    json_t *known = NULL;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    const char *key;
    json_t *value;

    FG_CHECK(json_is_object(json), FG_ERR_FILE, "recipe: is not a JSON object");
    FG_TRY(from_json(&recipe, json));
    if (fg_recipe_check(&recipe) != FG_OK) {
        status = fg_fail_prefix(FG_ERR_FILE, "recipe: ");
        goto cleanup;
    }
    known = to_json(&recipe);
    if (known == NULL) {
        status = out_of_memory();
        goto cleanup;
    }
    json_object_foreach(json, key, value)
    {
        /* What a later version added may decide the bits. */
        FG_CHECK(json_object_get(known, key) != NULL, FG_ERR_FILE,
                 "recipe: %s is not known to this version", key);
    }
    *out = recipe;

cleanup:
    json_decref(known);
    json_decref(json);
    return status;
}

/* ---- comparison ---- */

static fg_status differs(const char *key, const json_t *wanted, const json_t *stored)
{
    char *ours = dump(wanted), *theirs = dump(stored);
    const fg_status status =
        ours == NULL || theirs == NULL
            ? out_of_memory()
            : fg_fail(FG_ERR_ARGUMENT, "%s is %s, but the checkpoint has %s", key, ours,
                      theirs);

    free(ours);
    free(theirs);
    return status;
}

fg_status fg_recipe_text_compare(const fg_recipe *wanted, const fg_recipe *stored)
{
    fg_status status = FG_OK;
    json_t *ours = NULL, *theirs = NULL;
    const char *key;
    json_t *value;

    ours = to_json(wanted);
    theirs = to_json(stored);
    if (ours == NULL || theirs == NULL) {
        status = out_of_memory();
        goto cleanup;
    }
    json_object_del(ours, "epochs");
    if (wanted->normalisation.channels ==
        0) { /* taken from the images, as the stored one was */
        json_object_del(ours, "mean");
        json_object_del(ours, "deviation");
    }
    json_object_foreach(ours, key, value)
    {
        const json_t *other = json_object_get(theirs, key);
        if (!json_equal(value, other)) {
            status = differs(key, value, other);
            goto cleanup;
        }
    }

cleanup:
    json_decref(ours);
    json_decref(theirs);
    return status;
}
