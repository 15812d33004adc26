/* test_name.c - names of models: their canonical form, and what is no model.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/name.h"

#include "plans.h"

/* from is a model whose canonical name is `to`. */
static void names(const char *from, const char *to)
{
    fg_network network;

    ck_assert_msg(fg_network_of(&network, from) == FG_OK, "%s", fg_error_message());
    ck_assert_str_eq(network.name, to);
    ck_assert_ptr_null(network.text);
    fg_network_clear(&network);
}

START_TEST(a_name_holds_what_differs_from_the_defaults)
{
    names("sparsenet-40-12", "sparsenet-40-12");
    names("sparsenet-040-012", "sparsenet-40-12");
    names("sparsenet-40-12:classes=10,image=32,init=24,compression=1,base=2,pool_grid=1",
          "sparsenet-40-12");
    names("sparsenet-40-12:image=28,channels=1,classes=7,pool_grid=2,init=16,compression=0.7,"
          "base=3,linear_initialiser=outputs,initialiser=he-in-normal,dropout=0.10",
          "sparsenet-40-12:base=3,compression=0.7,init=16,dropout=0.1,initialiser=he-in-normal,"
          "linear_initialiser=outputs,pool_grid=2,classes=7,channels=1,image=28");
    names("sparsenet-100-16+16+16", "sparsenet-100-16");
    names("densenet-bc-100-12:compression=0.5", "densenet-bc-100-12");
    names("densenet-bc-100-12:compression=1.000", "densenet-bc-100-12:compression=1");
    names("densenet-bc-100-12:compression=0.050", "densenet-bc-100-12:compression=0.05");
    names("densenet-bc-100-12:compression=0.33333333333333",
          "densenet-bc-100-12:compression=0.33333333333333");
}
END_TEST

START_TEST(defaults_depend_on_the_family)
{
    names("sparsenet-bc-100-16+32+64:init=64", "sparsenet-bc-100-16+32+64");
    names("sparsenet-bc-100-16+32+64:init=32", "sparsenet-bc-100-16+32+64:init=32");
    names("densenet-121-32:init=64,classes=1000,image=224", "densenet-121-32");
    names("sparsenet-121-32:init=32,pool_grid=3", "sparsenet-121-32");
    names("sparsenet-121-32:image=64,pool_grid=2", "sparsenet-121-32:image=64");
    names("sparsenet-121-32:image=64,pool_grid=1", "sparsenet-121-32:pool_grid=1,image=64");
    names("resnet-50:stride=3x3,n=3+4+6+3", "resnet-50");
    names("resnet-50:stride=1x1,n=1+1+1+1", "resnet-50:n=1,stride=1x1");
    names("wide-delugenet-146:m=1.75", "wide-delugenet-146");
    names("wide-delugenet-146:m=1.5,n=1+2+3", "wide-delugenet-146:n=1,m=1.5");
    names("delugenet-146:n=8", "delugenet-146");
    names("delugenet-147:n=8", "delugenet-147:n=8");
    names("delugenet-92:n=7+7+8+8", "delugenet-92");
    names("seqresnet-r4-k8-n1+1+1:window=1,dropout=0", "seqresnet-r4-k8-n1");
    names("seqresnet-r3-k8-n1+2+1:window=0", "seqresnet-r3-k8-n1+2+1:window=0");
    names("seqresnext-24:r=4,n=1+1+3+1", "seqresnext-24");
    names("resnext-29-8x64d:image=32", "resnext-29-8x64d");
    names("plain-20:initialiser=he-out-normal,linear_initialiser=inputs", "plain-20");
    names("wrn-16-2:initialiser=he-in-normal", "wrn-16-2");
    names("wrn-16-2:initialiser=he-out-normal", "wrn-16-2:initialiser=he-out-normal");
    names("seqresnet-b22:initialiser=he-out-uniform,linear_initialiser=outputs",
          "seqresnet-b22");
}
END_TEST

START_TEST(a_name_is_its_own_name)
{
    static const char *const more[] = {"plain-20",           "resnet-101:n=2",
                                       "preresnet-basic-20", "preresnet-38",
                                       "preplain-20",        "wrn-16-2:dropout=0.3",
                                       "resnext-50-32x4d",   "sparsenet-sum-38:base=3",
                                       "seqresnet-b22",      "delugenet-104:m=0.5"};

    for (size_t i = 0; i < sizeof more / sizeof *more; ++i)
        names(more[i], more[i]);
}
END_TEST

static const struct {
    const char *name, *message;
} bad[] = {
    {"", "family \"\""},
    {"alexnet-20", "family \"alexnet\" is unknown, expected one of plain, resnet, preplain"},
    {"Sparsenet-40-12", "family \"Sparsenet\""},
    {"sparsenetx-40-12", "family \"sparsenetx\""},
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
    {"sparsenet-40-0", "growth is \"0\", expected 1..4096"},
    {"sparsenet-40--12", "growth is \"-12\""},
    {"sparsenet-40-12x", "growth is \"12x\""},
    {"sparsenet-40-12-8", "growth is \"12-8\""},
    {"sparsenet-40-4097", "growth is \"4097\""},
    {"sparsenet-40-1+2", "growth is \"1+2\", expected one number or 3"},
    {"sparsenet-121-1+2+3", "growth is \"1+2+3\", expected one number or 4"},
    {"sparsenet-40-1+2+", "growth is \"\""},
    {"sparsenet-40-1+2+3+4", "growth is \"1+2+3+4\""},
    {"sparsenet-40-12:", "option \"\" is unknown"},
    {"sparsenet-40-12:classes=10,", "option \"\" is unknown"},
    {"sparsenet-40-12:colour=3",
     "option \"colour\" is unknown to sparsenet, expected base, compression, init, dropout, "
     "initialiser, linear_initialiser, pool_grid, classes, channels or image"},
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
    {"densenet-40-12:base=3", "option \"base\" is unknown to densenet"},
    {"resnet-20:n=1", "option \"n\" is unknown to resnet, expected initialiser"},
    {"resnet-20:dropout=0.1", "option \"dropout\" is unknown to resnet"},
    {"preresnet-20:dropout=0.1", "option \"dropout\" is unknown to preresnet"},
    {"delugenet-38:dropout=0.1", "option \"dropout\" is unknown to delugenet"},
    {"resnet-20:initialiser=he",
     "initialiser is \"he\", expected he-out-normal, he-in-normal or he-out-uniform"},
    {"resnet-20:initialiser=", "initialiser is \"\", expected he-out-normal"},
    {"resnet-20:linear_initialiser=zero",
     "linear_initialiser is \"zero\", expected inputs or "},
    {"sparsenet-40-12:compression=0",
     "compression is \"0\", expected a decimal number above 0"},
    {"sparsenet-40-12:compression=0.000", "compression is"},
    {"sparsenet-40-12:compression=1.01", "compression is"},
    {"sparsenet-40-12:compression=-0.5", "compression is"},
    {"sparsenet-40-12:compression=nan", "compression is"},
    {"sparsenet-40-12:compression=0,5", "compression is \"0\""},
    {"sparsenet-40-12:compression=.", "compression is"},
    {"sparsenet-40-12:compression=0.5.", "compression is"},
    {"sparsenet-40-12:compression=0.1234567890123456", "compression is"},
    {"sparsenet-40-12:dropout=1", "dropout is \"1\", expected a decimal number 0 or more and"},
    {"sparsenet-40-12:\n", "sparsenet-40-12:1:1: there is nothing"},
    {"sparsenet-bc-10-12:compression=0.001", "compression leaves none of the"},
    {"sparsenet-40-12:image=2", "image side 2 leaves nothing of a map behind stage 2"},
    {"sparsenet-40-12:pool_grid=9", "pool_grid is 9, expected at most 8, the side of the last"},
    {"densenet-10000-4096", "stage 1: its features have"},
    {"resnet-21", "depth is 21, expected 8..10000 with (depth - 2) / 6 a whole number"},
    {"preresnet-20x", "depth is \"20x\""},
    {"preresnet-21", "with (depth - 2) / 9 a whole number"},
    {"wrn-16", "width factor is \"\", expected 1..1024"},
    {"wrn-17-2", "with (depth - 4) / 6"},
    {"resnext-29-8x64", "base width is \"64\", expected a number and d behind it"},
    {"resnext-29-8", "base width is \"\""},
    {"resnext-29-0x64d", "cardinality is \"0\""},
    {"resnet-50:stride=2x2", "stride is \"2x2\", expected 1x1 or 3x3"},
    {"resnet-50:n=1+2", "n is \"1+2\", expected one number or 4 joined by +"},
    {"resnet-50:n=0", "n is \"0\", expected 1..10000"},
    {"sparsenet-sum-11:base=3", "stage 1: sources: nobody reads x_0"},
    {"seqresnet-4-k8-n1", "r is \"4\", expected r and a number 1..1024"},
    {"seqresnet-r4-k12-n1", "k is 12, expected a divisor of 16 r = 64"},
    {"seqresnet-r4-k8-n1+2", "n is \"1+2\", expected one number or 3"},
    {"seqresnet-b23", "r is \"b23\""},
    {"seqresnet-r4-k8-n1:window=2", "window is \"2\", expected 0..1"},
    {"seqresnet-b22-4", "r is \"b22\""},
    {"delugenet-147", "with (depth - 2) / 18 a whole number"},
    {"delugenet-146:m=0.01", "m is \"0.01\", expected a decimal number 0.03125..64"},
    {"delugenet-146:n=5000", "stage 3: layers is 15000, expected 1..10000"},
};

START_TEST(what_is_no_model_gets_one_line)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        fg_network network = {.image = 77};
        ck_assert_msg(fg_network_of(&network, bad[i].name) == FG_ERR_ARGUMENT, "\"%s\"",
                      bad[i].name);
        ck_assert_msg(strstr(fg_error_message(), bad[i].message) != NULL, "\"%s\" gets \"%s\"",
                      bad[i].name, fg_error_message());
        ck_assert_msg(strchr(fg_error_message(), '\n') == NULL, "\"%s\"", bad[i].name);
        ck_assert_int_eq(network.image, 77);
    }
}
END_TEST

START_TEST(an_endless_name_still_says_what_is_wrong)
{
    char name[5000];
    fg_network network;

    memset(name, '9', sizeof name);
    memcpy(name, "sparsenet-40-12:classes=", 24);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(fg_network_of(&network, name), FG_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "classes is"));
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "expected 1..1000000"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_name_holds_what_differs_from_the_defaults,
                                  defaults_depend_on_the_family,
                                  a_name_is_its_own_name,
                                  what_is_no_model_gets_one_line,
                                  an_endless_name_still_says_what_is_wrong,
                                  NULL};
    return plan_run("plan/name", tests);
}
