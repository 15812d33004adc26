/* test_model.c - texts of models: their parts, and options put behind them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/model.h"

#include "plans.h"

#define FILE_TEXT "stem: {width: 8}\nstages: [{layers: 3, width: 4}]\n"

static void splits(const char *model, const char *base, const char *options, bool file)
{
    const fg_model split = fg_model_split(model);

    ck_assert_msg(fg_piece_is(split.base, base), "%s: base is %.*s", model,
                  FG_SHOWN(split.base));
    ck_assert_int_eq(split.options.there, options != NULL);
    ck_assert(fg_piece_is(split.options, options != NULL ? options : ""));
    ck_assert_int_eq(fg_model_is_file(&split), file);
}

START_TEST(a_model_has_parts)
{
    splits("sparsenet-40-12", "sparsenet-40-12", NULL, false);
    splits("sparsenet-40-12:base=3,init=7", "sparsenet-40-12", "base=3,init=7", false);
    splits("sparsenet-40-12:", "sparsenet-40-12", "", false);
    splits("a:b:c", "a", "b:c", false);
    splits("", "", NULL, false);
    splits("tiny.yaml", "tiny.yaml", NULL, true);
    splits("tiny.yml:classes=3", "tiny.yml", "classes=3", true);
    splits(".yaml", ".yaml", NULL, false);
    splits("a:b/c", "a:b/c", NULL, true);
    splits("/a:b/c.yaml:x=1", "/a:b/c.yaml", "x=1", true);
    splits("tiny:x=1\na: b/c", "tiny", "x=1", false);
    ck_assert_ptr_null(fg_model_split("tiny:x=1").text);
    ck_assert_str_eq(fg_model_split("tiny:x=1\na: b/c\n").text, "a: b/c\n");
    ck_assert_str_eq(fg_model_split("tiny\n").text, "");
}
END_TEST

static void appends(const char *model, const char *expected)
{
    char *out;

    ck_assert_int_eq(fg_model_append(&out, model, "n=1,m=2"), FG_OK);
    ck_assert_str_eq(out, expected);
    fg_text_free(out);
}

START_TEST(options_go_behind_those_there_are)
{
    appends("plain-20", "plain-20:n=1,m=2");
    appends("plain-20:classes=3", "plain-20:classes=3,n=1,m=2");
    appends("a:b/net.yaml", "a:b/net.yaml:n=1,m=2");
    appends("tiny\nstages: 3\n", "tiny:n=1,m=2\nstages: 3\n");
    appends("tiny:image=8\nstages: 3\n", "tiny:image=8,n=1,m=2\nstages: 3\n");
}
END_TEST

static void completes(const char *model, int classes, int channels, int side,
                      const char *expected)
{
    char *out;

    ck_assert_msg(fg_model_complete(&out, model, classes, channels, side) == FG_OK, "%s",
                  fg_error_message());
    ck_assert_str_eq(out, expected);
    fg_text_free(out);
}

START_TEST(what_the_model_does_not_say_is_completed)
{
    completes("plain-20", 7, 1, 28, "plain-20:classes=7,channels=1,image=28");
    completes("plain-20:image=32", 7, 1, 28, "plain-20:image=32,classes=7,channels=1");
    completes("plain-20", 0, 3, 0, "plain-20:channels=3");
    completes("plain-20", 0, 0, 0, "plain-20");
    completes("plain-20:classes=1,channels=2,image=9", 7, 1, 28,
              "plain-20:classes=1,channels=2,image=9");
    completes("tiny\n" FILE_TEXT, 7, 0, 0, "tiny:classes=7\n" FILE_TEXT);
    completes("tiny:image=9\nclasses: 3\n" FILE_TEXT, 7, 1, 28,
              "tiny:image=9,channels=1\nclasses: 3\n" FILE_TEXT);
}
END_TEST

START_TEST(what_is_no_model_is_not_completed)
{
    char *out = (char *)1;

    ck_assert_int_eq(fg_model_complete(&out, "plain-21", 7, 1, 28), FG_ERR_ARGUMENT);
    ck_assert_ptr_null(out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_model_has_parts, options_go_behind_those_there_are,
                                  what_the_model_does_not_say_is_completed,
                                  what_is_no_model_is_not_completed, NULL};
    return plan_run("plan/model", tests);
}
