/* test_recipe.c - what a recipe may hold, its rate, its text and its comparison.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"
#include "train/recipe_text.h"

/* Every field differs from its default, and floats need all their digits. */
static fg_recipe unusual(void)
{
    fg_recipe recipe = FG_RECIPE_INIT;

    recipe.epochs = 7;
    recipe.batch = 33;
    recipe.rate = 1.0f / 3;
    recipe.rate_steps = 3;
    recipe.rate_epochs[0] = 2;
    recipe.rate_epochs[1] = 2;
    recipe.rate_epochs[2] = 900;
    recipe.rate_factor = nextafterf(0.1f, 1);
    recipe.momentum = 0.1f + 0.7f;
    recipe.nesterov = 0;
    recipe.weight_decay = 1e-45f;
    recipe.seed = UINT64_MAX - 1;
    recipe.mirror = 1;
    recipe.shift = 4;
    recipe.padding = FG_PADDING_REFLECT;
    recipe.drop_last = 1;
    recipe.validation = 5000;
    recipe.normalisation = (fg_normalisation){2, {125.3f, -0.0f}, {3e38f, 16777217.0f / 3}};
    return recipe;
}

static void expect_message(const char *part)
{
    ck_assert_msg(strstr(fg_error_message(), part) != NULL, "message is: %s",
                  fg_error_message());
}

START_TEST(test_text_and_back)
{
    const fg_recipe recipe = unusual();
    fg_recipe back;
    char *text = NULL, *again = NULL;

    ck_assert_int_eq(fg_recipe_text_make(&text, &recipe), FG_OK);
    ck_assert_int_eq(fg_recipe_text_parse(&back, text), FG_OK);
    ck_assert_int_eq(back.epochs, recipe.epochs);
    ck_assert_uint_eq(back.seed, recipe.seed);
    ck_assert_int_eq(back.rate_steps, recipe.rate_steps);
    ck_assert_mem_eq(back.rate_epochs, recipe.rate_epochs, sizeof recipe.rate_epochs);
    ck_assert_mem_eq(&back.rate, &recipe.rate, sizeof recipe.rate);
    ck_assert_mem_eq(&back.rate_factor, &recipe.rate_factor, sizeof recipe.rate_factor);
    ck_assert_mem_eq(&back.momentum, &recipe.momentum, sizeof recipe.momentum);
    ck_assert_mem_eq(&back.weight_decay, &recipe.weight_decay, sizeof recipe.weight_decay);
    ck_assert_mem_eq(&back.normalisation, &recipe.normalisation, sizeof recipe.normalisation);
    ck_assert_int_eq(fg_recipe_agrees(&back, &recipe), FG_OK);
    ck_assert_int_eq(fg_recipe_text_make(&again, &back), FG_OK);
    ck_assert_str_eq(again, text);
    fg_text_free(again);
    fg_text_free(text);
}
END_TEST

START_TEST(test_text_in_a_locale_with_decimal_comma)
{
    const fg_recipe recipe = unusual();
    fg_recipe back;
    char *plain = NULL, *text = NULL;

    ck_assert_int_eq(fg_recipe_text_make(&plain, &recipe), FG_OK);
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is not installed, this tests nothing new */
    ck_assert_int_eq(fg_recipe_text_make(&text, &recipe), FG_OK);
    ck_assert_str_eq(text, plain);
    ck_assert_int_eq(fg_recipe_text_parse(&back, text), FG_OK);
    ck_assert_int_eq(fg_recipe_agrees(&back, &recipe), FG_OK);
    setlocale(LC_ALL, "C");
    fg_text_free(plain);
    fg_text_free(text);
}
END_TEST

/* The default recipe's text with one part replaced. */
static char *altered(const char *part, const char *by)
{
    const fg_recipe recipe = FG_RECIPE_INIT;
    char *text = NULL, *out = NULL;
    fg_text builder = {0};

    ck_assert_int_eq(fg_recipe_text_make(&text, &recipe), FG_OK);
    const char *at = strstr(text, part);
    ck_assert_msg(at != NULL, "%s is not in %s", part, text);
    fg_text_append(&builder, "%.*s%s%s", (int)(at - text), text, by, at + strlen(part));
    ck_assert_int_eq(fg_text_take(&out, &builder), FG_OK);
    fg_text_free(text);
    return out;
}

static const struct {
    const char *part;
    const char *by;
    const char *reason;
} malformed[] = {
    {"{", "", "not a JSON object"},
    {"\"batch\":64", "\"batch\":64,\"batch\":64", "not a JSON object"},
    {"\"batch\":64,", "", "batch is missing"},
    {"\"batch\":64", "\"batch\":\"64\"", "batch is missing or of another type"},
    {"\"batch\":64", "\"batch\":64.0", "batch is missing or of another type"},
    {"\"batch\":64", "\"batch\":4294967360", "batch is missing or of another type"},
    {"\"batch\":64", "\"batch\":0", "batch is 0"},
    {"\"batch\":64", "\"batch\":64,\"dropout\":0.2", "dropout is not known"},
    {"\"rate\":0.100000001", "\"rate\":1e39", "rate is inf"},
    {"\"rate_epochs\":[]", "\"rate_epochs\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
     "rate_epochs"},
    {"\"rate_epochs\":[]", "\"rate_epochs\":[2,1]", "rate_epochs[1] is 1"},
    {"\"rate_epochs\":[]", "\"rate_epochs\":[1.5]", "rate_epochs"},
    {"\"seed\":\"1\"", "\"seed\":\"-1\"", "seed"},
    {"\"seed\":\"1\"", "\"seed\":\"18446744073709551616\"", "seed"},
    {"\"seed\":\"1\"", "\"seed\":\"1x\"", "seed"},
    {"\"seed\":\"1\"", "\"seed\":1", "seed"},
    {"\"padding\":\"mean\"", "\"padding\":\"white\"", "padding"},
    {"\"mean\":[]", "\"mean\":[1]", "deviation"},
    {"\"nesterov\":1", "\"nesterov\":true", "nesterov"},
};

START_TEST(test_malformed_text)
{
    fg_recipe recipe;
    char *text = altered(malformed[_i].part, malformed[_i].by);

    ck_assert_int_eq(fg_recipe_text_parse(&recipe, text), FG_ERR_FILE);
    ck_assert_ptr_eq(strstr(fg_error_message(), "recipe: "), fg_error_message());
    expect_message(malformed[_i].reason);
    fg_text_free(text);
}
END_TEST

#define EXPECT_REFUSED(change, part)                                 \
    do {                                                             \
        fg_recipe recipe = FG_RECIPE_INIT;                           \
        change;                                                      \
        ck_assert_int_eq(fg_recipe_check(&recipe), FG_ERR_ARGUMENT); \
        expect_message(part);                                        \
    } while (0)

START_TEST(test_out_of_range)
{
    EXPECT_REFUSED(recipe.struct_size = 0, "FG_RECIPE_INIT");
    EXPECT_REFUSED(recipe.epochs = 0, "epochs is 0");
    EXPECT_REFUSED(recipe.batch = -1, "batch is -1");
    EXPECT_REFUSED(recipe.rate = 0, "rate is 0");
    EXPECT_REFUSED(recipe.rate = NAN, "rate is nan");
    EXPECT_REFUSED(recipe.rate = INFINITY, "rate is inf");
    EXPECT_REFUSED(recipe.rate_factor = -1, "rate_factor is -1");
    EXPECT_REFUSED(recipe.rate_steps = FG_MAX_RATE_STEPS + 1, "rate_steps is 17");
    EXPECT_REFUSED(recipe.rate_steps = 1, "rate_epochs[0] is 0");
    EXPECT_REFUSED((recipe.rate_steps = 1, recipe.rate_epochs[0] = 1,
                    recipe.rate_factor = 3e38f, recipe.rate = 100),
                   "grows out of range");
    EXPECT_REFUSED(recipe.momentum = 1, "momentum is 1");
    EXPECT_REFUSED(recipe.momentum = NAN, "momentum is nan");
    EXPECT_REFUSED(recipe.weight_decay = -1e-4f, "weight_decay is -0.0001");
    EXPECT_REFUSED(recipe.nesterov = 2, "nesterov is 2");
    EXPECT_REFUSED(recipe.mirror = -1, "mirror is -1");
    EXPECT_REFUSED(recipe.drop_last = 2, "drop_last is 2");
    EXPECT_REFUSED(recipe.shift = -1, "shift is -1");
    EXPECT_REFUSED(recipe.padding = (fg_padding)3, "padding is 3");
    EXPECT_REFUSED(recipe.validation = -1, "validation is -1");
    EXPECT_REFUSED(recipe.normalisation.channels = 17, "17 channels");
    EXPECT_REFUSED(recipe.normalisation.channels = 1, "deviation of channel 0 is 0");
    EXPECT_REFUSED((recipe.normalisation.channels = 1, recipe.normalisation.mean[0] = NAN),
                   "mean of channel 0");
}
END_TEST

START_TEST(test_usual_recipes_are_good)
{
    const fg_recipe usual = FG_RECIPE_INIT, odd = unusual();

    ck_assert_int_eq(fg_recipe_check(&usual), FG_OK);
    ck_assert_int_eq(fg_recipe_check(&odd), FG_OK);
}
END_TEST

/* The product is rounded once, so it may differ from the float that is written here in the last
 * place. */
static void expect_rate(const fg_recipe *recipe, int epoch, float rate)
{
    const double difference = fabs((double)fg_recipe_rate(recipe, epoch) - (double)rate);

    ck_assert_msg(difference <= 1e-7 * (double)rate, "the rate of epoch %d is %.9g", epoch,
                  (double)fg_recipe_rate(recipe, epoch));
}

START_TEST(test_rate)
{
    fg_recipe recipe = FG_RECIPE_INIT;

    expect_rate(&recipe, 299, 0.1f);
    recipe.rate_steps = 2;
    recipe.rate_epochs[0] = 3;
    recipe.rate_epochs[1] = 5;
    expect_rate(&recipe, 0, 0.1f);
    expect_rate(&recipe, 2, 0.1f);
    expect_rate(&recipe, 3, 0.01f);
    expect_rate(&recipe, 4, 0.01f);
    expect_rate(&recipe, 5, 0.001f);
    recipe.rate_epochs[1] = 3;
    expect_rate(&recipe, 3, 0.001f);
}
END_TEST

#define EXPECT_DIFFERENT(change, message)                                      \
    do {                                                                       \
        const fg_recipe stored = unusual();                                    \
        fg_recipe wanted = stored;                                             \
        change;                                                                \
        ck_assert_int_eq(fg_recipe_agrees(&wanted, &stored), FG_ERR_ARGUMENT); \
        ck_assert_str_eq(fg_error_message(), message);                         \
    } while (0)

START_TEST(test_differences_by_name)
{
    EXPECT_DIFFERENT(wanted.batch = 64, "batch is 64, but the checkpoint has 33");
    EXPECT_DIFFERENT(wanted.rate = 0.5f, "rate is 0.5, but the checkpoint has 0.333333343");
    EXPECT_DIFFERENT(wanted.rate_steps = 2,
                     "rate_epochs is [2,2], but the checkpoint has [2,2,900]");
    EXPECT_DIFFERENT(wanted.seed = 1,
                     "seed is \"1\", but the checkpoint has \"18446744073709551614\"");
    EXPECT_DIFFERENT(wanted.padding = FG_PADDING_BLACK,
                     "padding is \"black\", but the checkpoint has \"reflect\"");
    EXPECT_DIFFERENT(wanted.nesterov = 1, "nesterov is 1, but the checkpoint has 0");
    EXPECT_DIFFERENT(wanted.normalisation.channels = 1,
                     "mean is [125.300003], but the checkpoint has [125.300003,-0.0]");
    EXPECT_DIFFERENT(wanted.batch = 0, "batch is 0, expected at least 1");
}
END_TEST

START_TEST(test_what_may_differ)
{
    const fg_recipe stored = unusual();
    fg_recipe wanted = stored;

    wanted.epochs = 1;
    wanted.normalisation.channels = 0;
    ck_assert_int_eq(fg_recipe_agrees(&wanted, &stored), FG_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recipe");
    TCase *tests = tcase_create("recipe");

    tcase_add_test(tests, test_text_and_back);
    tcase_add_test(tests, test_text_in_a_locale_with_decimal_comma);
    tcase_add_loop_test(tests, test_malformed_text, 0,
                        (int)(sizeof malformed / sizeof *malformed));
    tcase_add_test(tests, test_out_of_range);
    tcase_add_test(tests, test_usual_recipes_are_good);
    tcase_add_test(tests, test_rate);
    tcase_add_test(tests, test_differences_by_name);
    tcase_add_test(tests, test_what_may_differ);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
