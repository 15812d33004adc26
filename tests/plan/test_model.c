/* test_model.c - names of models: what they say, their canonical form, and what is no model.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/model.h"

#include "plans.h"

static fg_model parsed(const char *name)
{
    fg_model model;
    ck_assert_msg(fg_model_parse(&model, name) == FG_OK, "%s", fg_error_message());
    return model;
}

START_TEST(defaults_are_those_of_the_form_for_cifar)
{
    const fg_model model = parsed("sparsenet-40-12");

    ck_assert_int_eq(model.family, FG_FAMILY_SPARSENET);
    ck_assert(!model.bottleneck);
    ck_assert_int_eq(model.depth, 40);
    ck_assert_int_eq(model.stages, 3);
    for (int stage = 0; stage < 3; ++stage) {
        ck_assert_int_eq(model.layers[stage], 12);
        ck_assert_int_eq(model.growth[stage], 12);
    }
    ck_assert_int_eq(model.base, 2);
    ck_assert_int_eq(model.stem, 24);
    ck_assert_double_eq(model.compression, 1.0);
    ck_assert_int_eq(model.pool_grid, 1);
    ck_assert_int_eq(model.classes, 10);
    ck_assert_int_eq(model.channels, 3);
    ck_assert_int_eq(model.image, 32);
    ck_assert(!model.classes_given && !model.channels_given && !model.image_given);
}
END_TEST

START_TEST(bottleneck_form_halves_layers_and_transitions)
{
    const fg_model model = parsed("densenet-bc-250-24");

    ck_assert_int_eq(model.family, FG_FAMILY_DENSENET);
    ck_assert(model.bottleneck);
    ck_assert_int_eq(model.layers[2], 41);
    ck_assert_double_eq(model.compression, 0.5);
    ck_assert_int_eq(parsed("densenet-bc-121-32").layers[0], 19);
    ck_assert_int_eq(parsed("densenet-bc-10-1").layers[0], 1);
    ck_assert_int_eq(parsed("densenet-7-1").layers[0], 1);
}
END_TEST

START_TEST(growth_per_stage_sets_the_stem_by_the_first)
{
    ck_assert_int_eq(parsed("sparsenet-100-16+32+64").growth[1], 32);
    ck_assert_int_eq(parsed("sparsenet-100-16+32+64").stem, 32);
    ck_assert_int_eq(parsed("sparsenet-bc-100-16+32+64").stem, 64);
    ck_assert_int_eq(parsed("densenet-bc-100-16+32+64").stem, 64);
    ck_assert_int_eq(parsed("densenet-bc-40-16+32+64").stem, 32);
    ck_assert_int_eq(parsed("densenet-bc-100-16+32+32").stem, 32);
}
END_TEST

START_TEST(options_are_read)
{
    const fg_model model = parsed("sparsenet-40-12:image=28,channels=1,classes=100,pool_grid=2,"
                                  "init=16,compression=0.7,base=3");

    ck_assert_int_eq(model.base, 3);
    ck_assert_int_eq(model.stem, 16);
    ck_assert_double_eq(model.compression, 0.7);
    ck_assert_int_eq(model.pool_grid, 2);
    ck_assert_int_eq(model.classes, 100);
    ck_assert_int_eq(model.channels, 1);
    ck_assert_int_eq(model.image, 28);
    ck_assert(model.classes_given && model.channels_given && model.image_given);
    ck_assert(parsed("sparsenet-40-12:classes=10").classes_given);
}
END_TEST

START_TEST(fractions_are_the_doubles_that_other_programs_read)
{
    ck_assert_double_eq(parsed("densenet-40-12:compression=1").compression, 1.0);
    ck_assert_double_eq(parsed("densenet-40-12:compression=1.000").compression, 1.0);
    ck_assert_double_eq(parsed("densenet-40-12:compression=.3").compression, 0.3);
    ck_assert_double_eq(parsed("densenet-40-12:compression=0.29").compression, 0.29);
    ck_assert_double_eq(parsed("densenet-40-12:compression=0.33333333333333").compression,
                        0.33333333333333);
}
END_TEST

static void names(const char *from, const char *to)
{
    const fg_model model = parsed(from);
    char *name;

    ck_assert_int_eq(fg_model_name(&name, &model), FG_OK);
    ck_assert_str_eq(name, to);
    fg_text_free(name);
}

START_TEST(a_name_holds_what_differs_from_the_defaults)
{
    names("sparsenet-40-12", "sparsenet-40-12");
    names("sparsenet-040-012", "sparsenet-40-12");
    names("sparsenet-40-12:classes=10,image=32,init=24,compression=1,base=2,pool_grid=1",
          "sparsenet-40-12");
    names("sparsenet-40-12:image=28,channels=1,classes=7,pool_grid=2,init=16,compression=0.7,"
          "base=3",
          "sparsenet-40-12:base=3,compression=0.7,init=16,pool_grid=2,classes=7,channels=1,"
          "image=28");
    names("densenet-bc-100-12+12+12:compression=1.0", "densenet-bc-100-12:compression=1");
    names("densenet-bc-100-12:compression=.5", "densenet-bc-100-12");
    names("densenet-bc-100-12:compression=0.050", "densenet-bc-100-12:compression=0.05");
    names("densenet-bc-100-12:compression=0.00000000000001",
          "densenet-bc-100-12:compression=0.00000000000001");
    names("sparsenet-bc-100-16+32+64:init=64", "sparsenet-bc-100-16+32+64");
    names("sparsenet-bc-100-16+32+64:init=32", "sparsenet-bc-100-16+32+64:init=32");
}
END_TEST

START_TEST(a_name_is_its_own_name)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        const fg_model model = parsed(plan_models[i]);
        char *once;
        ck_assert_int_eq(fg_model_name(&once, &model), FG_OK);
        names(once, once);
        fg_text_free(once);
    }
}
END_TEST

START_TEST(what_is_no_model_gets_one_line)
{
    static const struct {
        const char *name, *message;
    } bad[] = {
        {"", "family \"\""},
        {"resnet-20", "family \"resnet\" is unknown, expected densenet or sparsenet"},
        {"Sparsenet-40-12", "family \"Sparsenet\""},
        {"sparsenet", "depth is \"\""},
        {"sparsenet-40", "growth is \"\""},
        {"sparsenet-40-", "growth is \"\""},
        {"sparsenet-41-12", "depth is 41, expected 7..10000 with (depth - 4) / 3"},
        {"sparsenet-4-12", "depth is \"4\", expected 7..10000"},
        {"sparsenet-bc-7-12", "depth is \"7\", expected 10..10000"},
        {"sparsenet-10003-12", "depth is \"10003\""},
        {"sparsenet-99999999999999999999-12", "depth is"},
        {"sparsenet-4x-12", "depth is \"4x\""},
        {"sparsenet-+40-12", "depth is \"+40\""},
        {"sparsenet- 40-12", "depth is \" 40\""},
        {"sparsenet--40-12", "depth is \"\""},
        {"densenet-121-32", "depth 121 is the ImageNet form, which this version does not have"},
        {"sparsenet-169-32", "the ImageNet form"},
        {"sparsenet-40-0", "growth is \"0\", expected 1..4096"},
        {"sparsenet-40--12", "growth is \"-12\""},
        {"sparsenet-40-12x", "growth is \"12x\""},
        {"sparsenet-40-12-8", "growth is \"12-8\""},
        {"sparsenet-40-4097", "growth is \"4097\""},
        {"sparsenet-40-1+2", "growth is \"1+2\", expected one number or 3"},
        {"sparsenet-40-1+2+", "growth is \"\""},
        {"sparsenet-40-1+2+3+4", "growth is \"1+2+3+4\""},
        {"sparsenet-40-12:", "option \"\" is unknown"},
        {"sparsenet-40-12:classes=10,", "option \"\" is unknown"},
        {"sparsenet-40-12:colour=3",
         "option \"colour\" is unknown, expected base, compression"},
        {"sparsenet-40-12:Classes=3", "option \"Classes\" is unknown"},
        {"sparsenet-40-12:classes", "classes is \"\", expected 1..1000000"},
        {"sparsenet-40-12:classes=", "classes is \"\""},
        {"sparsenet-40-12:classes=0", "classes is \"0\""},
        {"sparsenet-40-12:classes=10 ", "classes is \"10 \""},
        {"sparsenet-40-12:classes=1e3", "classes is \"1e3\""},
        {"sparsenet-40-12:classes=1000001", "classes is \"1000001\""},
        {"sparsenet-40-12:classes=10,classes=10", "option classes is given twice"},
        {"sparsenet-40-12:compression=1,compression=1", "option compression is given twice"},
        {"sparsenet-40-12:channels=17", "channels is \"17\", expected 1..16"},
        {"sparsenet-40-12:image=4097", "image is \"4097\", expected 1..4096"},
        {"sparsenet-40-12:init=0", "init is \"0\", expected 1..65536"},
        {"sparsenet-40-12:base=1", "base is \"1\", expected 2..10000"},
        {"densenet-40-12:base=3", "option base is for sparsenet alone"},
        {"sparsenet-40-12:dropout=0.2", "option dropout is not in this version"},
        {"sparsenet-40-12:compression=0", "compression is \"0\", expected a decimal number"},
        {"sparsenet-40-12:compression=0.000", "compression is"},
        {"sparsenet-40-12:compression=1.01", "compression is"},
        {"sparsenet-40-12:compression=-0.5", "compression is"},
        {"sparsenet-40-12:compression=nan", "compression is"},
        {"sparsenet-40-12:compression=0,5", "compression is \"0\""},
        {"sparsenet-40-12:compression=.", "compression is"},
        {"sparsenet-40-12:compression=0.5.", "compression is"},
        {"sparsenet-40-12:compression=0.1234567890123456", "compression is"},
        {"sparsenet-40-12:\n", "is unknown"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        fg_model model = {.depth = 77};
        ck_assert_msg(fg_model_parse(&model, bad[i].name) == FG_ERR_ARGUMENT, "\"%s\"",
                      bad[i].name);
        ck_assert_msg(strstr(fg_error_message(), bad[i].message) != NULL, "\"%s\" gets \"%s\"",
                      bad[i].name, fg_error_message());
        ck_assert_msg(strchr(fg_error_message(), '\n') == NULL, "\"%s\"", bad[i].name);
        ck_assert_int_eq(model.depth, 77);
    }
}
END_TEST

START_TEST(an_endless_name_still_says_what_is_wrong)
{
    char name[5000];
    fg_model model;

    memset(name, '9', sizeof name);
    memcpy(name, "sparsenet-40-12:classes=", 24);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(fg_model_parse(&model, name), FG_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "classes is"));
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "expected 1..1000000"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {defaults_are_those_of_the_form_for_cifar,
                                  bottleneck_form_halves_layers_and_transitions,
                                  growth_per_stage_sets_the_stem_by_the_first,
                                  options_are_read,
                                  fractions_are_the_doubles_that_other_programs_read,
                                  a_name_holds_what_differs_from_the_defaults,
                                  a_name_is_its_own_name,
                                  what_is_no_model_gets_one_line,
                                  an_endless_name_still_says_what_is_wrong,
                                  NULL};
    return plan_run("plan/model", tests);
}
